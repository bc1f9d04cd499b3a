"""Whether everything that should be running is: the questions of the health page and `doctor`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff.jobs import JOBS
from staff.models import Heartbeat, Tick

# A process that beats every minute and was silent for three is not there.
SILENCE = timedelta(minutes=3)


@dataclass(frozen=True)
class Finding:
    """`ok` None: nothing wrong, but worth knowing (mail is held, say)."""

    ok: bool | None
    detail: str
    advice: str = ""


@dataclass(frozen=True)
class Check:
    name: str
    label: str | Promise
    look: Callable[[], Finding]


CHECKS: dict[str, Check] = {}


def register(name: str, label: str | Promise, look: Callable[[], Finding]) -> None:
    """Have `look` asked on the health page; it must answer within a few seconds and not raise."""
    CHECKS[name] = Check(name, label, look)


def findings() -> list[tuple[Check, Finding]]:
    return [(check, check.look()) for check in CHECKS.values()]


def database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version"
        )
        version = str(cursor.fetchone()[0]).split()[0]
    return Finding(ok=True, detail=f"{connection.display_name} {version}")


def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if not waiting:
        return Finding(ok=True, detail=_("The tables are up to date."))
    return Finding(
        ok=False,
        detail=_("The tables are older than the program."),
        advice=_("Run “manage.py migrate”, then restart."),
    )


def broker() -> Finding:
    scheme = settings.CELERY_BROKER_URL.split(":")[0]
    try:
        with current_app.connection_for_write() as link:
            link.ensure_connection(max_retries=1, timeout=2)
    except Exception:  # noqa: BLE001 - each transport has errors of its own; any means no
        return Finding(
            ok=False,
            detail=_("The queue (%(kind)s) does not answer.") % {"kind": scheme},
            advice=_("Nothing is lost: waiting work goes on when it is back. Check REDIS_URL."),
        )
    return Finding(ok=True, detail=_("The queue (%(kind)s) answers.") % {"kind": scheme})


def heartbeat(name: str) -> Finding:
    beat = Heartbeat.objects.filter(name=name).first()
    advice = _("Start “manage.py serve”, or the service that runs it.")
    if beat is None:
        return Finding(ok=False, detail=_("It has never been seen."), advice=advice)
    alive = beat.at > timezone.now() - SILENCE
    seconds = max(0, round((timezone.now() - beat.at).total_seconds()))
    detail = (
        _("Alive %(seconds)s seconds ago.") % {"seconds": seconds}
        if alive
        else _("Silent for %(minutes)s minutes.") % {"minutes": seconds // 60}
    )
    return Finding(ok=alive, detail=detail, advice="" if alive else advice)


def mail() -> Finding:
    if settings.EMAIL_URL:
        return Finding(ok=True, detail=_("A mail server is configured."))
    return Finding(
        ok=None,
        detail=_("No mail server is configured: messages are held in the outbox."),
        advice=_("Set EMAIL_URL and restart to have them sent."),
    )


@dataclass(frozen=True)
class JobRun:
    """When a periodic job was last due and sent; `late`: two of its slots went by without it."""

    name: str
    every: timedelta
    last: datetime | None
    late: bool


def job_runs() -> list[JobRun]:
    """Each registered job with its last tick, in one query."""
    latest = Tick.objects.filter(job__in=JOBS).values("job").annotate(last=Max("due_at"))
    ticks = {row["job"]: row["last"] for row in latest}
    now = timezone.now()
    runs = []
    for name, job in sorted(JOBS.items()):
        last = ticks.get(name)
        late = last is None or now - last > 2 * job.every + SILENCE
        runs.append(JobRun(name, job.every, last, late))
    return runs


def register_own() -> None:
    register("database", gettext_lazy("Database"), database)
    register("migrations", gettext_lazy("Tables"), migrations)
    register("broker", gettext_lazy("Queue"), broker)
    register("worker", gettext_lazy("Worker"), lambda: heartbeat("worker"))
    register("scheduler", gettext_lazy("Scheduler"), lambda: heartbeat("scheduler"))
    register("mail", gettext_lazy("Mail"), mail)
