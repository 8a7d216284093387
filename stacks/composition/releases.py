"""The release loop of a stage, the ways to its models, and what a pipeline may do there."""

from collections.abc import Iterator, Mapping

from aws_cdk import App, Stack

from stacks.access_stack import AccessProps, AccessStack
from stacks.assets import AssetShelf
from stacks.components.dashboard import Shown
from stacks.composition.deployment import Deployment
from stacks.front_door_stack import FrontDoorStack, FrontDoorStackProps
from stacks.hosting_stack import served_by
from stacks.project.names import package_group_name
from stacks.project.spec import Ec2Spec, ProjectSpec, StageSpec
from stacks.release_stack import ReleaseProps, ReleaseStack
from tidegate.ai.kinds import kind_named


def add_release(app: App, deployment: Deployment, stage: StageSpec, shelf: AssetShelf) -> Stack:
    """The release loop."""
    project, dns = deployment.project, stage.door.dns
    pointers = deployment.pointers
    with_tracks = [name for name, model in project.models.items() if model.behind_dns]
    props = ReleaseProps(
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
        fleets=any(isinstance(model.hosting, Ec2Spec) for model in project.models.values()),
        has_edge=bool(project.edge),
        resting=_resting(project),
        rolling=any(model.rolls_instances for model in project.models.values()),
        pipeline=project.pipeline,
        releases_services=any(one.release is not None for one in project.services.values()),
    )
    return ReleaseStack(app, props=props)


def _resting(project: ProjectSpec) -> Mapping[str, int]:
    """After how many idle seconds the fleet of a model sleeps, of those that do."""
    hosted = {name: model.hosting for name, model in project.models.items()}
    return {
        name: hosting.idle_seconds
        for name, hosting in hosted.items()
        if isinstance(hosting, Ec2Spec) and hosting.idle_seconds is not None
    }


def add_front_door(app: App, project: ProjectSpec, stage: StageSpec) -> Stack | None:
    """Tracks behind DNS records, if a model is released by them."""
    models = [name for name, model in project.models.items() if model.behind_dns]
    if stage.door.dns is None or not models:
        return None
    props = FrontDoorStackProps(project=project.name, stage=stage, models=models)
    return FrontDoorStack(app, props=props)


def add_access(app: App, project: ProjectSpec, stage: StageSpec) -> Iterator[Stack]:
    """What a pipeline may do in the stage, if one delivers there."""
    pipeline = project.pipeline
    if pipeline is not None and stage.name in pipeline.stages:
        groups = tuple(
            package_group_name(project.name, stage.name, name) for name in project.trained
        )
        monitored = tuple(name for name, m in project.models.items() if m.monitoring is not None)
        props = AccessProps(
            project=project.name,
            stage=stage,
            home=pipeline.home,
            zone_id=_zone(project, stage),
            groups=groups,
            monitored=monitored,
            batches=tuple(project.batches),
            live_settings=released_with_own(project),
            fleets=any(isinstance(m.hosting, Ec2Spec) for m in project.models.values()),
            has_edge=bool(project.edge),
        )
        yield AccessStack(app, props=props)


def released_with_own(project: ProjectSpec) -> tuple[str, ...]:
    """Released services whose arms have resources of their own."""
    released = (s for s in project.services.values() if s.release is not None)
    return tuple(s.name for s in released if kind_named(s.kind).has_own)


def _zone(project: ProjectSpec, stage: StageSpec) -> str | None:
    """The hosted zone that releases of the stage move records in, if any do."""
    has_tracks = any(model.behind_dns for model in project.models.values())
    return stage.door.dns.zone_id if has_tracks and stage.door.dns is not None else None
