"""The pipeline as a specification: how a change gets from its source into production."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tidegate.requests import TrafficKind

PIPELINE_STAGE = "pipeline"
"""What synth calls the place of the pipeline itself; no stage may have this name."""


class Mode(StrEnum):
    """How far a change goes by itself."""

    INTEGRATION = "integration"
    DELIVERY = "delivery"
    DEPLOYMENT = "deployment"


class Execution(StrEnum):
    """What becomes of a change that waits when a newer one comes: overtaken, or served in turn."""

    SUPERSEDED = "superseded"
    QUEUED = "queued"


class Compute(StrEnum):
    """How big a build's machine is, in CodeBuild's words."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class FailOn(StrEnum):
    """From which severity on findings of a review fail it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEVER = "never"


class Engine(StrEnum):
    """Who reviews."""

    ANALYSERS = "analysers"
    CODEGURU_REVIEWER = "codeguru-reviewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSpec:
    """What is reviewed of a change's code, by whom, and what fails it."""

    engine: Engine
    fail_on: FailOn
    paths: tuple[str, ...]
    exclude: tuple[str, ...]
    ignore: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSource:
    """The source is a zip file in a bucket of the pipeline's own."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySource:
    """The source is a branch of a repository, reached by a connection."""

    connection: str
    name: str
    branch: str


SourceSpec = StoredSource | RepositorySource


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSpec:
    """What a model in staging is asked while it is released there."""

    kind: TrafficKind
    file: Path
    requests_per_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeSpec:
    """Where the pipeline itself is. No account: whichever one deploys it."""

    region: str
    partition: str
    account: str | None
    keep_data: bool
    log_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSpec:
    """A pipeline. Without `staging` and `production`, which mode `integration` may lack."""

    mode: Mode
    home: HomeSpec
    source: SourceSpec
    project_file: str
    staging: str | None
    production: str | None
    traffic: Mapping[str, TrafficSpec]
    approvers: tuple[str, ...]
    alarm: str | None
    execution: Execution
    compute: Compute
    model_package_group: str | None
    review: ReviewSpec | None = None

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that a change goes through, in order; none in mode `integration`."""
        if self.mode is Mode.INTEGRATION:
            return ()
        return tuple(name for name in (self.staging, self.production) if name is not None)

    def title(self, stage: str) -> str:
        """What the pipeline calls its stage that delivers to a stage of the project."""
        return "Production" if stage == self.production else "Staging"
