"""`tidegate monitor ...`: whether traffic is still like the data that a model was trained on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.exits import CommandError, Exit, reported
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
from tidegate.monitoring.seasons import Season

if TYPE_CHECKING:
    from tidegate.monitoring.baseline import Baseline

app = typer.Typer(no_args_is_help=True, help="Watch captured traffic for drift.")

ModelArgument = Annotated[str, typer.Argument(help="The model.")]


DataOption = Annotated[
    Path, typer.Option("--data", help="Training data: CSV with a header, or .jsonl.")
]
BaselineOption = Annotated[Path, typer.Option("--output", help="The file to write.")]
FeatureOption = Annotated[
    list[str] | None,
    typer.Option("--feature", help="A column to watch; every column if absent."),
]
CategoryOption = Annotated[
    list[str] | None,
    typer.Option("--category", help="A column of categories that look like numbers."),
]
DropOption = Annotated[
    list[str] | None, typer.Option("--drop", help="A column to leave out, such as the label.")
]
PredictionOption = Annotated[
    str | None, typer.Option("--prediction", help="The column of the model's predictions.")
]
TimeOption = Annotated[
    str | None,
    typer.Option("--time", help="The column of each row's moment: ISO 8601 or epoch seconds."),
]
SeasonOption = Annotated[
    Season, typer.Option("--season", help="What moments are told apart by, in UTC.")
]
SliceOption = Annotated[
    list[str] | None,
    typer.Option("--slice", help="A column that cuts traffic; with edges: age=30,50."),
]
AttributionsOption = Annotated[
    str | None,
    typer.Option("--attributions", help="The column of attributions: objects by feature."),
]
EvaluationOption = Annotated[
    Path | None,
    typer.Option("--evaluation", help="Rows that the model was not trained on."),
]
ScoreOption = Annotated[
    str | None, typer.Option("--score", help="Its column of scores: chances, 0 to 1.")
]
LabelOption = Annotated[
    str | None, typer.Option("--label", help="Its column of labels: 0 or 1, true or false.")
]
ThresholdOption = Annotated[
    float | None,
    typer.Option(help="Positive from this score on; absent: scores say how sure the model is."),
]


@app.command()
@reported
def baseline(
    *,
    data: DataOption,
    output: BaselineOption,
    feature: FeatureOption = None,
    category: CategoryOption = None,
    drop: DropOption = None,
    prediction: PredictionOption = None,
    time: TimeOption = None,
    season: SeasonOption = Season.NONE,
    slice_: SliceOption = None,
    attributions: AttributionsOption = None,
    evaluation: EvaluationOption = None,
    score: ScoreOption = None,
    label: LabelOption = None,
    threshold: ThresholdOption = None,
    json_output: JsonOption = False,
) -> None:
    """Write the baseline of a training data set: counts, no rows. The data is read as a stream."""
    from cli.monitors import Choice, baseline_of, evaluated, evaluation_of, slices_of
    from tidegate.errors import InvalidValueError

    of = evaluation_of(evaluation, score=score, label=label, threshold=threshold)
    choice = Choice(
        features=tuple(feature or ()),
        categories=tuple(category or ()),
        prediction=prediction,
        drop=tuple(drop or ()),
        time=time,
        season=season,
        slices=slices_of(slice_ or ()),
        attributions=attributions,
    )
    try:
        made = baseline_of(data, choice)
        if evaluation is not None and of is not None:
            made = evaluated(made, evaluation, of)
    except InvalidValueError as error:
        raise CommandError("; ".join(error.faults), code=Exit.REFUSED) from error
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(made.text(), encoding="utf-8")
    if json_output:
        _print_baseline(made)
    else:
        _say_baseline(output, made)


def _print_baseline(made: "Baseline") -> None:
    from cli.monitorwords import evaluation_json

    told = {"digest": made.digest, "rows": made.rows, "features": list(made.features)}
    print_json({**told, **evaluation_json(made)})


def _say_baseline(output: Path, made: "Baseline") -> None:
    from cli.monitorwords import evaluation_line

    say(
        f"{output}: {len(made.features)} features of {made.rows} rows "
        f"({made.placing_rows} more placed the bins)"
    )
    if made.evaluation is not None:
        say(evaluation_line(made))


@app.command("run")
@reported
def run_(
    model: ModelArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Look now, instead of waiting for the schedule; exit code 6 where there is drift."""
    from cli.monitors import find_monitor

    monitor = find_monitor(place(project_file=project_file, stage=stage, on=on), model)
    answers = []
    for answer in monitor.run():
        answers.append(answer)
        if answer["next"] != "done":
            note(f"{answer['requests']} requests counted, more are left")
    last = answers[-1]
    if json_output:
        total = {key: sum(a[key] for a in answers) for key in ("files", "requests", "windows")}
        print_json({**last, **total})
    else:
        counted = sum(answer["requests"] for answer in answers)
        say(f"{model}: {counted} new requests; {last['word']}, {last['reason']}")
    raise SystemExit(int(_code(last["word"])))


@app.command()
@reported
def status(
    model: ModelArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Show the verdict of the last look, and what moved most; exit code 6 where there is drift."""
    from cli.monitors import find_monitor
    from cli.monitorwords import findings_table, headline, quality_lines, slices_table
    from cli.reactions import acts_told, reaction_of

    where = place(project_file=project_file, stage=stage, on=on)
    monitor = find_monitor(where, model)
    view = _view(monitor.report(), model)
    reaction = reaction_of(monitor)
    memory = None if reaction is None else reaction.memory()
    if json_output:
        print_json({**view, "reaction": None if memory is None else memory.to_json()})
    else:
        say(headline(view))
        if view["findings"]:
            CONSOLE.print(findings_table(view["findings"]))
        if view.get("slices"):
            CONSOLE.print(slices_table(view["slices"]))
        for line in quality_lines(view):
            say(line)
        say(f"{view['promise']}.")
        for line in () if memory is None else acts_told(memory):
            say(line)
    raise SystemExit(int(_code(view["word"])))


@app.command()
@reported
def report(
    model: ModelArgument,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", help="The page; build/monitor/MODEL.html if absent.")
    ] = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Write the report of the last look as an HTML page with charts."""
    from cli.monitor_page import write_page
    from cli.monitors import find_monitor

    where = place(project_file=project_file, stage=stage, on=on)
    view = _view(find_monitor(where, model).report(), model)
    path = Path("build") / "monitor" / f"{model}.html" if output is None else output
    write_page(path, view)
    if json_output:
        print_json({"page": str(path), "word": view["word"]})
    else:
        say(f"{path}: {view['word']}, {view['reason']}")


@app.command()
@reported
def react(
    model: ModelArgument,
    *,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Decide now what is done about the last report; what the guard forbids is not done."""
    from cli.reactions import find_reaction

    reaction = find_reaction(place(project_file=project_file, stage=stage, on=on), model)
    told = reaction.decide()
    if json_output:
        print_json(told)
        return
    say(f"{model}: {told['reason']}")
    if told["made"] is not None:
        say(f"it began {told['made'].rpartition('/')[2]}")


def _view(found: dict[str, Any] | None, model: str) -> dict[str, Any]:
    if found is None:
        raise CommandError(
            f"the monitor of {model} has not looked yet: 'tidegate monitor run {model}' looks now",
            code=Exit.REFUSED,
        )
    return found


def _code(word: str) -> Exit:
    return Exit.UNDECIDED if word == "drift" else Exit.OK
