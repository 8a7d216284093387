"""`tidegate batch ...`: data sets that are transformed as a whole."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.exits import CommandError, Exit, InterruptedCommandError, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    ProjectFileOption,
    StageOption,
    place,
)
from cli.output import CONSOLE, note, print_json, say

if TYPE_CHECKING:
    from cli.batches import Batch
    from cli.options import Place

app = typer.Typer(no_args_is_help=True, help="Transform whole data sets, and see what became.")

ModelArgument = Annotated[str, typer.Argument(help="A model with a section batch.")]
RunOption = Annotated[
    str | None, typer.Option("--run", help="The id of a run; the newest if absent.")
]
_SHOWN_FAULTS = 20
_SHOWN_RUNS = 10


@app.callback()
def group() -> None:
    """Offline inference."""


@app.command()
@reported
def run(
    model: ModelArgument,
    *,
    input_: Annotated[
        str | None,
        typer.Option("--input", help="s3://bucket/prefix; what the project file says if absent."),
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", help="Go on with this run, where it was.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for its end.")] = False,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Transform a data set with the live version, and wait for the result.

    Exit code 0 when every record has a result or is among the few that may fail, 1 when too many
    failed or something broke, 3 when the input was refused.
    """
    from cli.batches import new_run, the_batch

    if input_ is not None and resume is not None:
        raise CommandError(
            "a run that is resumed has its input already: drop --input", code=Exit.USAGE
        )
    there = place(project_file=project_file, stage=stage, on=on)
    batch = the_batch(there, model)
    request = _request(new_run(there.target.clock.now()), resume, input_)
    _refuse_running(batch, resume)
    execution = batch.start(request)
    if detach:
        _tell_started(request["run"], json_output=json_output)
        return
    _follow(there, batch, execution, request["run"])
    _show(batch, request["run"], json_output=json_output)


def _request(fresh: str, resume: str | None, input_: str | None) -> dict[str, Any]:
    from cli.verbs import operator

    who = operator()
    if resume is not None:
        return {"run": resume, "because": f"{who} resumed it"}
    given = {} if input_ is None else {"input": input_}
    return {"run": fresh, "because": f"{who} started it", **given}


def _refuse_running(batch: "Batch", resume: str | None) -> None:
    if resume is None:
        return
    known = batch.known(resume)
    if not known.status.over and not batch.stalled(known):
        raise CommandError(
            f"run {resume} is running: 'tidegate batch status {batch.model} --run {resume}' shows "
            "it",
            code=Exit.REFUSED,
        )


def _tell_started(run_id: str, *, json_output: bool) -> None:
    if json_output:
        print_json({"run": run_id, "status": "running"})
    else:
        say(f"run {run_id} is started")


def _follow(there: "Place", batch: "Batch", execution: str, run_id: str) -> None:
    import time

    from cli.batches import watched
    from cli.batchwords import one_line

    before = ""
    try:
        looks = watched(
            batch, execution, run_id, pause=lambda: time.sleep(there.target.refresh_seconds)
        )
        for record, now in looks:
            line = one_line(record, now)
            if line != before:
                note(line)
            before = line
    except KeyboardInterrupt as error:
        raise InterruptedCommandError(
            f"run {run_id} goes on without this command: 'tidegate batch status {batch.model} "
            f"--run {run_id}' shows it, 'tidegate batch report {batch.model} --run {run_id}' its "
            "report"
        ) from error


