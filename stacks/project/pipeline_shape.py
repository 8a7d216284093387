"""The shape of section `pipeline` of the project file; its rules are in `pipeline_rules.py`."""

from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.part import ModelName, Part, StageName
from stacks.project.pipelines import Compute, Engine, Execution, FailOn, Mode
from stacks.project.spec import DataOnDestroy
from tidegate.requests import TrafficKind

CONNECTION = r"^arn:aws[a-z-]*:(codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/[a-f0-9-]{1,100}$"  # noqa: E501 - one pattern
REPOSITORY = r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+$"
KEY = r"^[A-Za-z0-9!_.*'()/-]{1,200}\.zip$"
MAIL = r"^[^\s@:/]+@[^\s@:/]+\.[^\s@:/]+$"
ALARM = r"^[A-Za-z0-9._/ -]{1,255}$"
GROUP = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"
RULE = r"^[A-Z]{1,6}[0-9]{1,4}$"
FILE = r"^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$"


class StoredSourceFile(Part):
    """A zip file in a versioned bucket that the pipeline's stack makes: each upload is a change."""

    key: Annotated[str, StringConstraints(pattern=KEY)] = "source.zip"
    """The object that the source is uploaded as."""


class RepositoryFile(Part):
    """A branch of a repository that a connection of AWS CodeConnections reaches."""

    connection: Annotated[str, StringConstraints(pattern=CONNECTION)]
    """ARN of the connection; a person finishes its handshake in the console once."""
    name: Annotated[str, StringConstraints(pattern=REPOSITORY, max_length=256)]
    """Owner and name of the repository."""
    branch: Annotated[str, StringConstraints(min_length=1, max_length=256)] = "main"
    """The branch whose pushes are changes."""


class SourceFile(Part):
    """Where changes come from; one of the two."""

    s3: StoredSourceFile | None = None
    """Uploads of a zip file."""
    repository: RepositoryFile | None = None
    """Pushes to a branch."""


class ToolsFile(Part):
    """Where the pipeline itself lives."""

    region: str
    """Region of the pipeline; its stages are in the same one."""
    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    """AWS account, 12 digits in quotes; left out: whichever account deploys it."""
    data_on_destroy: Annotated[DataOnDestroy, Field(strict=False)] = DataOnDestroy.KEEP
    """Whether logs outlive the pipeline: keep or delete. Its buckets and key always do."""
    log_days: int = 90
    """How many days logs of builds are kept: one of CloudWatch Logs' retentions."""


class StagesFile(Part):
    """The stages that a change goes through, by their names in this file."""

    staging: StageName
    """Where it is released first, under traffic of our own."""
    production: StageName
    """Where it is released to users."""


class TrafficFile(Part):
    """What a model in staging is asked while it is released there."""

    kind: Annotated[TrafficKind, Field(strict=False)] = TrafficKind.SYNTHETIC
    """synthetic: requests of the file at a steady rate. replayed: at the moments they tell."""
    file: str
    """Requests, a JSON document a line: body, and if known expect, user, at."""
    requests_per_minute: Annotated[int, Field(ge=1, le=6_000)] = 60
    """Of kind synthetic: how many requests are sent."""


Files = list[Annotated[str, StringConstraints(pattern=FILE, max_length=200)]]


class ReviewFile(Part):
    """A review of each change's own Python code, beside the checks."""

    engine: Annotated[Engine, Field(strict=False)] = Engine.ANALYSERS
    """analysers: ruff and bandit. codeguru-reviewer: Amazon CodeGuru Reviewer, which makes no new
    associations since 2025-11-07; only for accounts that AWS still lets."""
    fail_on: Annotated[FailOn, Field(strict=False)] = FailOn.HIGH
    """From which severity on findings stop the change: high, medium, low or never."""
    paths: Annotated[Files, Field(max_length=50)] = []
    """Files and folders of the source that are reviewed; left out: all of it."""
    exclude: Annotated[Files, Field(max_length=50)] = []
    """Files and folders that are not, with all that is below them."""
    ignore: Annotated[
        list[Annotated[str, StringConstraints(pattern=RULE)]], Field(max_length=100)
    ] = []
    """Rules whose findings do not count, such as B101."""


class PipelineFile(Part):
    """Continuous integration, delivery or deployment of this project."""

    mode: Annotated[Mode, Field(strict=False)]
    """integration: checks only. delivery: into production after a person's approval. deployment:
    into production by itself."""
    source: SourceFile
    """Where changes come from."""
    stages: StagesFile | None = None
    """Which stages a change goes through; mode integration needs none."""
    tools: ToolsFile | None = None
    """Where the pipeline lives; left out: in account and region of staging."""
    project_file: Annotated[str, StringConstraints(pattern=FILE)] = "tidegate.yaml"
    """Path of this file in the source."""
    traffic: dict[ModelName, TrafficFile] = {}
    """Requests to models in staging, by model; left out: only what others send there."""
    approvers: Annotated[
        list[Annotated[str, StringConstraints(pattern=MAIL, max_length=256)]], Field(max_length=50)
    ] = []
    """Of delivery: e-mail addresses that are told when an approval waits."""
    alarm: Annotated[str, StringConstraints(pattern=ALARM)] | None = None
    """Name of an alarm of production's account that must be OK when production is entered."""
    execution: Annotated[Execution, Field(strict=False)] = Execution.SUPERSEDED
    """superseded: a newer change overtakes one that waits. queued: every change has its turn."""
    compute: Annotated[Compute, Field(strict=False)] = Compute.SMALL
    """How big machines of builds are: small, medium or large, in CodeBuild's words."""
    review: ReviewFile | None = None
    """A review of the code with findings in the build's report; left out: none."""
    model_package_group: Annotated[str, StringConstraints(pattern=GROUP)] | None = None
    """A group of the model registry: an approved package in it starts the pipeline."""
