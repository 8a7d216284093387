"""`tidegate train`: run the training pipeline of a model, look at runs, approve what they made."""

import time
import uuid
from pathlib import Path
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
from cli.output import note, print_json, say

if TYPE_CHECKING:
    from cli.training import JobPrice, Training
    from tidegate.training.run import RunView

app = typer.Typer(
    no_args_is_help=True,
    help="Train a model anew, look at its runs, and approve what they registered.",
)

ModelArgument = Annotated[str, typer.Argument(help="Name of a model with a section training.")]
RunOption = Annotated[
    str | None, typer.Option("--run", help="Id of a run; the newest one if left out.")
]
VersionOption = Annotated[
    int | None,
    typer.Option("--version", min=1, help="Number of a package; the newest one if left out."),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept in the registry.")]


def _training(project_file: Path, stage: str | None, on: On, model: str) -> "Training":
    from cli.training import training_of

    return training_of(place(project_file=project_file, stage=stage, on=on), model)


@app.command()
@reported
def run(
    model: ModelArgument,
    *,
    data: Annotated[
        str | None,
        typer.Option(help="A folder to upload, or s3://BUCKET/PREFIX; left out: the file's data."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Wait for its end.")] = False,
    token: Annotated[
        str | None,
        typer.Option(help="The same token never starts a second run; 32 to 128 characters."),
    ] = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Start the training pipeline: process, train, evaluate, decide, register."""
    training = _training(project_file, stage, on, model)
    parameters: dict[str, str] = {}
    if data is not None:
        parameters["InputData"] = data if data.startswith("s3://") else _uploaded(training, data)
    live = training.live_artifact()
    if live is not None:
        parameters["LiveArtifact"] = live
    arn = training.runs.start(parameters, token=uuid.uuid4().hex if token is None else token)
    note(f"run {arn.rpartition('/')[2]} has begun")
    view = _watched(training, arn) if watch else training.runs.view(arn)
    _tell(training, view, json_output=json_output)
    if view.over and view.status != "Succeeded":
        raise typer.Exit(Exit.FAILED)


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
    """Show how a run stands: its steps, figures, and what comes next."""
    training = _training(project_file, stage, on, model)
    _tell(training, training.run(run), json_output=json_output)


@app.command()
@reported
def report(
    model: ModelArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show the latest runs with their figures, and which versions they registered."""
    training = _training(project_file, stage, on, model)
    views = [training.runs.view(arn) for arn in training.runs.arns(most=10)]
    if json_output:
        print_json({"model": model, "runs": [_document(training, view) for view in views]})
        return
    if not views:
        say(f"{model} has not been trained yet: 'tidegate train run {model}'")
    for view in views:
        say(_summary(view, training.price))
    if views:
        say(training.price.said)


@app.command()
@reported
def stop(
    model: ModelArgument,
    *,
    run: RunOption = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Stop a run and the job that it waits for."""
    training = _training(project_file, stage, on, model)
    view = training.run(run)
    if view.over:
        raise CommandError(f"run {view.id} is {view.status} already", code=Exit.REFUSED)
    training.runs.stop(view.arn)
    if json_output:
        print_json({"model": model, "run": view.id, "status": "Stopping"})
        return
    say(f"{model}: run {view.id} is being stopped")


@app.command()
@reported
def interrupt(
    model: ModelArgument,
    *,
    run: RunOption = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Take the spot capacity of a run's training jobs away, on an embedded cloud: a drill."""
    training = _training(project_file, stage, on, model)
    interrupted = training.interrupt(training.run(run))
    if json_output:
        print_json({"model": model, "interrupted": list(interrupted)})
        return
    for name in interrupted:
        say(f"{name} lost its spot capacity: 'tidegate train status {model}'")


@app.command()
@reported
def approve(
    model: ModelArgument,
    *,
    version: VersionOption = None,
    reason: ReasonOption = "approved by tidegate train approve",
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Approve a registered version: the next deploy puts it into the idle slot."""
    training = _training(project_file, stage, on, model)
    decided = _decide(training, training.package(version), status="Approved", reason=reason)
    if json_output:
        print_json({"model": model, **decided})
        return
    say(f"{decided['package'].rpartition(':')[2]} is approved")
    say("'tidegate deploy' puts it into the idle slot; a pipeline of the group starts by itself")


@app.command()
@reported
def reject(
    model: ModelArgument,
    *,
    version: VersionOption = None,
    reason: ReasonOption = "rejected by tidegate train reject",
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Reject a registered version: it is not deployed any more; what is live stays live."""
    training = _training(project_file, stage, on, model)
    decided = _decide(training, training.package(version), status="Rejected", reason=reason)
    if json_output:
        print_json({"model": model, **decided})
        return
    say(f"{decided['package'].rpartition(':')[2]} is rejected")


def _decide(training: "Training", arn: str, *, status: str, reason: str) -> dict[str, str]:
    """The decision as read back, in JSON types; CommandError if somebody made another one."""
    training.registry.decide(arn, status=status, reason=reason)
    now = training.registry.approval(arn)
    if now != status:
        raise CommandError(f"{arn} is {now} although it was set to {status}: look who changed it")
    return {"package": arn, "approval": now}


def _uploaded(training: "Training", data: str) -> str:
    folder = Path(data)
    if not folder.is_dir():
        raise CommandError(f"{data} is neither a folder nor s3://...", code=Exit.USAGE)
    uri = training.upload(folder)
    note(f"{folder} is at {uri}")
    return uri


def _watched(training: "Training", arn: str) -> "RunView":
    from cli.training_words import step_line

    told: set[str] = set()
    try:
        while True:
            view = training.runs.view(arn)
            for line in (step_line(step) for step in view.steps):
                if line not in told:
                    told.add(line)
                    note(line)
            if view.over:
                return view
            time.sleep(training.where.target.refresh_seconds)
    except KeyboardInterrupt as error:
        raise InterruptedCommandError(
            f"run {arn.rpartition('/')[2]} goes on: 'tidegate train status {training.model}', "
            f"'tidegate train stop {training.model}' ends it"
        ) from error


def _tell(training: "Training", view: "RunView", *, json_output: bool) -> None:
    from cli.training_words import run_lines

    if json_output:
        print_json({"model": training.model, **_document(training, view)})
        return
    for line in run_lines(training.model, view, training.price):
        say(line)


def _document(training: "Training", view: "RunView") -> dict[str, Any]:
    return {**view.to_json(), "cost": training.price.to_json(view)}


def _summary(view: "RunView", price: "JobPrice") -> str:
    from cli.training_words import cost_words, figure_line

    figures = ";".join(figure_line(figure).strip() for figure in view.figures)
    made = "nothing registered" if view.package is None else view.package.rpartition("/")[2]
    approval = "" if view.approval is None else f" ({view.approval})"
    version = made if view.package is None else f"version {made}{approval}"
    told = "; ".join(part for part in (version, figures, cost_words(view, price)) if part)
    return f"{view.id} {view.status}: {told}"