@app.command()
@reported
def status(
    model: ModelArgument,
    *,
    run: RunOption = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show the newest runs, or how far one is."""
    from cli.batches import the_batch
    from cli.batchwords import one_line, run_json, runs_table, standing

    batch = the_batch(place(project_file=project_file, stage=stage, on=on), model)
    if run is None:
        records = batch.runs.newest(_SHOWN_RUNS)
        pointer = batch.runs.pointer()
        if json_output:
            print_json({"live": pointer, "runs": [run_json(record) for record in records]})
            return
        for line in () if pointer is None else standing(model, pointer, batch.runs.declared()):
            say(line)
        CONSOLE.print(runs_table(records))
        return
    record = batch.known(run)
    stalled = batch.stalled(record)
    if json_output:
        print_json({**run_json(record), "stalled": stalled})
        return
    say(one_line(record, None if record.status.over else batch.round(record)))
    if stalled:
        say(f"nothing works on it: 'tidegate batch run {model} --resume {run}' goes on with it")


@app.command()
@reported
def report(
    model: ModelArgument,
    *,
    run: RunOption = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show the report of a run: counts, duration, cost, versions, lineage."""
    from cli.batches import the_batch

    batch = the_batch(place(project_file=project_file, stage=stage, on=on), model)
    record = batch.known(run)
    if not record.status.over:
        raise CommandError(f"run {record.run} is not over", code=Exit.REFUSED)
    _show(batch, record.run, json_output=json_output)


@app.command()
@reported
def compare(
    model: ModelArgument,
    *,
    resume: Annotated[
        str | None, typer.Option("--resume", help="Go on with this comparison, where it was.")
    ] = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Run the version that waits over the live one's last data set, and let it take over or not.

    Exit code 0 when it takes over, 4 when it is refused, 6 when the evidence is too little or a
    person is to decide: then the live version stays.
    """
    from cli.batches import new_run, the_batch

    there = place(project_file=project_file, stage=stage, on=on)
    batch = the_batch(there, model)
    request = _request(new_run(there.target.clock.now()), resume, None)
    _refuse_running(batch, resume)
    execution = batch.start({**request, "purpose": "compare"})
    _follow(there, batch, execution, request["run"])
    _show_comparison(batch, request["run"], json_output=json_output)


def _show_comparison(batch: "Batch", run_id: str, *, json_output: bool) -> None:
    from cli.batchwords import comparison_lines
    from tidegate.batch.units import Keys

    record = batch.known(run_id)
    found = batch.document(Keys(run=run_id, purpose=record.purpose.value).comparison)
    if found is None:
        raise CommandError(f"run {run_id} ended without a comparison: {record.why}")
    if json_output:
        print_json(found)
    else:
        for line in comparison_lines(found):
            say(line)
    if found["verdict"] == "refuse":
        raise SystemExit(int(Exit.ROLLED_BACK))
    if found["verdict"] == "hold" or not found["takes_over"]:
        raise SystemExit(int(Exit.UNDECIDED))


@app.command()
@reported
def promote(
    model: ModelArgument,
    *,
    why: Annotated[str, typer.Option("--why", help="The reason, for the pointer's history.")],
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Make the version in the idle slot live, whatever a comparison says; the way back, too."""
    from cli.batches import the_batch
    from cli.verbs import operator
    from tidegate.batch.taking_over import make_live
    from tidegate.slots import Slot
    from tidegate.version import Version

    there = place(project_file=project_file, stage=stage, on=on)
    batch = the_batch(there, model)
    pointer, declared = batch.runs.pointer(), batch.runs.declared()
    if pointer is None:
        raise CommandError(f"no version of {model} is live yet", code=Exit.REFUSED)
    slot = Slot(pointer["slot"]).other
    version = Version.from_json(declared[slot.value])
    by = f"{operator()}: {why}"
    make_live(batch.runs, slot, version=version, now=there.target.clock.now(), by=by)
    if json_output:
        print_json(batch.runs.pointer())
    else:
        say(f"{version.label} is live in slot {slot}: the next run takes it")


def _show(batch: "Batch", run_id: str, *, json_output: bool) -> None:
    """The report, and the exit code of how the run ended."""
    from cli.batchwords import fault_lines, report_lines
    from tidegate.batch.run import Status
    from tidegate.batch.units import Keys

    record = batch.known(run_id)
    keys = Keys(run=run_id, purpose=record.purpose.value)
    found = batch.document(keys.report)
    faults = batch.document(keys.faults) if record.status is Status.REFUSED else None
    if json_output:
        print_json({**found, "faults": faults})
    else:
        for line in report_lines(found, bucket=batch.bucket, results=keys.results):
            say(line)
        for line in () if faults is None else fault_lines(faults, most=_SHOWN_FAULTS):
            note(line)
    if record.status is not Status.DONE:
        raise SystemExit(int(Exit.REFUSED if record.status is Status.REFUSED else Exit.FAILED))
