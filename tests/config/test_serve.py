"""`manage.py serve`: the real processes, on both pairs of database and broker."""

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.services.serving import Installation, Serving, eventually, serving

pytestmark = pytest.mark.once

BEAT = ("shell", "-v0", "-c", "from staff.tasks import beat; beat.delay()")
SETUP = (
    *("setup", "--business", "Padaria Aurora", "--time-zone", "America/Sao_Paulo"),
    *("--currency", "BRL", "--language", "pt-br"),
    *("--owner", "olga@padaria-aurora.example", "--password-stdin"),
)


@pytest.fixture
def embedded(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture
def grown(tmp_path: Path, postgresql_url: str, valkey_url: str) -> Installation:
    return Installation(tmp_path, database_url=postgresql_url, redis_url=valkey_url)


@pytest.fixture(params=["embedded", "grown"])
def installation(request: pytest.FixtureRequest) -> Installation:
    """Without tables, which `serve` makes; on PostgreSQL two make them at once below."""
    chosen: Installation = request.getfixturevalue(request.param)
    if request.param == "grown":
        chosen.prepare()
    return chosen


def worker_beat(installation: Installation) -> object:
    """When the worker last showed that it is alive; None if never."""
    rows = installation.rows("SELECT at FROM staff_heartbeat WHERE name = 'worker'")
    return rows[0][0] if rows else None


def wait_for_worker(installation: Installation, *, since: object = None) -> None:
    """Until a beat that the scheduler or a test sent was run, after the one of `since`."""
    eventually(
        lambda: worker_beat(installation) not in {None, since}, within=120, what="the worker's beat"
    )


def gone(family: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family)


def test_tasks_run_a_killed_worker_comes_back_and_one_signal_ends_all(
    installation: Installation,
) -> None:
    with serving(installation) as running:
        installation.manage(*SETUP, stdin="correct horse battery staple\n")
        assert running.get("/readyz") == (
            200,
            '{"database": true, "cache": true, "broker": true}',
        )
        status, page = running.get("/accounts/login/")
        assert (status, "Padaria Aurora" in page) == (200, True)
        # The scheduler sent a task and the worker ran it.
        wait_for_worker(installation)

        kill_worker_and_see_it_come_back(running)
        before = worker_beat(installation)
        installation.manage(*BEAT)
        wait_for_worker(installation, since=before)

        family = running.family()
        assert len(family) >= 7, "web, worker and scheduler with their children"
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(60) == 0
        assert gone(family)
    assert "Traceback" not in running.log.read_text()


def kill_worker_and_see_it_come_back(running: Serving) -> None:
    worker = running.leader("celery")
    orphans = worker.children()
    worker.kill()
    eventually(lambda: not psutil.pid_exists(worker.pid) or gone([worker]))
    eventually(lambda: running.leaders("celery"), what="another worker")
    assert gone(orphans), "children of the killed worker live on"
    assert "worker ended (SIGKILL); starting it again." in running.log.read_text()


def test_nothing_is_left_when_serve_itself_is_killed(embedded: Installation) -> None:
    embedded.prepare()
    with serving(embedded) as running:
        wait_for_worker(embedded)
        family = running.family()
        running.process.kill()
        running.process.wait()
        eventually(lambda: gone(family), within=60, what="the end of the children")


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, Serving]]:
    """A set-up business that is served, for the tests that kill nothing."""
    installation = Installation(tmp_path_factory.mktemp("calm"))
    installation.prepare()
    with serving(installation) as running:
        installation.manage(*SETUP, stdin="correct horse battery staple\n")
        wait_for_worker(installation)
        yield installation, running


def test_the_whole_fits_into_a_small_machine(calm: tuple[Installation, Serving]) -> None:
    _, running = calm
    for _ in range(10):
        assert running.get("/accounts/login/")[0] == 200
    assert running.memory() / 2**20 <= 450
    for web in running.leader("gunicorn").children():
        assert web.memory_full_info().pss / 2**20 <= 130


def test_static_files_are_named_by_their_content(calm: tuple[Installation, Serving]) -> None:
    _, running = calm
    page = running.get("/accounts/login/")[1]
    sheets = [part for part in page.split('"') if part.startswith("/static/") and ".css" in part]
    assert sheets
    for address in sheets:
        assert running.get(address)[0] == 200
        assert re.search(r"\.[0-9a-f]{12}\.css$", address)


def test_a_message_that_is_no_message_stops_nobody(calm: tuple[Installation, Serving]) -> None:
    installation, running = calm
    before = worker_beat(installation)
    (installation.folder / "broker" / "00_torn.default.msg").write_text('{"body": ')
    installation.manage(*BEAT)
    wait_for_worker(installation, since=before)

    assert "Threw away 00_torn.default.msg" in running.log.read_text()
    assert "ended" not in running.log.read_text()


def test_a_port_that_is_taken_is_refused_in_one_sentence(embedded: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with pytest.raises(AssertionError, match=f"Port {port} can't be used"):
            embedded.manage("serve", "--port", port)


def test_two_that_prepare_one_database_at_once_do_not_collide(grown: Installation) -> None:
    with serving(grown) as first, serving(grown) as second:
        assert first.get("/readyz")[0] == second.get("/readyz")[0] == 200


def test_the_key_is_made_once_and_only_its_owner_can_read_it(embedded: Installation) -> None:
    embedded.manage("check")
    key = embedded.folder / "secret_key"
    made = key.read_text()
    embedded.manage("check")

    assert len(made) > 50
    assert key.read_text() == made
    assert key.stat().st_mode & 0o777 == 0o600
