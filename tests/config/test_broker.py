"""Messages as files: whole, in order, each taken once."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from config.broker import Channel


def connection(folder: Path) -> Connection:
    options = {"data_folder_in": str(folder), "data_folder_out": str(folder)}
    return Connection(
        "filesystem://localhost/", transport="config.broker:Transport", transport_options=options
    )


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    with connection(tmp_path) as opened:
        yield opened.channel()


def take_all(folder: str, into: "multiprocessing.Queue[list[int]]") -> None:
    with connection(Path(folder)) as opened:
        channel = opened.channel()
        taken: list[int] = []
        while True:
            try:
                taken.append(channel._get("mail")["n"])
            except Empty:
                break
    into.put(taken)


def test_oldest_first_and_each_queue_its_own(channel: Channel) -> None:
    for n in range(3):
        channel._put("mail", {"n": n})
    channel._put("default", {"n": 9})

    assert [channel._get("mail")["n"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("mail")
    assert channel._size("default") == 1


def test_what_is_half_written_is_not_seen(channel: Channel, tmp_path: Path) -> None:
    (tmp_path / ".1_x.mail.msg.draft").write_text('{"n": ')
    with pytest.raises(Empty):
        channel._get("mail")


def test_what_is_no_message_is_thrown_away(
    channel: Channel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "00_torn.mail.msg").write_text('{"n": ')
    channel._put("mail", {"n": 1})

    assert channel._get("mail") == {"n": 1}
    assert "Threw away 00_torn.mail.msg" in caplog.text


def test_processes_that_race_take_each_message_once(channel: Channel, tmp_path: Path) -> None:
    for n in range(400):
        channel._put("mail", {"n": n})
    spawn = multiprocessing.get_context("spawn")
    into: multiprocessing.Queue[list[int]] = spawn.Queue()
    racers = [spawn.Process(target=take_all, args=(str(tmp_path), into)) for _ in range(3)]
    for racer in racers:
        racer.start()
    taken = [into.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join()

    assert sorted(n for one in taken for n in one) == list(range(400))
    assert list(tmp_path.iterdir()) == []
