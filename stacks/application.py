"""The stacks of one stage of a project, wired together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from aws_cdk import App, Stack

from stacks.assets import AssetShelf
from stacks.checks.acknowledged import acknowledged
from stacks.checks.acknowledged_pipelines import of_pipeline
from stacks.checks.rows import Acknowledged
from stacks.composition.deployment import Deployment, Given
from stacks.composition.parts import PARTS
from stacks.composition.releases import add_release
from stacks.pipeline_stack import PipelineStack
from stacks.profiling_stack import ProfilingStack
from stacks.project.packages import born
from stacks.project.pipelines import PIPELINE_STAGE
from stacks.project.spec import ProjectSpec, StageSpec


def add_stacks(app: App, deployment: Deployment) -> None:
    """The app has the stage's release stack, if anything is released, and those of each part.

    A stage that a pipeline delivers to has the roles which it takes there; stage `pipeline` is the
    pipeline itself.
    """
    project = deployment.project
    if project.pipeline is not None and deployment.stage == PIPELINE_STAGE:
        stack = PipelineStack(app, project=project, spec=project.pipeline)
        _acknowledge([stack], of_pipeline(project.name, project.pipeline))
        return
    stage, shelf = project.stages[deployment.stage], AssetShelf(folder=deployment.folder)
    project = born(project, deployment.packages, region=stage.region)
    deployment = replace(deployment, project=project)
    release = add_release(app, deployment, stage, shelf) if project.releases else None
    given = Given(deployment=deployment, stage=stage, shelf=shelf, release=release)
    stacks = [] if release is None else [release]
    for add_part in PARTS:
        stacks.extend(add_part(app, given))
    stacks.extend(_add_profiling(app, project, stage, stacks))
    _acknowledge(stacks, acknowledged(project, stage, deployment.pointers))


def _add_profiling(
    app: App, project: ProjectSpec, stage: StageSpec, profiled: Sequence[Stack]
) -> Sequence[Stack]:
    """The group that the functions of the stage are profiled in, which must come before them."""
    if stage.profiling is None:
        return []
    stack = ProfilingStack(app, project=project.name, stage=stage, name=stage.profiling)
    for other in profiled:
        other.add_stack_dependency(stack)
    return [stack]


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
