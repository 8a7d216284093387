"""The composition root: project file -> stacks; nothing else reads context or environment.

Context: `tidegate:project-file`, `tidegate:stage` (default: the file's first one; `pipeline` is the
pipeline itself), `tidegate:pointers`, model -> live pointer as JSON or the path of a JSON file,
`tidegate:batch-pointers`, the same of batches, `tidegate:live-settings`, service -> settings of its
live version, and `tidegate:packages`, model -> approved model package likewise; `tidegate deploy`
and the pipeline pass all four.
"""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent
for folder in (ROOT, ROOT / "lambda"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from aws_cdk import App  # noqa: E402 - after the path

from stacks.application import add_stacks  # noqa: E402
from stacks.closed_services import closed_services  # noqa: E402
from stacks.components.model_monitor import CLOSED  # noqa: E402
from stacks.components.pipeline_review import CLOSED as REVIEWER_CLOSED  # noqa: E402
from stacks.composition.deployment import Deployment  # noqa: E402
from stacks.idle_costs import assembly_costs, over_budget, told, write_costs  # noqa: E402
from stacks.project.faults import ProjectFaultsError  # noqa: E402
from stacks.project.inputs import (  # noqa: E402
    chosen_stage,
    read_batch_pointers,
    read_live_settings,
    read_pointers,
)
from stacks.project.load import load_project  # noqa: E402
from stacks.project.packages import born, read_packages  # noqa: E402
from stacks.project.pipelines import PIPELINE_STAGE, Engine  # noqa: E402
from stacks.project.placement import PlacementError  # noqa: E402
from stacks.project.spec import ModelSpec, ProjectSpec, StageSpec  # noqa: E402
from stacks.run_costs import training_costs  # noqa: E402

_NO_TRACES = {"aws:cdk:disable-creation-stack-traces": True}
"""They show jsii's inside instead of our lines, and a temporary path that differs each time."""


def main() -> None:
    """The assembly of one stage is in cdk.out, or wherever the CDK command line wants it."""
    settings = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))
    folder = os.environ.get("CDK_OUTDIR", str(Path.cwd() / "cdk.out"))
    # The flags of cdk.json by hand: `python app.py` and `cdk synth` must give the same templates.
    app = App(outdir=folder, context={**settings["context"], **_NO_TRACES})
    file = app.node.try_get_context("tidegate:project-file")
    project = load_project(Path("tidegate.yaml" if file is None else str(file)))
    stage = chosen_stage(project, app.node.try_get_context("tidegate:stage"))
    packages = read_packages(app.node.try_get_context("tidegate:packages"))
    pointers = read_pointers(app.node.try_get_context("tidegate:pointers"))
    batches = read_batch_pointers(app.node.try_get_context("tidegate:batch-pointers"))
    live = read_live_settings(app.node.try_get_context("tidegate:live-settings"))
    deployment = Deployment(
        project=project,
        stage=stage,
        folder=Path(folder),
        pointers=pointers,
        batch_pointers=batches,
        live_settings=live,
        packages=packages,
    )
    add_stacks(app, deployment)
    app.synth()
    if any(_has_model_monitor(model) for model in project.models.values()):
        sys.stderr.write(f"{CLOSED}\n")
    if stage == PIPELINE_STAGE and _has_reviewer(project):
        sys.stderr.write(f"{REVIEWER_CLOSED}\n")
    if stage in project.stages:
        for reason in closed_services(project, project.stages[stage]):
            sys.stderr.write(f"{reason}\n")
        for name in born(project, packages, region=project.stages[stage].region).unborn:
            sys.stderr.write(
                f"{name} is trained and not hosted yet: 'tidegate train run {name}', approve what "
                "it registers, and deploy again\n"
            )
        _tell_costs(Path(folder), project, project.stages[stage])


def _has_model_monitor(model: ModelSpec) -> bool:
    return model.monitoring is not None and model.monitoring.model_monitor is not None


def _has_reviewer(project: ProjectSpec) -> bool:
    review = None if project.pipeline is None else project.pipeline.review
    return review is not None and review.engine is Engine.CODEGURU_REVIEWER


def _tell_costs(folder: Path, project: ProjectSpec, stage: StageSpec) -> None:
    """What bills while idle is told and kept beside the templates; beyond a budget, synth fails."""
    costs = assembly_costs(folder, region=stage.region)
    write_costs(folder, stage, costs, training_costs(project, stage))
    fault = over_budget(stage, costs)
    if fault is not None:
        sys.exit(fault)
    # Standard output is the CDK command's.
    sys.stderr.write(f"{told(stage, costs)}\n")


if __name__ == "__main__":
    try:
        main()
    except (ProjectFaultsError, PlacementError) as error:
        sys.exit(str(error))
