"""The shape of the project file, as pydantic models: types, names, ranges, and words for editors.

A rule that needs two values, a file or a table is in `rules.py`. The JSON Schema in
docs/reference is generated from here by `python -m stacks.project.schema`.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.batch_shape import BatchFile
from stacks.project.container_shape import ContainerFile
from stacks.project.doors import Authentication, DoorKind
from stacks.project.edge_shape import EdgeFile
from stacks.project.hosting_shape import HostingFile
from stacks.project.marketplace import ALGORITHM, MODEL_PACKAGE
from stacks.project.monitoring_shape import MonitoringFile
from stacks.project.notebook_shape import NotebookFile
from stacks.project.part import (
    ModelName,
    NotebookName,
    Part,
    ProjectName,
    ServiceName,
    StageName,
    Subscriber,
    TargetName,
)
from stacks.project.pipeline_shape import PipelineFile
from stacks.project.release_shape import Duration, Environment, ReleaseFile
from stacks.project.service_shape import ServiceFile
from stacks.project.spec import DataOnDestroy
from stacks.project.training_shape import TrainingFile

LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653)
"""Retentions that CloudWatch Logs takes (PutRetentionPolicy), up to ten years."""

URL = r"^https://[a-zA-Z0-9.-]+(:\d+)?(/[^\s?#]*)?$"
KEYS_URL = r"^(https://[a-zA-Z0-9.-]+|http://127\.0\.0\.1)(:\d+)?/[^\s?#]*$"
"""AWS takes https only; on the embedded cloud an issuer may be a program beside it."""

DOMAIN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
ZONE = r"^Z[A-Z0-9]{1,31}$"

EMAIL = r"^[^\s@:/]+@[^\s@:/]+\.[^\s@:/]+$"
Email = Annotated[str, StringConstraints(pattern=EMAIL, max_length=320)]


class JwtFile(Part):
    """Tokens that the front door takes: signed with RS256, not expired, with these claims."""

    issuer: Annotated[str, StringConstraints(pattern=URL)]
    """Whose tokens: the URL that stands in their claim iss."""
    audience: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    """For whom they are: what stands in their claim aud."""
    jwks: Annotated[str, StringConstraints(pattern=KEYS_URL)] | None = None
    """URL of the issuer's public keys; left out: .well-known/jwks.json below the issuer."""
    claims: dict[
        Annotated[str, StringConstraints(min_length=1, max_length=256)],
        Annotated[
            list[Annotated[str, StringConstraints(min_length=1, max_length=256)]],
            Field(min_length=1, max_length=10),
        ],
    ] = {}
    """Claims that a token must have, with their values; HTTP APIs check scope and scp only."""


class FrontDoorFile(Part):
    """What is before the models: an HTTP API, or load balancers behind DNS records as well."""

    kind: Annotated[DoorKind, Field(strict=False)] = DoorKind.API
    """api: one HTTP API, near $0 while idle. dns: also two tracks, which bill, a model by dns."""
    authentication: Annotated[Authentication, Field(strict=False)] = Authentication.IAM
    """Of the HTTP API: iam (requests signed with AWS credentials) or jwt."""
    jwt: JwtFile | None = None
    """Whose tokens are taken, by the HTTP API if it asks for jwt, and by load balancers always."""
    domain: Annotated[str, StringConstraints(pattern=DOMAIN, max_length=253)] | None = None
    """Of kind dns: the domain under which models get their names, MODEL.DOMAIN."""
    zone_id: Annotated[str, StringConstraints(pattern=ZONE)] | None = None
    """Of kind dns: id of the public hosted zone that the domain is in."""
    requests_per_client: Annotated[int, Field(ge=10, le=2_000_000_000)] = 2_000
    """Of kind dns: requests that one address may send in five minutes; more are refused."""


class OutcomeFilesFile(Part):
    """Late labels from files: what is put into the stage's bucket is credited."""

    keep: Duration = "30d"
    """How long files and their results are kept, in whole days."""


class BudgetFile(Part):
    """What a stage may cost: synth fails beyond it, and AWS tells of it where somebody listens."""

    usd_a_month: Annotated[float, Field(gt=0, le=1_000_000)]
    """US dollars a month that the stage may bill while nobody asks; unknown prices do not count."""
    notify: Annotated[list[Email], Field(max_length=10)] = []
    """E-mail addresses that AWS Budgets tells at 80 % spent and 100 % forecast of the account's
    costs; left out: there is no AWS::Budgets::Budget."""


class StageFile(Part):
    """A stage: one copy of the project in one account and region."""

    region: str
    """AWS region, such as eu-west-1."""
    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    """AWS account, 12 digits in quotes; left out: whichever account deploys."""
    data_on_destroy: Annotated[DataOnDestroy, Field(strict=False)] = DataOnDestroy.KEEP
    """Whether tables, captured data and logs outlive the stage: keep or delete."""
    log_days: int = 90
    """How many days logs are kept: one of CloudWatch Logs' retentions."""
    requests_per_second: Annotated[int, Field(ge=1, le=10_000)] = 500
    """What the HTTP API lets through; twice as many in a burst."""
    alarm_topic: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:.+$")] | None = None
    """ARN of an SNS topic that alarms notify; left out: nobody is notified."""
    front_door: FrontDoorFile = FrontDoorFile()
    notify: Annotated[list[Subscriber], Field(max_length=50)] = []
    """E-mail addresses and https URLs that are told of every change of a release."""
    budget: BudgetFile | None = None
    """What the stage may bill a month; left out: whatever it does."""
    outcome_files: OutcomeFilesFile | None = None
    """A bucket whose files of outcomes are credited; left out: there is none."""
    profiling: bool = False
    """Whether the functions of the stage run under the agent of Amazon CodeGuru Profiler."""


