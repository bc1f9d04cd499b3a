"""What must be in place before the site can answer: the schema, the cache table, static files."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from staff import first_tables
from staff.models import Business

# Any number, as long as nothing else on the database uses it as an advisory lock.
MIGRATION_LOCK = 7_264_911


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Hold `name` against the other processes of this machine; the kernel frees it if we die."""
    with (Path(settings.VAR_DIR) / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def one_migration_at_a_time() -> Iterator[None]:
    """Also hold it against other machines, where the database is one that they can share."""
    with one_at_a_time("migrate"):
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def schema_is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def cache_is_missing() -> bool:
    return isinstance(caches["default"], DatabaseCache) and (
        settings.CACHES["default"]["LOCATION"] not in connection.introspection.table_names()
    )


def prepare_database() -> bool:
    """Bring the schema up to the code; two processes that do it at once don't collide.

    Returns whether there was anything to do. The cache's table is the last that is made: without
    it, a preparation ended halfway.
    """
    if not (schema_is_behind() or cache_is_missing()):
        return False
    with one_migration_at_a_time():
        # Who waited finds the work done; both look again.
        first_tables.lay_out(connection)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
    return True


def static_fingerprint() -> str:
    """Changes when any static file of the project or of a library does."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = Path(storage.path(path)).stat()
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def collect_static() -> bool:
    """Gather, name by content and compress the static files, if any changed since the last time."""
    root = Path(settings.STATIC_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    stamp = root / ".collected"
    with one_at_a_time("static"):
        fingerprint = static_fingerprint()
        if stamp.exists() and stamp.read_text() == fingerprint:
            return False
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(fingerprint)
    return True


def business_or_refusal() -> Business:
    """The business, for a command that needs one; CommandError, exit 2, before set-up."""
    try:
        business = Business.current()
    except (OperationalError, ProgrammingError):  # not even the tables are there
        business = None
    if business is None:
        raise CommandError(_("Set the business up first: manage.py setup."), returncode=2)
    return business
