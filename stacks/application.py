"""The stacks of one stage of a project, wired together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import App, Stack

from stacks.access_stack import AccessProps, AccessStack
from stacks.ai_stack import AiProps, AiStack
from stacks.assets import AssetShelf
from stacks.batch_stack import BatchProps, BatchStack
from stacks.checks.acknowledged import acknowledged
from stacks.checks.acknowledged_pipelines import of_pipeline
from stacks.checks.rows import Acknowledged
from stacks.components.dashboard import Shown
from stacks.front_door_stack import FrontDoorStack, FrontDoorStackProps
from stacks.hosting_stack import HostingProps, HostingStack, served_by
from stacks.monitoring_stack import MonitoringProps, MonitoringStack
from stacks.pipeline_stack import PipelineStack
from stacks.profiling_stack import ProfilingStack
from stacks.project.names import package_group_name
from stacks.project.packages import packaged
from stacks.project.pipelines import PIPELINE_STAGE
from stacks.project.spec import ModelSpec, ProjectSpec, StageSpec
from stacks.release_stack import ReleaseProps, ReleaseStack
from stacks.service_stack import ServiceStack, ServiceStackProps
from stacks.training_stack import TrainingProps, TrainingStack
from tidegate.batch.plan import BatchPointer
from tidegate.pointer import LivePointer
from tidegate.training.package import Package


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is synthesized: a stage, and what is live in it. `folder` is the assembly's."""

    project: ProjectSpec
    stage: str
    folder: Path
    pointers: Mapping[str, LivePointer] = field(default_factory=dict)
    batch_pointers: Mapping[str, BatchPointer] = field(default_factory=dict)
    packages: Mapping[str, Package] = field(default_factory=dict)
    """The approved packages to deploy, of models that are trained here."""


def add_stacks(app: App, deployment: Deployment) -> None:
    """The app has the stage's release stack, its front door, and a stack for each model.

    A stage that a pipeline delivers to has the roles which it takes there; stage `pipeline` is the
    pipeline itself.
    """
    project = deployment.project
    if project.pipeline is not None and deployment.stage == PIPELINE_STAGE:
        stack = PipelineStack(app, project=project, spec=project.pipeline)
        _acknowledge([stack], of_pipeline(project.name, project.pipeline))
        return
    stage, shelf = project.stages[deployment.stage], AssetShelf(folder=deployment.folder)
    stacks = list(_add_releases(app, deployment, stage, shelf)) if project.releases else []
    release = stacks[0] if stacks else None
    stacks.extend(_add_services(app, deployment, stage, shelf=shelf, release=release))
    stacks.extend(_add_profiling(app, project, stage, stacks))
    _acknowledge(stacks, acknowledged(project, stage))


def _add_profiling(
    app: App, project: ProjectSpec, stage: StageSpec, profiled: Sequence[Stack]
) -> Iterator[Stack]:
    """The group that the functions of the stage are profiled in, which must come before them."""
    if stage.profiling is None:
        return
    stack = ProfilingStack(app, project=project.name, stage=stage, name=stage.profiling)
    for other in profiled:
        other.add_stack_dependency(stack)
    yield stack


def _add_releases(
    app: App, deployment: Deployment, stage: StageSpec, shelf: AssetShelf
) -> Iterator[Stack]:
    """The release loop, the ways to the models, and each model."""
    project = deployment.project
    release = ReleaseStack(app, props=_release(deployment, stage, shelf))
    yield release
    door = _add_front_door(app, project, stage)
    if door is not None:
        # The routers of the tracks are functions of the release stack, called by name.
        door.add_stack_dependency(release)
        yield door
    yield from _add_access(app, project, stage)
    for name in project.models:
        yield from _add_model(app, deployment, name, shelf=shelf, release=release, door=door)
    yield from _add_batches(app, deployment, stage, shelf=shelf, release=release)


def _add_model(
    app: App,
    deployment: Deployment,
    name: str,
    *,
    shelf: AssetShelf,
    release: Stack,
    door: Stack | None,
) -> Iterator[Stack]:
    """What serves a model, trains it and watches it."""
    project = deployment.project
    stage, model = project.stages[deployment.stage], project.models[name]
    hosting = HostingStack(
        app,
        props=HostingProps(
            project=project.name,
            stage=stage,
            model=_to_deploy(deployment, stage, model),
            shelf=shelf,
            pointer=deployment.pointers.get(name),
        ),
    )
    # Guard and verification are functions of the release stack, called by name.
    hosting.add_stack_dependency(release)
    if door is not None and model.behind_dns:
        # The weighted records alias names that the front door makes.
        hosting.add_stack_dependency(door)
    yield hosting
    training = _add_training(app, deployment, model, shelf)
    if training is not None:
        # Its bucket is emptied by a function of the release stack, called by name.
        training.add_stack_dependency(release)
        yield training
    yield from _add_monitor(app, deployment, name, shelf=shelf, after=hosting)


def _add_batches(
    app: App, deployment: Deployment, stage: StageSpec, *, shelf: AssetShelf, release: Stack
) -> Iterator[Stack]:
    """A stack for each model with a batch."""
    for name, model in deployment.project.batches.items():
        props = BatchProps(
            project=deployment.project.name,
            stage=stage,
            model=model,
            shelf=shelf,
            pointer=deployment.batch_pointers.get(name),
        )
        stack = BatchStack(app, props=props)
        # What empties its bucket is a function of the release stack, called by name.
        stack.add_stack_dependency(release)
        yield stack


