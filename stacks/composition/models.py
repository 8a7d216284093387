"""Models that answer: what serves each of them, trains it and watches it."""

from collections.abc import Iterator

from aws_cdk import App, Stack

from stacks.composition.deployment import Given
from stacks.composition.releases import add_access, add_front_door
from stacks.fleet_stack import FleetStack
from stacks.hosting_stack import HostingProps, HostingStack, served_by
from stacks.monitoring_stack import MonitoringProps, MonitoringStack
from stacks.project.packages import packaged
from stacks.project.spec import Ec2Spec, ModelSpec
from stacks.training_stack import TrainingProps, TrainingStack


def add_models(app: App, given: Given) -> Iterator[Stack]:
    """The ways to the models, and each model; what trains those that have no version yet."""
    if given.release is None:
        return
    door = add_front_door(app, given.project, given.stage)
    if door is not None:
        # The routers of the tracks are functions of the release stack, called by name.
        door.add_stack_dependency(given.release)
        yield door
    yield from add_access(app, given.project, given.stage)
    for name in given.project.models:
        yield from _add_model(app, given, name, release=given.release, door=door)
    for model in given.project.unborn.values():
        training = _add_training(app, given, model)
        if training is not None:
            training.add_stack_dependency(given.release)
            yield training


def _add_model(
    app: App, given: Given, name: str, *, release: Stack, door: Stack | None
) -> Iterator[Stack]:
    project, model = given.project, given.project.models[name]
    props = HostingProps(
        project=project.name,
        stage=given.stage,
        model=_to_deploy(given, model),
        shelf=given.shelf,
        pointer=given.deployment.pointers.get(name),
    )
    hosting: Stack
    if isinstance(model.hosting, Ec2Spec):
        hosting = FleetStack(app, props=props, hosting=model.hosting)
    else:
        hosting = HostingStack(app, props=props)
    # Guard and verification are functions of the release stack, called by name.
    hosting.add_stack_dependency(release)
    if door is not None and model.behind_dns:
        # The weighted records alias names that the front door makes.
        hosting.add_stack_dependency(door)
    yield hosting
    training = _add_training(app, given, model)
    if training is not None:
        # Its bucket is emptied by a function of the release stack, called by name.
        training.add_stack_dependency(release)
        yield training
    yield from _add_monitor(app, given, model, after=hosting)


def _to_deploy(given: Given, model: ModelSpec) -> ModelSpec:
    """The model with its approved package, if it is trained here and one was approved."""
    if model.training is None:
        return model
    packages = given.deployment.packages
    return packaged(model, packages.get(model.name), region=given.stage.region)


def _add_training(app: App, given: Given, model: ModelSpec) -> Stack | None:
    """What trains the model, if the project file says how."""
    if model.training is None:
        return None
    props = TrainingProps(
        project=given.project.name,
        stage=given.stage,
        model=model,
        training=model.training,
        shelf=given.shelf,
        pointer=given.deployment.pointers.get(model.name),
    )
    return TrainingStack(app, props=props)


def _add_monitor(app: App, given: Given, model: ModelSpec, *, after: Stack) -> Iterator[Stack]:
    """The monitor of a model that has one; it reads what the model's endpoints capture."""
    if model.monitoring is None:
        return
    project, pointers = given.project, given.deployment.pointers
    served = served_by(project.name, given.stage, model, pointers.get(model.name))
    props = MonitoringProps(
        project=project.name,
        stage=given.stage,
        model=model.name,
        spec=model.monitoring,
        endpoints=sorted(set(served.values())),
        shelf=given.shelf,
        trained=model.training is not None,
    )
    stack = MonitoringStack(app, props=props)
    stack.add_stack_dependency(after)
    yield stack
