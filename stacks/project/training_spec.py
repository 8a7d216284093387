"""How new versions of a model are trained, checked and with every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stacks.project.training_shape import AgainstLive, Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a version must reach: `side` says which way the limit is."""

    metric: str
    side: Literal["at_most", "at_least"]
    limit: float
    against_live: AgainstLive


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptsSpec:
    """The files of the three steps, below the folder of the code."""

    process: str
    train: str
    evaluate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSpec:
    """How a model is trained. `data` is an S3 prefix, None for the stack's own bucket."""

    code: Path
    code_digest: str
    """Of names, modes and bytes of everything in the folder."""
    data: str | None
    scripts: ScriptsSpec
    hyperparameters: Mapping[str, str]
    requirements: tuple[Requirement, ...]
    instance_type: str
    volume_gb: int
    timeout_seconds: int
    schedule: str | None
    approval: Approval
    keep_days: int
