"""Every recurring job of the shop, in one table; `sync_schedules` carries it out.

Times are the shop's own (TIME_ZONE). A job that fell due while the shop was down runs
once when it is up again, however often it was missed.
"""

from django.utils.translation import gettext_lazy as _

from backoffice.jobs.table import Job

SCHEDULES = [
    Job(
        name="end_unpaid_orders",
        task="sales.tasks.end_due",
        cron="* * * * *",
        label=_("End orders that were not paid in time"),
    ),
    Job(
        name="ask_payments",
        task="sales.tasks.ask_payments",
        cron="* * * * *",
        label=_("Ask WeChat Pay for payments of which nothing was heard"),
    ),
    Job(
        name="send_refunds",
        task="sales.tasks.send_refunds",
        cron="* * * * *",
        label=_("Send refunds, and ask for those under way"),
    ),
    Job(
        name="fetch_bills",
        task="sales.tasks.fetch_bills",
        cron="20 * * * *",
        label=_("Compare yesterday's bill of WeChat Pay with the books"),
        timeout=280,
    ),
    Job(
        name="complete_orders",
        task="sales.tasks.complete_overdue",
        cron="15 * * * *",
        label=_("Complete orders that were shipped long ago"),
    ),
    Job(
        name="forget_keys",
        task="sales.tasks.forget_keys",
        cron="30 4 * * *",
        label=_("Forget old idempotency keys"),
    ),
    Job(
        name="apply_due_runs",
        task="catalog.tasks.apply_due_runs",
        cron="* * * * *",
        label=_("Apply repricing runs whose time has come, let prices return"),
        timeout=280,
    ),
    Job(
        name="propose_from_costs",
        task="catalog.tasks.propose_from_costs",
        cron="0 6 * * *",
        label=_("Propose prices where costs have moved"),
        timeout=280,
    ),
    Job(
        name="propose_markdown",
        task="catalog.tasks.propose_markdown",
        cron="0 14 * * *",
        label=_("Propose markdowns of what lies"),
        timeout=280,
    ),
    Job(
        name="watch_tasks",
        task="backoffice.jobs.tasks.watch",
        cron="*/5 * * * *",
        label=_("Give up tasks that kill their worker"),
    ),
    Job(
        name="clean_up",
        task="backoffice.jobs.tasks.clean",
        cron="20 4 * * *",
        label=_("Delete what has expired: sessions, cache, old results"),
        timeout=280,
    ),
    Job(
        name="check_levels",
        task="stock.tasks.check_levels",
        cron="* * * * *",
        label=_("Look for goods that are low, sold out or to be ordered"),
        timeout=280,
    ),
    Job(
        name="send_sms",
        task="backoffice.sms.tasks.sweep",
        cron="* * * * *",
        label=_("Send waiting SMS, try failed ones again"),
    ),
    Job(
        name="mask_old_sms",
        task="backoffice.sms.tasks.mask_old",
        cron="50 4 * * *",
        label=_("Mask the numbers of old SMS"),
    ),
    Job(
        name="sweep_tokens",
        task="backoffice.accounts.tasks.sweep_tokens",
        cron="30 4 * * *",
        label=_("Delete what is known of tokens that have expired"),
    ),
    Job(
        name="drop_unused_uploads",
        task="backoffice.accounts.tasks.drop_unused_uploads",
        cron="35 4 * * *",
        label=_("Delete pictures of customers that nothing uses"),
    ),
    Job(
        name="verify_books",
        task="backoffice.books.tasks.verify",
        cron="10 3 * * *",
        label=_("Check that balances are what their ledgers say"),
        timeout=280,
    ),
    Job(
        name="sweep_files",
        task="backoffice.files.tasks.sweep",
        cron="*/10 * * * *",
        label=_("Remove files from the file server that could not be removed"),
        timeout=280,
    ),
    Job(
        name="mend_sheets",
        task="backoffice.sheets.tasks.mend",
        cron="*/10 * * * *",
        label=_("Let go of sheets whose work broke off"),
    ),
    Job(
        name="clean_files",
        task="backoffice.files.tasks.clean",
        cron="0 5 * * *",
        label=_("Delete files that nothing names"),
        timeout=280,
    ),
    Job(
        name="drop_abandoned_sheets",
        task="backoffice.sheets.tasks.drop_abandoned",
        cron="40 4 * * *",
        label=_("Delete sheets that were previewed but never applied"),
    ),
    Job(
        name="drop_unused_pictures",
        task="catalog.tasks.drop_unused_pictures",
        cron="45 4 * * *",
        label=_("Delete pictures of zips that were not imported"),
        timeout=280,
    ),
]
