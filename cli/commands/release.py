"""`tidegate release ...`: the operator's verbs."""

import getpass
import secrets
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.deployed import Deployed
from cli.exits import reported
from cli.html import write_report
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    OnOption,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import CONSOLE, print_json, say
from cli.screen import release_panel
from cli.target import On
from cli.watch import exit_of, watch_release
from tidegate.loop import operate
from tidegate.loop.prepare import StartRequest
from tidegate.release import Intervention
from tidegate.view import ReleaseView

app = typer.Typer(no_args_is_help=True, help="Start, watch and steer releases.")

ModelArgument = Annotated[str, typer.Argument(help="The model.")]
ReleaseArgument = Annotated[
    str, typer.Argument(help="A release id, or a model for its newest release.")
]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, for the release's log.")]


def new_release_id(model: str, *, at: float) -> str:
    """An id for a release: readable, sortable by time, unique."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(at))
    return f"{model[:30]}-{stamp}-{secrets.token_hex(2)}"


def start_release(deployed: Deployed, model: str) -> str:
    """The id of a release that was started; refused before anything changes if it may not be."""
    release_id = new_release_id(model, at=deployed.target.clock.now())
    operate.start(
        store=deployed.store,
        endpoints=deployed.endpoints,
        executions=deployed.executions,
        request=StartRequest(release_id=release_id, model=model, who=getpass.getuser()),
    )
    return release_id


def show(view: ReleaseView, *, json_output: bool) -> None:
    """Print a view once."""
    if json_output:
        print_json(view.to_json())
    else:
        CONSOLE.print(release_panel(view))


@app.command()
@reported
def start(
    model: ModelArgument,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Watch it until it is over.")] = False,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Release the version in the idle slot: move traffic to it step by step, judged on the way."""
    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    release_id = start_release(deployed, model)
    if watch:
        raise SystemExit(int(watch_release(deployed, release_id, json_output=json_output)))
    if json_output:
        print_json({"release_id": release_id})
    else:
        say(f"release {release_id} started: 'tidegate release watch {model}' shows it")


@app.command()
@reported
def status(
    release: ReleaseArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show a release as it stands."""
    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    view = deployed.view(deployed.release_id(release))
    show(view, json_output=json_output)
    raise SystemExit(int(exit_of(view)))


@app.command()
@reported
def watch(
    release: ReleaseArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show a release until it is over; the exit code says how. Ctrl-C only stops watching."""
    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    code = watch_release(deployed, deployed.release_id(release), json_output=json_output)
    raise SystemExit(int(code))


@app.command()
@reported
def pause(
    release: ReleaseArgument,
    *,
    why: WhyOption = "",
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Take no further step until resumed. Rolling back stays possible."""
    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    release_id = deployed.release_id(release)
    operate.pause(
        store=deployed.store, release_id=release_id, intervention=_intervention(deployed, why)
    )
    show(deployed.view(release_id), json_output=json_output)


@app.command()
@reported
def resume(
    release: ReleaseArgument,
    *,
    why: WhyOption = "",
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Go on from the record: after a pause, a halt, or the death of its execution."""
    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    release_id = deployed.release_id(release)
    operate.resume(
        store=deployed.store,
        executions=deployed.executions,
        release_id=release_id,
        intervention=_intervention(deployed, why),
    )
    show(deployed.view(release_id), json_output=json_output)


@app.command()
@reported
def promote(
    release: ReleaseArgument,
    *,
    why: WhyOption = "",
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Promote at the next look, whatever step it is in; a verdict of roll-back still wins."""
    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    release_id = deployed.release_id(release)
    operate.promote(
        store=deployed.store, release_id=release_id, intervention=_intervention(deployed, why)
    )
    show(deployed.view(release_id), json_output=json_output)


@app.command()
@reported
def abort(
    release: ReleaseArgument,
    *,
    why: WhyOption = "",
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Put all traffic back on the live version, and wait until that was read back."""
    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    release_id = deployed.release_id(release)
    operate.abort(
        store=deployed.store,
        executions=deployed.executions,
        release_id=release_id,
        intervention=_intervention(deployed, why),
    )
    raise SystemExit(int(watch_release(deployed, release_id, json_output=json_output)))


@app.command()
@reported
def report(
    release: ReleaseArgument,
    *,
    output: Annotated[
        Path, typer.Option("--output", help="Where to write the HTML report.")
    ] = Path("build/release.html"),
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Write the release as an HTML page that opens offline."""
    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    view = deployed.view(deployed.release_id(release))
    write_report(output, [view], title=f"Release of {view.model}")
    if json_output:
        print_json({"report": str(output), "release": view.to_json()})
    else:
        say(f"{view.model} {view.phase}: {view.reason}")
        say(f"report: {output}")


def _intervention(deployed: Deployed, why: str) -> Intervention:
    return Intervention(
        who=getpass.getuser(), at=deployed.target.clock.now(), why=why or "no reason given"
    )
