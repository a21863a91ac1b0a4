"""Leases, what is in hand, and the queue's own tables under our words."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_q.models import OrmQ, Schedule, Task

from backoffice.jobs.table import label_of


class Lease(models.Model):
    """Who (`holder`) works on what (`key`) until when; see `jobs.leases`, the only
    writer. Where nobody has renewed it until `expires_at`, the next one takes over."""

    key = models.CharField(_("key"), max_length=100, primary_key=True)
    holder = models.CharField(_("holder"), max_length=64)
    expires_at = models.DateTimeField(_("expires"))
    #: of the holder, as `jobs.processes` knows it
    process = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        verbose_name = _("lease")
        verbose_name_plural = _("leases")
        default_permissions = ()

    def __str__(self) -> str:
        return self.key


class TaskInHand(models.Model):
    """A task that a worker has begun and not ended; written by `jobs.signals`.

    A worker that is killed leaves its row behind: `jobs.recovery` has the task given out
    again, the next delivery counts it up, and `jobs.failures.bury` gives a task up that
    takes its worker with it every time.
    """

    id = models.CharField(primary_key=True, max_length=32)
    name = models.CharField(_("name"), max_length=100)
    func = models.CharField(_("function"), max_length=256)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    deliveries = models.PositiveIntegerField(_("deliveries"), default=1)
    queue_id = models.BigIntegerField(null=True)
    #: of the worker, as `jobs.processes` knows it; blank once it was seen to be gone
    process = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        verbose_name = _("task in hand")
        verbose_name_plural = _("tasks in hand")
        ordering = ["started_at"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class ScheduledJob(Schedule):
    """A recurring job; the table of `backoffice.schedules` is where it is changed."""

    class Meta:
        proxy = True
        verbose_name = _("recurring job")
        verbose_name_plural = _("recurring jobs")
        default_permissions = ()
        permissions = [
            ("view_jobs", _("Can see jobs, queue and failures")),
            ("manage_jobs", _("Can run, retry and dismiss jobs")),
        ]

    def __str__(self) -> str:
        return label_of(self.name)


class QueuedTask(OrmQ):
    """A task that waits for a worker or is in the hands of one."""

    class Meta:
        proxy = True
        verbose_name = _("waiting task")
        verbose_name_plural = _("waiting tasks")
        default_permissions = ()

    @property
    def is_in_hand(self) -> bool:
        """Given out: hidden from other workers until it is done or its time is over."""
        return self.lock is not None and self.lock > timezone.now()


class FailedTaskManager(models.Manager["FailedTask"]):
    def get_queryset(self) -> "models.QuerySet[FailedTask]":
        return super().get_queryset().filter(success=False)


class FailedTask(Task):
    """A task whose last attempt failed."""

    objects = FailedTaskManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = _("failed task")
        verbose_name_plural = _("failed tasks")
        ordering = ["-stopped"]
        default_permissions = ()

    def __str__(self) -> str:
        return label_of(self.group) if self.group else self.func
