"""What the metrics room keeps: everything else here is computed from other rooms' facts."""

from metrics.models.aims import Annotation, Target
from metrics.models.asked import Asked
from metrics.models.check_ups import (
    CheckUp,
    CheckUpAnswer,
    Objective,
    Training,
    TrainingHours,
)
from metrics.models.expected import ExpectedFit, ExpectedValue
from metrics.models.figures import Engine, Grain, Mark, Snapshot
from metrics.models.pacing import Pace, Waiting
from metrics.models.recomputes import Piece, Recompute, SelfCheck
from metrics.models.watching import Alert, AlertEvent, Digest, DigestReader, Finding

__all__ = [
    "Alert",
    "AlertEvent",
    "Annotation",
    "Asked",
    "CheckUp",
    "CheckUpAnswer",
    "Digest",
    "DigestReader",
    "Engine",
    "ExpectedFit",
    "ExpectedValue",
    "Finding",
    "Grain",
    "Mark",
    "Objective",
    "Pace",
    "Piece",
    "Recompute",
    "SelfCheck",
    "Snapshot",
    "Target",
    "Training",
    "TrainingHours",
    "Waiting",
]