class CaptureFile(Part):
    """Data capture: a share of requests is written to a bucket of the model's own."""

    percent: Annotated[int, Field(ge=0, le=100)]
    """Share of requests whose input and output are kept; 0 keeps none."""
    keep: Duration = "30d"
    """How long they are kept, in whole days."""


class AlarmsFile(Part):
    """Limits of each slot's alarms. They are for people; a release is judged by its guardrails."""

    server_errors_percent: Annotated[float, Field(gt=0, le=100)] = 5.0
    """Share of requests that the model may fail (5xx), over five minutes."""
    client_errors_percent: Annotated[float, Field(gt=0, le=100)] = 20.0
    """Share of requests that may be refused as malformed (4xx), over five minutes."""
    latency: Annotated[str, StringConstraints(pattern=r"^\d{1,6}ms$")] = "1000ms"
    """Model latency that nine of ten requests must stay under."""


class ModelFile(Part):
    """A model: a container, an artifact, what it runs on, how it is released.

    It has hosting, or batch, or both.
    """

    framework: str | None = None
    """A framework whose SageMaker container serves the model, such as scikit-learn."""
    framework_version: str | None = None
    """Version of the framework's container, in quotes, such as "1.4-2"."""
    algorithm: str | None = None
    """A built-in algorithm of SageMaker that trains and serves the model, such as xgboost."""
    algorithm_version: str | None = None
    """Version of the algorithm's container, in quotes, such as "3.2-0"."""
    image: str | None = None
    """URI of an own container image in ECR, instead of a framework or an algorithm."""
    artifact: str | None = None
    """A directory, a .tar.gz, or s3://bucket/key?versionId=...; paths start at the project file.
    Left out, where algorithm and training are given: hosted once a trained version is approved."""
    target_models: Annotated[dict[TargetName, str], Field(min_length=1, max_length=100)] | None = (
        None
    )
    """Several models behind one endpoint, instead of artifact: name to a directory or .tar.gz on
    this machine. A request names one; all of them are one version."""
    code: str | None = None
    """Of target_models with a framework: a directory with the program that answers for all."""
    retired_models: list[TargetName] = []
    """Names that earlier versions have in target_models and that are meant to end."""
    entry_point: str | None = None
    """File under the artifact's code/ (of target_models: in code) that the framework's container
    loads: inference.py."""
    label: str | None = None
    """Name of the version for people; left out: the name of the artifact."""
    environment: Environment = {}
    """Environment variables of the container; they are part of the version."""
    model_package: Annotated[str, StringConstraints(pattern=MODEL_PACKAGE)] | None = None
    """ARN of a model package of AWS Marketplace that the account is subscribed to, instead of a
    framework or an image and an artifact."""
    algorithm_arn: Annotated[str, StringConstraints(pattern=ALGORITHM)] | None = None
    """ARN of an algorithm of AWS Marketplace that the account is subscribed to, instead of a
    framework or an image: artifact is what a training job of it made."""
    containers: list[ContainerFile] | None = None
    """An inference pipeline, instead of the keys above but label: 2 to 15 containers in a row."""
    hosting: HostingFile | None = None
    """What serves it online; left out: nothing does, and it has a batch."""
    batch: BatchFile | None = None
    """Offline inference over whole data sets; left out: none."""
    data_capture: CaptureFile = CaptureFile(percent=0)
    alarms: AlarmsFile = AlarmsFile()
    release: ReleaseFile = ReleaseFile()
    training: TrainingFile | None = None
    """How new versions are trained; an approved one is what the next deploy puts into the idle
    slot, instead of artifact."""
    monitoring: MonitoringFile | None = None
    """Watches captured traffic for drift; left out: nobody does."""


class ProjectFile(Part):
    """A Tidegate project."""

    project: ProjectName
    """Short name, the beginning of every name that the project creates."""
    stages: Annotated[dict[StageName, StageFile], Field(min_length=1)]
    """Copies of the project by name; the first one is the default."""
    models: dict[ModelName, ModelFile] = {}
    """Models by name; a project has models, AI services or edge fleets."""
    services: Annotated[dict[ServiceName, ServiceFile], Field(max_length=50)] = {}
    """AI services by name, each a stack of its own with routes below /ai/NAME/."""
    notebooks: Annotated[dict[NotebookName, NotebookFile], Field(max_length=20)] = {}
    """SageMaker notebook instances by name, in one stack of the stage."""
    edge: Annotated[dict[ServiceName, EdgeFile], Field(max_length=20)] = {}
    """Fleets of Greengrass core devices by name, each a stack of its own, released by rings."""
    pipeline: PipelineFile | None = None
    """How changes get from their source into production; left out: by hand."""


SECTIONS: tuple[tuple[str, type[Part]], ...] = (
    ("hosting", HostingFile),
    ("data_capture", CaptureFile),
    ("alarms", AlarmsFile),
    ("release", ReleaseFile),
)
"""Sections of a model, each checked by itself: faults in one hide none in another."""