def _add_services(
    app: App,
    deployment: Deployment,
    stage: StageSpec,
    *,
    shelf: AssetShelf,
    release: Stack | None,
) -> Iterator[Stack]:
    """What AI services share, and a stack for each, if there are any."""
    project = deployment.project
    if not project.services:
        return
    props = AiProps(project=project.name, stage=stage)
    shared = AiStack(app, props=props, shelf=shelf)
    yield shared
    for service in project.services.values():
        stack = ServiceStack(
            app,
            props=ServiceStackProps(
                project=project.name,
                stage=stage,
                service=service,
                shelf=shelf,
                pointer=deployment.pointers.get(service.name),
            ),
        )
        # Its routes are of the shared API, which empties its bucket, too.
        stack.add_stack_dependency(shared)
        if release is not None and service.release is not None:
            # Its guard and the tables of its shares are of the release stack.
            stack.add_stack_dependency(release)
        yield stack


def _to_deploy(deployment: Deployment, stage: StageSpec, model: ModelSpec) -> ModelSpec:
    """The model with its approved package, if it is trained here and one was approved."""
    if model.training is None:
        return model
    return packaged(model, deployment.packages.get(model.name), region=stage.region)


def _add_training(
    app: App, deployment: Deployment, model: ModelSpec, shelf: AssetShelf
) -> Stack | None:
    """What trains the model, if the project file says how."""
    if model.training is None:
        return None
    props = TrainingProps(
        project=deployment.project.name,
        stage=deployment.project.stages[deployment.stage],
        model=model,
        training=model.training,
        shelf=shelf,
        pointer=deployment.pointers.get(model.name),
    )
    return TrainingStack(app, props=props)


def _add_monitor(
    app: App, deployment: Deployment, name: str, *, shelf: AssetShelf, after: Stack
) -> Iterator[Stack]:
    """The monitor of a model that has one; it reads what the model's endpoints capture."""
    project, stage = deployment.project, deployment.project.stages[deployment.stage]
    model = project.models[name]
    if model.monitoring is None:
        return
    served = served_by(project.name, stage, model, deployment.pointers.get(name))
    props = MonitoringProps(
        project=project.name,
        stage=stage,
        model=name,
        spec=model.monitoring,
        endpoints=sorted(set(served.values())),
        shelf=shelf,
        trained=model.training is not None,
    )
    stack = MonitoringStack(app, props=props)
    stack.add_stack_dependency(after)
    yield stack


def _add_access(app: App, project: ProjectSpec, stage: StageSpec) -> Iterator[Stack]:
    """What a pipeline may do in the stage, if one delivers there."""
    pipeline = project.pipeline
    if pipeline is not None and stage.name in pipeline.stages:
        zone, home = _zone(project, stage), pipeline.home
        groups = tuple(
            package_group_name(project.name, stage.name, model.name)
            for model in project.models.values()
            if model.training is not None
        )
        monitored = tuple(name for name, m in project.models.items() if m.monitoring is not None)
        props = AccessProps(
            project=project.name,
            stage=stage,
            home=home,
            zone_id=zone,
            groups=groups,
            monitored=monitored,
            batches=tuple(project.batches),
        )
        yield AccessStack(app, props=props)


def _zone(project: ProjectSpec, stage: StageSpec) -> str | None:
    """The hosted zone that releases of the stage move records in, if any do."""
    has_tracks = any(model.behind_dns for model in project.models.values())
    return stage.door.dns.zone_id if has_tracks and stage.door.dns is not None else None


def _acknowledge(stacks: Iterable[Stack], kept: Iterable[Acknowledged]) -> None:
    """Each template says which findings of its checks stay, and why (`tidegate check`)."""
    rows: dict[str, list[dict[str, str]]] = {}
    for row in kept:
        said = {"resource": row.construct, "rule": row.short_rule, "reason": row.reason}
        rows.setdefault(row.stack, []).append(said)
    for stack in stacks:
        said_of_it = rows.get(stack.stack_name, [])
        if said_of_it:
            stack.template_options.metadata = {"tidegate": {"acknowledged": said_of_it}}


def _release(deployment: Deployment, stage: StageSpec, shelf: AssetShelf) -> ReleaseProps:
    project, dns = deployment.project, stage.door.dns
    pointers = deployment.pointers
    with_tracks = [name for name, model in project.models.items() if model.behind_dns]
    return ReleaseProps(
        project=project.name,
        stage=stage,
        shelf=shelf,
        models=[
            Shown(
                model=name,
                endpoints=served_by(project.name, stage, model, pointers.get(name)),
                answers_later=model.asynchronous is not None,
            )
            for name, model in project.models.items()
        ],
        hosts=() if dns is None else tuple(dns.host(name) for name in sorted(with_tracks)),
        answers_later=any(model.asynchronous is not None for model in project.models.values()),
        pipeline=project.pipeline,
        releases_services=any(one.release is not None for one in project.services.values()),
    )


def _add_front_door(app: App, project: ProjectSpec, stage: StageSpec) -> FrontDoorStack | None:
    models = [name for name, model in project.models.items() if model.behind_dns]
    if stage.door.dns is None or not models:
        return None
    props = FrontDoorStackProps(project=project.name, stage=stage, models=models)
    return FrontDoorStack(app, props=props)
