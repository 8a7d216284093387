"""The stacks of one stage of a project, wired together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import App

from stacks.assets import AssetShelf
from stacks.components.dashboard import Shown
from stacks.hosting_stack import HostingProps, HostingStack
from stacks.project.names import endpoint_name
from stacks.project.spec import ProjectSpec
from stacks.release_stack import ReleaseProps, ReleaseStack
from tidegate.pointer import LivePointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What is synthesized: a stage, and what is live in it. `folder` is the assembly's."""

    project: ProjectSpec
    stage: str
    folder: Path
    pointers: Mapping[str, LivePointer] = field(default_factory=dict)


def add_stacks(app: App, deployment: Deployment) -> None:
    """The app has the stage's release stack, and a stack for each of its models."""
    project = deployment.project
    stage = project.stages[deployment.stage]
    shelf = AssetShelf(folder=deployment.folder)
    shown = [
        Shown(model=name, endpoint=endpoint_name(project.name, stage.name, name))
        for name in project.models
    ]
    props = ReleaseProps(project=project.name, stage=stage, shelf=shelf, models=shown)
    release = ReleaseStack(app, props=props)
    for name, model in project.models.items():
        hosting = HostingStack(
            app,
            props=HostingProps(
                project=project.name,
                stage=stage,
                model=model,
                shelf=shelf,
                pointer=deployment.pointers.get(name),
            ),
        )
        # Guard and verification are functions of the release stack, called by name.
        hosting.add_stack_dependency(release)
