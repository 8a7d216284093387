"""The specification: what the project file says, checked, with every default filled in.

Stacks read nothing else. These values know no YAML, no lines and no CDK.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from stacks.project.artifact_spec import Artifact, Awaited
from stacks.project.doors import DoorSpec
from stacks.project.monitoring_spec import MonitoringSpec
from stacks.project.notebook_spec import NotebookSpec
from stacks.project.pipelines import PipelineSpec
from stacks.project.tables import MachineImage
from stacks.project.training_spec import TrainingSpec
from tidegate.fleet import Hosting
from tidegate.plan import ReleasePlan
from tidegate.strategies import Mechanism, Strategy

if TYPE_CHECKING:
    from stacks.project.batches import BatchModelSpec
    from stacks.project.edge_spec import EdgeSpec


class DataOnDestroy(StrEnum):
    """What happens to tables, buckets and logs when a stage is destroyed."""

    KEEP = "keep"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSpec:
    """What a stage may bill a month while idle, and whom AWS Budgets tells (nobody: no budget)."""

    usd_a_month: float
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSpec:
    """Where and how one copy of the project runs. No account: whichever one deploys."""

    name: str
    region: str
    partition: str
    account: str | None = None
    data_on_destroy: DataOnDestroy = DataOnDestroy.KEEP
    log_days: int = 90
    requests_per_second: int = 500
    alarm_topic: str | None = None
    notify: tuple[str, ...] = ()
    """Who is told of every change of a release: e-mail addresses and https URLs."""
    outcome_files_days: int | None = None
    """How long files of outcomes are kept; None where none are taken."""
    door: DoorSpec = field(default_factory=DoorSpec)
    budget: BudgetSpec | None = None
    profiling: str | None = None
    """The name of the group that functions are profiled in; None where they are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """A container of an inference pipeline after the first; `images` has its URI by region."""

    images: Mapping[str, str]
    artifact: Artifact
    environment: Mapping[str, str]


class Trained(Protocol):
    """What makes a version, of a model that is hosted or has a batch; `images` are by region."""

    @property
    def label(self) -> str:
        """Its name for people."""
        ...

    @property
    def images(self) -> Mapping[str, str]:
        """The container's URI by region."""
        ...

    @property
    def artifact(self) -> Artifact:
        """What was trained."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """The container's environment."""
        ...

    @property
    def then(self) -> tuple[ContainerSpec, ...]:
        """The containers after it, of an inference pipeline."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingSpec:
    """The instances of each slot. Autoscaling works when `instances_max` is above the minimum."""

    instance_type: str
    instances_min: int
    instances_max: int
    invocations_per_minute: int
    """Requests a minute and instance that autoscaling aims at."""
    start_seconds: int
    """How long a container may take until it answers `/ping`."""
    volume_key: str | None = None
    asynchronous: "AsynchronousSpec | None" = None
    """How it answers later; None where it answers at once."""

    @property
    def kind(self) -> Hosting:
        """Whether requests are answered at once or later."""
        return Hosting.INSTANCES if self.asynchronous is None else Hosting.ASYNCHRONOUS

    @property
    def autoscales(self) -> bool:
        """Whether instances follow the load."""
        return self.instances_max > self.instances_min


@dataclass(frozen=True, slots=True, kw_only=True)
class AsynchronousSpec:
    """Requests wait in a queue. SageMaker chooses `max_concurrency` where it is None."""

    max_concurrency: int | None
    waiting_seconds: int
    processing_seconds: int
    backlog_per_instance: int
    keep_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerlessSpec:
    """A serverless endpoint. None is provisioned where `provisioned_concurrency` is None."""

    memory_mb: int
    max_concurrency: int
    provisioned_concurrency: int | None
    start_seconds: int
    """What is reckoned for the start of its first process."""
    kind: ClassVar[Hosting] = Hosting.SERVERLESS

    @property
    def autoscales(self) -> bool:
        """SageMaker starts processes by itself, and no scalable target is attached."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ec2Spec:
    """A fleet of EC2 instances: so many in each slot, of one type and image."""

    instance_type: str
    image: MachineImage
    instances: int
    spot: bool
    volume_gb: int
    start_seconds: int
    """From the launch until the model answers."""
    idle_seconds: int | None = None
    """After how long without a request all instances stop; None where they never do."""
    kind: ClassVar[Hosting] = Hosting.FLEET

    @property
    def autoscales(self) -> bool:
        """The number of instances is fixed."""
        return False


