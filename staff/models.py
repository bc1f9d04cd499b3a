"""The business, its people, and the mechanisms that every room stands on."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from staff.access import Role
from staff.prepared import Prepared


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("%(value)s is not a time zone."), params={"value": value})


def all_languages() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]


class Business(models.Model):
    """The one business that this installation serves; its row exists once set-up is done."""

    name = models.CharField(_("name"), max_length=120)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[validate_time_zone])
    currency = models.CharField(
        _("currency"), max_length=3, validators=[RegexValidator(r"^[A-Z]{3}$")]
    )
    languages = models.JSONField(_("languages"), default=all_languages)
    language = models.CharField(_("main language"), max_length=8, choices=settings.LANGUAGES)
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default="#0f6b62",
        validators=[RegexValidator(r"^#[0-9a-f]{6}$")],
    )
    email = models.EmailField(_("sender address"), blank=True)
    postal_address = models.CharField(_("postal address"), max_length=250, blank=True)
    logo = models.ForeignKey(
        "staff.StoredFile",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    # Nobody is asked anything twice within so many days, whichever the survey.
    survey_pause_days = models.PositiveSmallIntegerField(_("days between two surveys"), default=30)
    # Nobody gets two messages of outreach within so many days.
    outreach_pause_days = models.PositiveSmallIntegerField(
        _("days between two messages"), default=14
    )
    set_up_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("business")
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(pk=1), name="staff_one_business")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @classmethod
    def current(cls) -> Business | None:
        """The business, or None before set-up; within a request that which it carries."""
        return OF_REQUEST.get() or _CURRENT.first()


_CURRENT = Prepared(lambda _value: Business.objects.filter(pk=1))
# That of the request at hand, so that it is read once however many need it (staff.middleware).
OF_REQUEST: ContextVar[Business | None] = ContextVar("business_of_request", default=None)


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())

    def create_user(self, *, email: str, password: str | None, role: Role, **fields: Any) -> User:
        """Create a person who may sign in; a `None` password means that none is set yet."""
        user = self.model(email=email.lower(), role=role, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Someone who works at the business. The e-mail, in lower case, is the name to sign in with."""

    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    role = models.PositiveSmallIntegerField(_("role"), choices=Role.choices, default=Role.AGENT)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering: ClassVar = ["name", "email"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="staff_user_email_lower"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="staff_user_role"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def has_role(self, role: Role) -> bool:
        return self.is_active and self.role >= role

    # Libraries ask these; permissions here are roles (staff.access).
    is_staff = False
    is_superuser = False

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class StoredFile(models.Model):
    """A file by its content: on disk (or in the store) before this row commits."""

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def path(self) -> str:
        """Its name in the default storage: two levels of folders keep listings short."""
        return f"{self.sha256[:2]}/{self.sha256[2:4]}/{self.sha256}"


class AuditEntry(models.Model):
    """Who changed what from what to what. Append-only."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    action = models.CharField(max_length=60)
    # "crm.customer" and its key: a plain pair, so that the entry outlives what it tells of.
    target_model = models.CharField(max_length=60)
    target_id = models.BigIntegerField()
    # {"field": [before, after]} in JSON's own types.
    changes = models.JSONField(default=dict)
    # Taken together with others in one stroke (an import, a bulk edit).
    change_set = models.ForeignKey(
        "staff.ChangeSet",
        on_delete=models.SET_NULL,
        null=True,
        related_name="audit_entries",
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["target_model", "target_id", "-at", "-id"],
                name="staff_audit_target",
            ),
            models.Index(fields=["-at", "-id"], name="staff_audit_at"),
            models.Index(fields=["action", "-at", "-id"], name="staff_audit_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_model} {self.target_id}"


class ChangeSet(models.Model):
    """Many changes made in one stroke, to be taken back as one: an import, a bulk edit, a merge."""

    kind = models.CharField(max_length=40)
    label = models.CharField(max_length=250)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    # Facts of the stroke itself, for its page: counts, file name, mapping.
    facts = models.JSONField(default=dict)
    # The last change that a revert has dealt with, going down: a killed revert goes on from here.
    revert_cursor = models.BigIntegerField(null=True)
    reverted_at = models.DateTimeField(null=True)
    reverted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return self.label


class Change(models.Model):
    """One row's before and after within a change set."""

    class Operation(models.TextChoices):
        CREATED = "created", _("created")
        UPDATED = "updated", _("updated")
        DELETED = "deleted", _("deleted")

    class LeftAlone(models.TextChoices):
        CHANGED = "changed", _("changed since")
        GONE = "gone", _("no longer there")
        IN_USE = "in_use", _("other records point to it")
        BLOCKED = "blocked", _("it clashes with a newer record")

    # The index below serves the key as well, and the database does not look its set up for each of
    # the millions of rows that an import writes: whoever writes them has just opened it.
    change_set = models.ForeignKey(
        ChangeSet,
        on_delete=models.CASCADE,
        related_name="changes",
        db_index=False,
        db_constraint=False,
    )
    model = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    operation = models.CharField(max_length=8, choices=Operation.choices)
    # Column values in JSON's own types; only the columns that changed when updated.
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    # Why a revert did not touch the row; blank: it did, or there was none.
    left_alone = models.CharField(max_length=8, choices=LeftAlone.choices, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["change_set", "id"], name="staff_change_order")]

    def __str__(self) -> str:
        return f"{self.operation} {self.model} {self.object_id}"


class Export(models.Model):
    """A list on its way into a file; the row is the queue (staff.exports)."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("work", "waiting")
        RUNNING = "running", pgettext_lazy("work", "running")
        DONE = "done", pgettext_lazy("work", "done")
        CANCELLED = "cancelled", pgettext_lazy("work", "cancelled")
        FAILED = "failed", pgettext_lazy("work", "failed")

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    # What staff.exports knows the list by, its filters as in the address, its columns in order.
    what = models.CharField(max_length=40)
    query = models.TextField(blank=True)
    columns = models.JSONField(default=list)
    format = models.CharField(max_length=4, choices=Format.choices)
    # In whose language and with whose permissions it is written.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    rows_total = models.PositiveIntegerField(null=True, blank=True)
    rows_done = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    # After this the file is deleted: what is exported is nobody's to keep here.
    expires_at = models.DateTimeField(null=True, blank=True)
    file_name = models.CharField(max_length=150, blank=True)
    file = models.ForeignKey(
        StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    problem = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["by", "-created_at", "-id"], name="staff_export_mine"),
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="staff_export_at_work",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.pk}"


class Tick(models.Model):
    """One run of a periodic job. Unique on (job, due_at): two schedulers start it once."""

    job = models.CharField(max_length=60)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "due_at"], name="staff_tick_once")
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.due_at:%Y-%m-%d %H:%M:%S}"


class Heartbeat(models.Model):
    """When each kind of process was last alive."""

    name = models.CharField(max_length=40, unique=True)  # worker, scheduler
    at = models.DateTimeField()
    detail = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return self.name


class Lease(models.Model):
    """At most one holder at a time of a named piece of work; expires when its holder dies."""

    name = models.CharField(max_length=80, unique=True)
    holder = models.CharField(max_length=80, blank=True)
    until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
