"""The sender as the outbox page shows it: how fast, whether it stands still, how long the queue lasts."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from mail import alarms, gates, messages
from mail.delivery import seconds_per_message
from mail.models import SenderGate

# With fewer than these waiting nobody asks how long it takes.
MANY = 20


@dataclass(frozen=True)
class Shown:
    address: str
    gate: SenderGate | None
    waiting: int
    # Until the queue is empty, at the speed of late; None: nobody asks, or nothing leaves.
    minutes: int | None

    @property
    def why_paused(self) -> str:
        """Blank while it isn't."""
        return alarms.why(self.gate) if self.gate is not None else ""


def shown(waiting: int, *, is_held: bool) -> Shown | None:
    """None while the business has no sender."""
    sender = messages.current_sender()
    if sender is None:
        return None
    gate = gates.gate_of(sender.address)
    is_asked = waiting >= MANY and not is_held and (gate is None or gate.paused_at is None)
    minutes = ceil(waiting * _seconds(gate) / 60) if is_asked else None
    return Shown(sender.address, gate, waiting, minutes)


def _seconds(gate: SenderGate | None) -> float:
    least = 60 / gate.per_minute if gate is not None and gate.per_minute else 0.0
    return max(least, seconds_per_message())
