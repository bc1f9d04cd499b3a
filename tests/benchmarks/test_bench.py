"""`make bench` on next to nothing: what it measures means nothing, but it measures."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.rows import Row, percentile, table

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.once
def test_it_measures_on_services_of_its_own_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    kept = tmp_path / "results.json"
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DJANGO_", "PYTEST_", "COV_"))
    }
    asked = ["--scale", "tiny", "--to", str(kept), "--only", "answers", "import"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *asked],
        cwd=ROOT,
        env={**inherited, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    content = json.loads(kept.read_text())
    works = {row["work"]: row for row in content["rows"]}
    assert {"survey answer, GET", "survey answer, POST"} <= works.keys()
    assert "import 50 customers, memory" in works
    for row in works.values():
        assert row["verdict"] in {"ok", "over", "shown"}
        assert row["figure"] > 0
        assert row["work"] in done.stdout
    assert not list(folder.glob("vinculo-*"))


def row(figure: float, floor: float | None, bar: float | None, **more: bool | str) -> Row:
    return Row("work", figure, floor, "ms", bar, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (row(19, 10, 2), "ok"),
        (row(21, 10, 2), "over"),
        (row(6, 10, 0.6, at_least=True), "ok"),
        (row(5, 10, 0.6, at_least=True), "over"),
        (row(9, None, 10), "ok"),
        (row(11, None, 10), "over"),
        (row(99, 10, 2, large_only=True), "shown"),
        (row(99, 10, None), "shown"),
        (row(1, 10, 2, broken="3 requests failed"), "broken"),
    ],
)
def test_a_figure_is_held_to_its_bar(measured: Row, verdict: str) -> None:
    assert measured.verdict == verdict


def test_the_table_is_aligned() -> None:
    lines = table([row(19, 10, 2), row(21.5, None, 2)]).splitlines()
    assert [line.index("≤") for line in lines[1:]] == [lines[0].index("bar")] * 2


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([3, 1, 2, 4], 0.5) == 2
    assert percentile([3, 1, 2, 4], 0.95) == 4
    assert percentile([7], 0.5) == 7
