"""`tidegate deploy`: synth with the live pointers, then deploy, so that only idle slots change."""

import subprocess
from pathlib import Path
from typing import Any

from cli.deployed import find_optional
from cli.exits import CommandError, Exit, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    OnOption,
    Place,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import note, print_json, say
from cli.synth import SynthRequest, synth
from cli.target import On
from emulator import deployer

ASSEMBLY = Path("cdk.out")


@reported
def deploy(
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Deploy the project. A new version goes into the idle slot and gets no traffic yet."""
    where = place(project_file=project_file, stage=stage, on=on)
    note(f"deploying {where.project.name} {where.stage} to {where.target.name}")
    result = deploy_place(where)
    if json_output:
        print_json(result)
        return
    for name, state in result["stacks"].items():
        say(f"{name}: {state}")


def deploy_place(where: Place, *, assembly: Path = ASSEMBLY) -> dict[str, Any]:
    """Every stack of the stage is as the project file says; what was done, in JSON types."""
    request = SynthRequest(
        project_file=where.project.path,
        stage=where.stage,
        pointers=live_pointers(where),
        output=assembly,
    )
    synth(request)
    if not where.target.embedded:
        return _cdk_deploy(assembly)
    try:
        done = deployer.deploy(where.target.session, assembly)
    except deployer.DeployError as error:
        raise CommandError(str(error), code=Exit.REFUSED) from error
    return {"stacks": {stack.name: stack.status for stack in done.stacks}}


def live_pointers(where: Place) -> dict[str, Any]:
    """The live pointer of each deployed model, in JSON types."""
    deployed = find_optional(where.target, project=where.project.name, stage=where.stage)
    if deployed is None:
        return {}
    pointers = {model: deployed.store.pointer(model) for model in deployed.store.models()}
    return {model: p.to_json() for model, p in pointers.items() if p is not None}


def _cdk_deploy(assembly: Path) -> dict[str, Any]:
    """AWS is deployed to by the pinned CDK command line, from the assembly just made."""
    finished = subprocess.run(
        ["npx", "cdk", "deploy", "--all", "--app", str(assembly), "--require-approval", "never"],
        check=False,
    )
    if finished.returncode != 0:
        raise CommandError("cdk deploy failed, its messages are above")
    return {"stacks": {"all": "deployed by cdk"}}