Hosted = HostingSpec | ServerlessSpec | Ec2Spec
"""What a model runs on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSpec:
    """Share of requests whose input and output are kept, and for how many days; 0 captures none."""

    percent: int
    keep_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsSpec:
    """Limits of the alarms of each slot, for people: the judge of a release does not read them."""

    server_errors_percent: float
    client_errors_percent: float
    latency_milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengerSpec:
    """A version that an A/B test compares: its artifact, and the whole of its environment."""

    label: str
    artifact: Artifact
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model: the version to deploy, how it is hosted and how it is released.

    `images` has the container's URI by region.
    """

    name: str
    label: str
    images: Mapping[str, str]
    artifact: Artifact
    environment: Mapping[str, str]
    hosting: Hosted
    capture: CaptureSpec
    alarms: AlarmsSpec
    plan: ReleasePlan = field(default_factory=ReleasePlan)
    challengers: tuple[ChallengerSpec, ...] = ()
    """Of an A/B test: the versions that are tested against the live one, or against this one."""
    following: ReleasePlan | None = None
    """How a version is released that has passed its shadow; None where `plan` is all there is."""
    training: TrainingSpec | None = None
    """How new versions are trained; None where they come from elsewhere."""
    monitoring: MonitoringSpec | None = None
    """The monitor of its captured traffic; None where there is none."""
    then: tuple[ContainerSpec, ...] = ()
    """Of an inference pipeline: the containers after the one that the model itself is."""

    @property
    def awaited(self) -> bool:
        """Whether it is hosted only when a trained version of it is approved."""
        return isinstance(self.artifact, Awaited)

    @property
    def behind_dns(self) -> bool:
        """Whether records lead to the model's two tracks."""
        return self.plan.mechanism is Mechanism.DNS

    @property
    def asynchronous(self) -> AsynchronousSpec | None:
        """How the model answers later; None where it answers at once."""
        return self.hosting.asynchronous if isinstance(self.hosting, HostingSpec) else None

    @property
    def rolls_instances(self) -> bool:
        """Whether instances of one group are replaced, a batch a step."""
        return isinstance(self.hosting, Ec2Spec) and self.plan.strategy is Strategy.ROLLING

    @property
    def has_tracks(self) -> bool:
        """Whether the model has two tracks, each with an endpoint of its own."""
        return self.behind_dns or self.asynchronous is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceArmSpec:
    """Settings that an A/B test of a service compares, and their name for people."""

    label: str
    settings: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReleaseSpec:
    """How settings of a service are released."""

    plan: ReleasePlan
    challengers: tuple[ServiceArmSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """An AI service: its kind, and the kind's settings with all defaults filled in.

    Where the project file names a file, the settings have its text.
    """

    name: str
    kind: str
    settings: Any
    requests_per_minute: int
    keep_days: int
    label: str = ""
    release: ServiceReleaseSpec | None = None
    """How new settings become live; None: at once, by the deploy."""
    outcomes_of: str | None = None
    """The model whose outcomes the service comes to know; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSpec:
    """Everything a project file says. `models` are those that are hosted.

    `batches` are those with a batch, hosted or not.
    """

    name: str
    stages: Mapping[str, StageSpec]
    models: Mapping[str, ModelSpec]
    pipeline: PipelineSpec | None = None
    batches: Mapping[str, "BatchModelSpec"] = field(default_factory=dict)
    services: Mapping[str, ServiceSpec] = field(default_factory=dict)
    notebooks: Mapping[str, NotebookSpec] = field(default_factory=dict)
    unborn: Mapping[str, ModelSpec] = field(default_factory=dict)
    """Models to be hosted as soon as a trained version of them is approved; until then, trained."""

    @property
    def trained(self) -> Mapping[str, ModelSpec]:
        """The models that are trained, hosted yet or not, in the order of their names."""
        every = {**self.models, **self.unborn}
        return {name: every[name] for name in sorted(every) if every[name].training is not None}

    edge: Mapping[str, "EdgeSpec"] = field(default_factory=dict)

    @property
    def releases(self) -> bool:
        """Whether there is anything to release: AI services alone need no release loop."""
        judged = any(service.release is not None for service in self.services.values())
        versions = bool(self.models or self.batches or self.unborn or self.edge)
        return versions or self.pipeline is not None or judged
