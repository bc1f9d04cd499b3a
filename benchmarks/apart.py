"""Work in a process of its own, so that its memory is its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

from benchmarks.scenery import ROOT


def told_by(module: str, path: Path) -> dict[str, float]:
    """What `python -m benchmarks.<module> <path>` prints: JSON."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", path],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def peak() -> float:
    """The most memory that this process has had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
