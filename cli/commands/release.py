"""`tidegate release ...`: the operator's verbs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import Exit, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    ProjectFileOption,
    RequestsOption,
    StageOption,
    place,
)
from cli.output import CONSOLE, print_json, say, warn, write_json, write_json_lines

if TYPE_CHECKING:
    from cli.deployed import Deployed
    from tidegate.view import ReleaseView

app = typer.Typer(no_args_is_help=True, help="Start, watch and steer releases.")

ModelArgument = Annotated[str, typer.Argument(help="The model.")]
ReleaseArgument = Annotated[
    str, typer.Argument(help="A release id, or a model for its newest release.")
]
WhyOption = Annotated[str, typer.Option("--why", help="The reason, for the release's log.")]


def start_release(deployed: "Deployed", model: str) -> str:
    """The id of a release that was started; refused before anything changes if it may not be."""
    from cli import verbs

    return verbs.start_release(deployed, model)


def show(view: "ReleaseView", *, json_output: bool) -> None:
    """Print a view once."""
    from cli.screen import release_panel

    if json_output:
        print_json(view.to_json())
    else:
        CONSOLE.print(release_panel(view))


def watched(deployed: "Deployed", release_id: str, *, json_output: bool) -> Exit:
    """Show a release until there is nothing more to wait for; its exit code."""
    from cli.display import form_for
    from cli.watch import watch_release

    return watch_release(deployed, release_id, form=form_for(json_output=json_output))


@app.command()
@reported
def start(
    model: ModelArgument,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Watch it until it is over.")] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Release a version that was replaced or taken back before."),
    ] = False,
    requests_per_minute: RequestsOption = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Release the version in the idle slot: move traffic to it step by step, judged on the way.

    Warns where the plan has not the time to see the harm it names at the model's recent traffic.
    """
    from cli.ready import refuse_unready
    from cli.sizing import size_up
    from cli.verbs import refuse_known_version

    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    if not again:
        refuse_known_version(deployed, model)
    refuse_unready(deployed, model)
    sizing = size_up(deployed, model, requests_per_minute=requests_per_minute)
    release_id = start_release(deployed, model)
    for remark in sizing.remarks():
        warn(remark)
    if watch:
        raise SystemExit(int(watched(deployed, release_id, json_output=json_output)))
    if json_output:
        print_json({"release_id": release_id, "model": model, "sizing": sizing.to_json()})
    else:
        say(f"release {release_id} started: 'tidegate release watch {model}' shows it")


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
    """Show a release until it is over; the exit code says how. Ctrl-C only stops watching.

    With --json each change is a document on a line of its own, without the history.
    """
    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    code = watched(deployed, deployed.release_id(release), json_output=json_output)
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
    from cli.verbs import intervention
    from tidegate.loop import operate

    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    release_id = deployed.release_id(release)
    operate.pause(
        store=deployed.store, release_id=release_id, intervention=intervention(deployed, why)
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
    from cli.verbs import intervention
    from tidegate.loop import operate

    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    release_id = deployed.release_id(release)
    operate.resume(
        store=deployed.store,
        executions=deployed.executions,
        release_id=release_id,
        intervention=intervention(deployed, why),
    )
    show(deployed.view(release_id), json_output=json_output)


@app.command()
@reported
def promote(
    release: ReleaseArgument,
    *,
    slot: Annotated[
        str | None,
        typer.Option("--slot", help="Of an A/B test: the arm to promote; its winner if absent."),
    ] = None,
    why: WhyOption = "",
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Promote at the next look, whatever step it is in; a verdict of roll-back still wins."""
    from cli.verbs import intervention
    from tidegate.loop import operate

    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    release_id = deployed.release_id(release)
    operate.promote(
        store=deployed.store,
        release_id=release_id,
        intervention=intervention(deployed, why),
        slot=slot,
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
    """Put all traffic back on the live version, and wait until that was read back: then exit 0."""
    from cli.verbs import abort_release

    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    release_id = deployed.release_id(release)
    abort_release(deployed, release_id, why=why)
    code = watched(deployed, release_id, json_output=json_output)
    raise SystemExit(int(Exit.OK if code is Exit.ABORTED else code))


@app.command()
@reported
def report(
    release: ReleaseArgument,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="The HTML file; build/reports/RELEASE.html if absent."),
    ] = None,
    observations: Annotated[
        Path | None,
        typer.Option("--observations", help="Write what was judged too: a JSON record a line."),
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Write the release's plan too, as JSON.")
    ] = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Write the release as an HTML page that opens offline.

    Its observations and plan are what 'tidegate replay' reads.
    """
    from cli.html import write_report

    deployed = place(project_file=project_file, stage=stage, on=on).deployed()
    view = deployed.view(deployed.release_id(release))
    path = Path("build/reports") / f"{view.release_id}.html" if output is None else output
    write_report(path, [view], title=f"Release of {view.model}")
    written = {"report": path}
    if observations is not None:
        looks = deployed.looks.looks(view.release_id)
        write_json_lines(observations, [o.to_json() for look in looks for o in look.observations])
        written["observations"] = observations
    if plan is not None:
        write_json(plan, deployed.store.load(view.release_id).plan.to_json())
        written["plan"] = plan
    paths = {name: str(path) for name, path in written.items()}
    if json_output:
        print_json({**paths, "release": view.to_json()})
        return
    say(f"{view.model} {view.phase}: {view.reason}")
    for name, path_written in paths.items():
        say(f"{name}: {path_written}")
