"""`tidegate simulate`: what a plan will do at a given traffic, before anybody is harmed by it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import CommandError, Exit, failure_of, reported
from cli.options import (
    DEFAULT_PROJECT_FILE,
    JsonOption,
    On,
    OnOption,
    Place,
    ProjectFileOption,
    RequestsOption,
    StageOption,
    place,
)
from cli.output import CONSOLE, note, print_json, say, write_json

if TYPE_CHECKING:
    from cli.simulation.figures import Basis, Given
    from cli.simulation.observed import Observed
    from cli.simulation.result import Question, Simulation
    from tidegate.plan import ReleasePlan

ModelArgument = Annotated[
    str | None, typer.Argument(help="The model; may be left out where there is one.")
]
ErrorsOption = Annotated[
    float | None, typer.Option("--errors", help="The live version's error rate: 0.01 is 1 %.")
]
P50Option = Annotated[
    float | None, typer.Option("--latency-p50", help="Its median latency, in milliseconds.")
]
P99Option = Annotated[
    float | None, typer.Option("--latency-p99", help="Its 99th percentile, in milliseconds.")
]
WrongOption = Annotated[
    float | None, typer.Option("--wrong", help="Share of its outcomes that are wrong.")
]
DelayOption = Annotated[
    float | None,
    typer.Option("--outcome-delay", help="Mean seconds until an outcome becomes known."),
]
KnownOption = Annotated[
    float | None,
    typer.Option("--outcomes-known", help="Share of answers whose outcome becomes known."),
]
DifferingOption = Annotated[
    float | None,
    typer.Option("--differing", help="Share of answers in which a good shadow differs."),
]
OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Do not read the model's recent traffic.")
]
RunsOption = Annotated[int, typer.Option("--runs", help="Releases of each candidate.", min=1)]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of the traffic's chance.", min=0)]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", help="Processes; one a core if absent.", min=1, max=256)
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", help="A folder for simulation.html and simulation.json."),
]


@reported
def simulate(
    model: ModelArgument = None,
    *,
    requests_per_minute: RequestsOption = None,
    errors: ErrorsOption = None,
    latency_p50: P50Option = None,
    latency_p99: P99Option = None,
    wrong: WrongOption = None,
    outcome_delay: DelayOption = None,
    outcomes_known: KnownOption = None,
    differing: DifferingOption = None,
    offline: OfflineOption = False,
    runs: RunsOption = 200,
    seed: SeedOption = 1,
    jobs: JobsOption = None,
    output: OutputOption = None,
    stage: StageOption = None,
    project_file: ProjectFileOption = DEFAULT_PROJECT_FILE,
    on: OnOption = On.AUTO,
    json_output: JsonOption = False,
) -> None:
    """Simulate a model's releases by its plan: how long they take, what they miss.

    What is not given is read from the model's recent traffic where it is deployed, else assumed.
    """
    from cli.ab_sizing import refuse_ab_test
    from cli.plans import read_plan
    from cli.simulation.campaign import cores
    from cli.simulation.door import simulation_faults
    from cli.simulation.figures import Given
    from cli.simulation.result import Question
    from tidegate.errors import InvalidValueError

    given = Given(
        requests_per_minute=requests_per_minute,
        errors=errors,
        latency_p50_milliseconds=latency_p50,
        latency_p99_milliseconds=latency_p99,
        wrong=wrong,
        outcome_delay_seconds=outcome_delay,
        outcomes_known=outcomes_known,
        differing=differing,
    )
    name, plan = read_plan(project_file, model=model)
    refuse_ab_test(plan, verb="simulate")
    if faults := simulation_faults(plan):
        raise InvalidValueError(faults)
    where = None if offline else lambda: place(project_file=project_file, stage=stage, on=on)
    basis = _basis(given, (name, plan), where)
    jobs = cores() if jobs is None else jobs
    simulation = _simulated(
        Question(model=name, plan=plan, basis=basis, runs=runs, seed=seed, jobs=jobs)
    )
    _tell(simulation, output, json_output=json_output)


def _basis(
    given: "Given", named: "tuple[str, ReleasePlan]", where: Callable[[], Place] | None
) -> "Basis":
    """The traffic to simulate; CommandError where nobody knows how much there is."""
    from cli.simulation.figures import basis_of

    model, plan = named
    observed = None if where is None else _observed(where, model, plan)
    basis = basis_of(given, observed=observed, plan=plan)
    if basis is None:
        raise CommandError(
            f"the traffic of {model} is not known: say it by --requests-per-minute",
            code=Exit.USAGE,
        )
    return basis


def _observed(where: Callable[[], Place], model: str, plan: "ReleasePlan") -> "Observed | None":
    """The model's recent traffic; None, and a remark, where there is no cloud or no such model."""
    from cli.recent import recent_traffic

    try:
        return recent_traffic(where().deployed(), model, plan=plan)
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        note(f"recent traffic could not be read: {'; '.join(failure.faults)}")
        return None


def _simulated(question: "Question") -> "Simulation":
    from cli.bar import counted
    from cli.simulation.result import simulate as simulate_all

    with counted("releases to simulate", total=question.runs * len(question.harms)) as done:
        return simulate_all(question, on_done=done)


def _tell(simulation: "Simulation", output: Path | None, *, json_output: bool) -> None:
    from cli.simulation.page import write_page
    from cli.simulation.table import simulation_parts

    if output is not None:
        write_page(output / "simulation.html", simulation)
        write_json(output / "simulation.json", simulation.to_json())
    if json_output:
        print_json(simulation.to_json())
        return
    for part in simulation_parts(simulation):
        CONSOLE.print(part)
    if output is not None:
        say(f"charts: {output / 'simulation.html'}")
