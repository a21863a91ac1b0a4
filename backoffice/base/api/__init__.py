"""What every call of the storefront's API shares: envelope, errors, paging, strictness.

`create_api` makes the one NinjaAPI (in `backoffice.api`); `door.answer` serves it
without sessions, users and cookies. Apps bring routers whose views return `success(…)`.
"""
