"""`tidegate replay`: recorded traffic through any plan."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import CommandError, Exit, reported
from cli.options import DEFAULT_PROJECT_FILE, JsonOption, ProjectFileOption
from cli.output import CONSOLE, note, print_json, say, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.simulation.comparison import Replays
    from cli.simulation.recording import Recording
    from tidegate.judge import Comparison
    from tidegate.judge.strata import ServingStratum
    from tidegate.plan import ReleasePlan

ROWS = 24
"""Looks shown where `--all` is not said."""

FileArgument = Annotated[
    Path,
    typer.Argument(help="Observations, a JSON record a line ('release report --observations')."),
]
ModelArgument = Annotated[
    str | None, typer.Argument(help="The model whose plan is taken; may be left out for one.")
]
PlanOption = Annotated[
    Path | None,
    typer.Option("--plan", help="Another plan: a project file (.yaml), or a plan as JSON."),
]
AgainstOption = Annotated[
    Path | None, typer.Option("--against", help="A second plan, to compare with; as --plan.")
]
LiveOption = Annotated[
    str | None, typer.Option("--live", help="The slot that was live; the first to serve if absent.")
]
AllOption = Annotated[bool, typer.Option("--all", help="Print every look.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", help="A folder for replay.html and replay.json.")
]


@reported
def replay(
    file: FileArgument,
    model: ModelArgument = None,
    *,
    plan: PlanOption = None,
    against: AgainstOption = None,
    live: LiveOption = None,
    every: AllOption = False,
    output: OutputOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    json_output: JsonOption = False,
) -> None:
    """Judge recorded traffic once more, by the plan of the project file or any other."""
    from cli.ab_sizing import refuse_ab_test
    from cli.plans import read_plan
    from cli.simulation.comparison import Replays
    from cli.simulation.recording import read_recording
    from cli.simulation.replay import replay as replayed
    from tidegate.judge.quantiles import latency_quantiles

    recording = read_recording(file)
    comparison = _slots(recording, live)
    paths = [project_file if plan is None else plan, *([] if against is None else [against])]
    named = [(path, read_plan(path, model=model)[1]) for path in paths]
    for _, agreed in named:
        refuse_ab_test(agreed, verb="replay")
    names = [path.name for path in paths] if len(set(paths)) == len(paths) else ["plan", "other"]
    plans = list(zip(names, (each for _, each in named), strict=True))
    _check(recording, plans, comparison)
    main, *others = [
        replayed(recording, each, comparison=comparison, name=name) for name, each in plans
    ]
    replays = Replays(
        release_id=recording.release_id,
        comparison=comparison,
        main=main,
        other=others[0] if others else None,
        latency=latency_quantiles(_strata(recording, main.plan, comparison)),
    )
    _tell(replays, output, json_output=json_output, most=None if every else ROWS)


def _check(
    recording: "Recording", plans: "Sequence[tuple[str, ReleasePlan]]", comparison: "Comparison"
) -> None:
    """InvalidValueError with every reason why a plan cannot judge what was recorded."""
    from cli.simulation.door import replay_faults
    from tidegate.errors import InvalidValueError

    faults = [
        fault
        for name, plan in plans
        for fault in replay_faults(recording, plan, comparison=comparison, name=name)
    ]
    if faults:
        raise InvalidValueError(faults)


def _strata(
    recording: "Recording", plan: "ReleasePlan", comparison: "Comparison"
) -> "Sequence[ServingStratum]":
    """The latencies to compare: of a shadow those of its pairs."""
    from tidegate.judge.pairs import latencies_of_pairs
    from tidegate.judge.strata import serving_strata
    from tidegate.strategies import Strategy

    found = latencies_of_pairs if plan.strategy is Strategy.SHADOW else serving_strata
    return found(recording.observations, comparison)


def _slots(recording: "Recording", live: str | None) -> "Comparison":
    """Who is compared; CommandError where the recording has not two slots, or not this one."""
    from tidegate.judge import Comparison
    from tidegate.requestlog import UNKNOWN_SLOT

    slots = [slot for slot in recording.slots if slot != UNKNOWN_SLOT]
    if len(slots) != 2:
        raise CommandError(
            f"the recording has the slots {', '.join(slots)}: a replay compares two",
            code=Exit.REFUSED,
        )
    if live is None:
        note(f"{slots[0]} is taken for the live slot: it served first ('--live' says another)")
        live = slots[0]
    if live not in slots:
        raise CommandError(
            f"the recording has no slot {live}, it has: {', '.join(slots)}", code=Exit.USAGE
        )
    return Comparison(live=live, candidate=next(slot for slot in slots if slot != live))


def _tell(replays: "Replays", output: Path | None, *, json_output: bool, most: int | None) -> None:
    from cli.simulation.comparison import comparison_parts
    from cli.simulation.replay_page import write_replay_page

    if output is not None:
        write_replay_page(output / "replay.html", replays)
        write_json(output / "replay.json", replays.to_json())
    if json_output:
        print_json(replays.to_json())
        return
    for part in comparison_parts(replays, most=most):
        CONSOLE.print(part)
    if output is not None:
        say(f"charts: {output / 'replay.html'}")
