"""The shape of how training jobs run: spot, warm pools, networks, tuning; rules are elsewhere."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.durations import PATTERN
from stacks.project.part import Part

SUBNET = r"^subnet-[0-9a-f]{8,17}$"
SECURITY_GROUP = r"^sg-[0-9a-f]{8,17}$"
TUNED = r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$"
METRIC_NAME = r"^.{1,255}$"


class TuningStrategy(StrEnum):
    """How a tuning job chooses values, spelled as the API does."""

    BAYESIAN = "Bayesian"
    RANDOM = "Random"
    HYPERBAND = "Hyperband"
    GRID = "Grid"


class Goal(StrEnum):
    """Which way a metric is better, spelled as the API does."""

    MAXIMIZE = "Maximize"
    MINIMIZE = "Minimize"


class Scale(StrEnum):
    """How the values of a range are spread, spelled as the API does."""

    AUTO = "Auto"
    LINEAR = "Linear"
    LOGARITHMIC = "Logarithmic"
    REVERSE_LOGARITHMIC = "ReverseLogarithmic"


class SpotFile(Part):
    """Training on spot capacity: cheaper, interrupted, gone on with from a checkpoint."""

    wait: Annotated[str, StringConstraints(pattern=PATTERN)]
    """How long a job may take in all, waiting for capacity included: at least timeout."""
    checkpoints: bool = True
    """Whether what the script leaves in /opt/ml/checkpoints is kept in S3, and given back to it
    when the job goes on; false: an interrupted job begins anew."""


class VpcFile(Part):
    """The network of the jobs."""

    subnets: Annotated[
        list[Annotated[str, StringConstraints(pattern=SUBNET)]], Field(min_length=1, max_length=16)
    ]
    """Ids of subnets; they need a way to S3, such as a gateway endpoint."""
    security_groups: Annotated[
        list[Annotated[str, StringConstraints(pattern=SECURITY_GROUP)]],
        Field(min_length=1, max_length=5),
    ]
    """Ids of security groups."""


class RangeFile(Part):
    """The values that tuning tries of one hyperparameter: numbers between two, or a list."""

    least: float | None = None
    """The smallest number; whole numbers at both ends mean an integer."""
    most: float | None = None
    """The largest number."""
    scale: Annotated[Scale, Field(strict=False)] = Scale.AUTO
    """How numbers are spread: Auto, Linear, Logarithmic or ReverseLogarithmic."""
    values: Annotated[
        list[Annotated[str, StringConstraints(max_length=256)]], Field(max_length=30)
    ] = []
    """The texts to choose from, instead of least and most."""
    kind: Annotated[str, StringConstraints(pattern=r"^(integer|continuous)$")] | None = None
    """integer or continuous; left out: as the algorithm says, or by how least and most are."""


class TuneFile(Part):
    """Several training jobs with other hyperparameters; the best one is evaluated."""

    objective: Annotated[str, StringConstraints(pattern=METRIC_NAME)]
    """The metric to aim at: one of the algorithm, or one of metrics."""
    goal: Annotated[Goal, Field(strict=False)] | None = None
    """Maximize or Minimize; an algorithm's metrics say it themselves."""
    ranges: Annotated[
        dict[Annotated[str, StringConstraints(pattern=TUNED)], RangeFile],
        Field(min_length=1, max_length=30),
    ]
    """What is tried of each hyperparameter."""
    strategy: Annotated[TuningStrategy, Field(strict=False)] = TuningStrategy.BAYESIAN
    """Bayesian, Random, Hyperband or Grid (lists of values only)."""
    most_jobs: Annotated[int, Field(ge=1, le=750)] = 10
    """Training jobs in all."""
    parallel: Annotated[int, Field(ge=1, le=100)] = 2
    """Training jobs at once."""
    early_stopping: bool = False
    """Whether jobs end early that will hardly become the best."""
