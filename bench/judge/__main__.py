"""`python -m bench.judge`: the judge, its peers and the oracle on the same simulated releases.

Prints the tables; a full run also writes `bench/judge/results.json` and `docs/images/judge.svg`.
`--draw` makes tables and picture again from that file; `--scenario` looks at one scenario closely.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.judge import picture
from bench.judge.cost import cost
from bench.judge.look import look
from bench.judge.measure import RULES, measure, rule_named
from bench.judge.product import JUDGE
from bench.judge.report import WIDTH, show
from bench.judge.results import KEPT, Results, read, results_of, write
from bench.judge.rules import Rule
from bench.judge.scenarios import ALL, named
from bench.judge.worlds import Family

RUNS, QUICK_RUNS, LOOKED_AT = 200, 20, 10
SEED = 3

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "judge.svg"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures what was asked for; 2 where it does not exist."""
    asked = _parser().parse_args(arguments)
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    try:
        scenario = None if asked.scenario is None else named(asked.scenario)
        rule = rule_named(asked.rule)
        rules = RULES if asked.rules is None else tuple(map(rule_named, asked.rules))
        kept = read() if asked.draw else None
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    if scenario is not None:
        runs = LOOKED_AT if asked.runs is None else asked.runs
        look(scenario, rule, console, runs=runs, seed=asked.seed)
        return 0
    results = _measure(asked, rules) if kept is None else kept
    show(results, console)
    _keep(asked, results)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.judge", description=__doc__)
    names = ", ".join(rule.name for rule in RULES)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RUNS} releases a scenario")
    parser.add_argument("--runs", type=int, help=f"releases a scenario (default {RUNS})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--processes", type=int, default=2, help="default 2")
    parser.add_argument("--rules", nargs="+", metavar="RULE", help=names.replace("%", "%%"))
    families = [family.value for family in Family]
    parser.add_argument("--families", nargs="+", choices=families, help="default all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--draw", action="store_true", help="from the kept results, measure nothing"
    )
    parser.add_argument("--scenario", metavar="NAME", help="look at one scenario closely")
    parser.add_argument("--rule", default=JUDGE.name, help="with --scenario, default judge")
    return parser


def _measure(asked: argparse.Namespace, rules: Sequence[Rule]) -> Results:
    runs = asked.runs
    if runs is None:
        runs = QUICK_RUNS if asked.quick else RUNS
    families = {family.value for family in Family} if asked.families is None else asked.families
    scenarios = [scenario for scenario in ALL if scenario.family in families]
    with _progress() as progress:
        task = progress.add_task("", total=None)

        def told(what: str, done: int, of: int) -> None:
            progress.update(task, description=what, completed=done, total=of)

        found = measure(
            scenarios, rules, runs=runs, seed=asked.seed, processes=asked.processes, told=told
        )
        progress.update(task, description="cost of a step")
    spent = cost(seed=asked.seed) if JUDGE in rules else None
    return results_of(found, runs=runs, seed=asked.seed, cost=spent)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _keep(asked: argparse.Namespace, results: Results) -> None:
    """Only a run of everything at full size replaces the figures that the documentation shows."""
    if asked.json is not None:
        write(results, asked.json)
    full = asked.rules is None and asked.families is None and results.runs >= RUNS
    if full and not asked.draw:
        write(results, KEPT)
    if full:
        PICTURE.write_text(picture.draw(results))
        print(f"drawn: {PICTURE}", file=sys.stderr)
    else:
        print(f"{KEPT.name} and {PICTURE.name} stay as they are", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
