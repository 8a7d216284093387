"""The shape of section `training` of a model; its rules are in `trainings.py`."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.durations import PATTERN
from stacks.project.part import SCHEDULE, Part
from stacks.project.training_options_shape import METRIC_NAME, SpotFile, TuneFile, VpcFile

SCRIPT = r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\.py$"
METRIC = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"
DATA = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S+$"
CHANNEL = r"^[A-Za-z0-9._-]{1,64}$"
HYPERPARAMETER = r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$"


class Approval(StrEnum):
    """Who approves a trained version for release."""

    MANUALLY = "manually"
    AUTOMATICALLY = "automatically"


class AgainstLive(StrEnum):
    """How a metric must compare with that of the live version on the same data."""

    IGNORED = "ignored"
    NO_WORSE = "no-worse"
    BETTER = "better"


class RequirementFile(Part):
    """What a trained version must reach before it is registered; one of the two limits."""

    metric: Annotated[str, StringConstraints(pattern=METRIC)]
    """Name of a metric that the evaluation writes."""
    at_most: float | None = None
    """The limit of a metric of which less is better."""
    at_least: float | None = None
    """The limit of a metric of which more is better."""
    against_live: Annotated[AgainstLive, Field(strict=False)] = AgainstLive.NO_WORSE
    """How it must compare with the live version on the same data: ignored, no-worse or better."""


class TrainingFile(Part):
    """How new versions of a model are trained: process, train, evaluate, decide, register."""

    code: str
    """Folder with the scripts; all of it is packed and given to each step."""
    data: Annotated[str, StringConstraints(pattern=DATA)] | None = None
    """Where the data is, s3://BUCKET/PREFIX; left out: what 'tidegate train run --data' uploads."""
    process: Annotated[str, StringConstraints(pattern=SCRIPT)] | None = None
    """Script that makes training and test data: --data, --train and --test name folders, as do
    --CHANNEL of an algorithm's other channels. Left out: process.py, or for an algorithm none; the
    data has a folder for each channel then, and test."""
    train: Annotated[str, StringConstraints(pattern=SCRIPT)] | None = None
    """Script that trains, by the contract of SageMaker's framework containers (SM_MODEL_DIR,
    SM_CHANNEL_TRAIN); left out: train.py. An algorithm has none."""
    evaluate: Annotated[str, StringConstraints(pattern=SCRIPT)] = "evaluate.py"
    """Script that measures: --model, --live and --test name folders, --output that of
    evaluation.json. Of an algorithm, --model and --live hold the answers of the two versions."""
    hyperparameters: dict[
        Annotated[str, StringConstraints(pattern=HYPERPARAMETER)],
        Annotated[str, StringConstraints(max_length=2500)] | bool | int | float,
    ] = {}
    """Of the algorithm, checked by its table; or arguments of the training script."""
    channels: dict[Annotated[str, StringConstraints(pattern=CHANNEL)], str] = {}
    """Of an algorithm: its channels with their content types, such as train: text/csv. Left out:
    those that it needs, with its default."""
    request_type: str | None = None
    """Of an algorithm: content type of the requests in test/requests; left out: its default."""
    answer_type: str | None = None
    """Of an algorithm: content type of its answers; left out: its default."""
    metrics: Annotated[
        dict[
            Annotated[str, StringConstraints(pattern=METRIC_NAME)],
            Annotated[str, StringConstraints(min_length=1, max_length=500)],
        ],
        Field(max_length=40),
    ] = {}
    """Metrics of the training script: regular expressions whose first group is the value in a line
    of its log; CloudWatch gets them. An algorithm has its own."""
    tune: TuneFile | None = None
    """Hyperparameter tuning: the best of several training jobs; left out: one job."""
    spot: SpotFile | None = None
    """Trains on spot capacity; left out: on demand."""
    warm_pool: Annotated[str, StringConstraints(pattern=PATTERN)] | None = None
    """How long the training instance is kept for the next job, 60s to 60m, and billed; left out:
    not at all."""
    network_isolation: bool = False
    """Whether training has no network at all."""
    vpc: VpcFile | None = None
    """The network of the jobs; left out: SageMaker's own."""
    most_usd: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    """US dollars that a run may cost at most: jobs are stopped so that it holds; left out: what
    timeout allows."""
    require: Annotated[list[RequirementFile], Field(min_length=1, max_length=10)]
    """What a version must reach before it is registered."""
    instance_type: str = "ml.m5.large"
    """SageMaker instance type of the jobs."""
    volume_gb: Annotated[int, Field(ge=1, le=1024)] = 30
    """Size of each job's volume in GB."""
    timeout: Annotated[str, StringConstraints(pattern=PATTERN)] = "1h"
    """How long each job may run: 60s to 5d."""
    schedule: Annotated[str, StringConstraints(pattern=SCHEDULE)] | None = None
    """When it runs by itself, rate(7 days) or cron(0 6 ? * MON *); left out: on demand."""
    approve: Annotated[Approval, Field(strict=False)] = Approval.MANUALLY
    """manually: a person approves a registered version. automatically: meeting the requirements
    is enough, and the next deploy brings it into the idle slot."""
    keep: Annotated[str, StringConstraints(pattern=PATTERN)] = "30d"
    """How long data between the steps is kept, in whole days; models are kept always."""
