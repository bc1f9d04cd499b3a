"""A new SQLite database starts with the tables that all migrations of some day come to."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from staff import first_tables
from tests.services import tables
from tests.services.serving import Installation

pytestmark = [pytest.mark.once, pytest.mark.django_db]

PREPARE = "from staff.installation import prepare_database; assert prepare_database()"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own, to a database that has nothing yet."""
    ours = connections["default"]
    made = type(ours)(ours.settings_dict | {"NAME": str(tmp_path / "vinculo.sqlite3")})
    yield made
    made.close()


def lines(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as database:
        return set(first_tables.written(database).splitlines())


def test_they_are_what_the_migrations_make(tmp_path: Path) -> None:
    """Those that the file doesn't hold yet are applied to it first, as they would be in use."""
    migrated, new = tmp_path / "migrated.sqlite3", Installation(tmp_path / "new")
    tables.lay_out(f"sqlite:///{migrated}")
    new.folder.mkdir()
    with closing(sqlite3.connect(new.folder / "vinculo.sqlite3")) as database:
        database.executescript(first_tables.FILE.read_text())
    if len(lines(new.folder / "vinculo.sqlite3")) < len(lines(migrated)):
        new.manage("migrate", "--verbosity", "0")

    assert lines(new.folder / "vinculo.sqlite3") == lines(migrated)


def test_they_are_laid_out_once(empty: BaseDatabaseWrapper) -> None:
    assert first_tables.lay_out(empty)
    there = empty.introspection.table_names()
    assert {"crm_customer", "surveys_response", "django_migrations"} <= set(there)

    assert not first_tables.lay_out(empty)
    assert empty.introspection.table_names() == there


def test_what_is_there_is_left_alone(empty: BaseDatabaseWrapper) -> None:
    with empty.cursor() as cursor:
        cursor.execute("CREATE TABLE something (id integer)")

    assert not first_tables.lay_out(empty)
    assert empty.introspection.table_names() == ["something"]


def test_half_of_them_are_none(
    empty: BaseDatabaseWrapper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = tmp_path / "torn.sql"
    torn.write_text(first_tables.FILE.read_text()[:2000])
    monkeypatch.setattr(first_tables, "FILE", torn)

    with pytest.raises(sqlite3.OperationalError):
        first_tables.lay_out(empty)
    assert empty.introspection.table_names() == []


def test_a_preparation_that_ended_halfway_is_finished(tmp_path: Path) -> None:
    """Tables but nothing that is made after every migrate: triggers and words come with the next."""
    installation = Installation(tmp_path)
    with closing(sqlite3.connect(tmp_path / "vinculo.sqlite3")) as database:
        database.executescript(first_tables.FILE.read_text())
    installation.manage("shell", "-v0", "-c", PREPARE)

    made = dict(installation.rows("SELECT type, count(*) FROM sqlite_master GROUP BY type"))
    assert made["trigger"] > 50
    assert installation.rows("SELECT count(*) FROM staff_cache") == [(0,)]
