"""How new versions of a model are trained, checked and with every default filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from stacks.project.training_options_shape import Goal, Scale, TuningStrategy
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
    """The files of the three steps, below the folder of the code; None where there is none."""

    process: str | None
    train: str | None
    evaluate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """A channel of an algorithm: its content type, and how S3 objects are spread over instances."""

    name: str
    content_type: str
    distribution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmSpec:
    """What a built-in algorithm is trained with and asked in; scripts run in another image."""

    name: str
    channels: tuple[ChannelSpec, ...]
    request_type: str
    answer_type: str
    script_images: Mapping[str, str]
    """By region: the image in which scripts run, since an algorithm's runs nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotSpec:
    """Training on spot capacity. `wait_seconds` include those in which the job runs."""

    wait_seconds: int
    checkpoints: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcSpec:
    """The network of jobs."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeSpec:
    """What is tried of a hyperparameter: numbers of a kind, or the listed texts."""

    name: str
    kind: Literal["Integer", "Continuous", "Categorical"]
    least: str = ""
    most: str = ""
    scale: Scale = Scale.AUTO
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningSpec:
    """Hyperparameter tuning."""

    objective: str
    goal: Goal
    ranges: tuple[RangeSpec, ...]
    strategy: TuningStrategy
    most_jobs: int
    parallel: int
    early_stopping: bool


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
    algorithm: AlgorithmSpec | None = None
    """The built-in algorithm that trains; None where a script does."""
    metrics: Mapping[str, str] = field(default_factory=dict)
    """Regular expressions of the script's own metrics, by name."""
    tuning: TuningSpec | None = None
    spot: SpotSpec | None = None
    warm_seconds: int | None = None
    isolated: bool = False
    vpc: VpcSpec | None = None
    most_usd: float | None = None

    @property
    def limited_jobs(self) -> tuple[str, ...]:
        """What the jobs of a run do that have a time limit; a tuned run trains `most_jobs` times.

        The transform jobs by which an algorithm's versions are asked have none.
        """
        trained = 1 if self.tuning is None else self.tuning.most_jobs
        before = () if self.scripts.process is None else ("process",)
        return (*before, *("train",) * trained, "evaluate")
