"""`tidegate deploy`: synth with the live pointers, then deploy, so that only idle slots change."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.exits import CommandError, Exit, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    Place,
    ProjectFileOption,
    RoleOption,
    StageOption,
    place,
)
from cli.output import note, print_json, say

if TYPE_CHECKING:
    from cli.overview import ModelStatus

ASSEMBLY = Path("cdk.out")


@reported
def deploy(
    *,
    role: RoleOption = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Deploy the project. A new version goes into the idle slot and gets no traffic yet."""
    from cli.batches import batch_standings
    from cli.batchwords import batch_json, batch_lines
    from cli.overview import model_statuses, status_json
    from cli.progress import progress
    from cli.project import PIPELINE_STAGE

    if stage == PIPELINE_STAGE:
        raise CommandError(
            "the pipeline is deployed by 'tidegate pipeline deploy'", code=Exit.USAGE
        )
    where = place(project_file=project_file, stage=stage, on=on).under(role)
    note(f"{where.project.name} {where.stage} on {where.target.name}")
    with progress() as shown:
        done = where.deploy(assembly=ASSEMBLY, progress=shown)
    statuses = model_statuses(where.deployed()) if where.project.releases else []
    batches = batch_standings(where)
    if json_output:
        stacks = {s.name: {"change": s.change, "seconds": s.seconds} for s in done}
        models = [status_json(item) for item in statuses]
        print_json(
            {"stacks": stacks, "models": models, "batches": [batch_json(b) for b in batches]}
        )
        return
    for stack in done:
        took = "" if stack.seconds is None else f", {stack.seconds:.1f} s"
        say(f"{stack.name}: {stack.change}{took}")
    for status in statuses:
        say(_what_now(status))
    for line in batch_lines(batches):
        say(line)
    for name, kind in where.project.services.items():
        say(f"{name}: {kind} answers, 'tidegate ai {name}' tells what it does")


def deploy_place(where: Place, *, assembly: Path = ASSEMBLY) -> dict[str, Any]:
    """Every stack of the stage is as the project file says; what was done, in JSON types."""
    return {"stacks": {s.name: s.change for s in where.deploy(assembly=assembly)}}


def _what_now(status: "ModelStatus") -> str:
    live = f"{status.model}: {status.live} is live in slot {status.live_slot}"
    if status.release_id is not None:
        return f"{live}, release {status.release_id} is open ({status.standing})"
    if status.idle_is == "same":
        return f"{live}, and in the idle slot too"
    if status.idle_is != "waiting":
        return f"{live}, {status.idle} ({status.idle_is}) is in the idle slot"
    return f"{live}, {status.idle} waits: 'tidegate release start {status.model}' releases it"
