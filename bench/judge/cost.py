"""What a look costs the product: time a step, bytes of state, time to import. One process."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.judge.measure import seed_of
from bench.judge.recorded import SLOTS, looks, plan_of
from bench.judge.scenarios import named
from bench.judge.simulate import simulate
from tidegate.judge import JudgeState, judge

DENSE = ("stationary", "shared incidents", "heavy tails", "late conversions", "low traffic")
"""Releases of three metrics with much and with little in each interval, and many late outcomes."""

IMPORTS = 7
_KEEPS_NONE = "PYTHONDONTWRITEBYTECODE"
_SOURCE = Path(__file__).parents[2] / "lambda"
_IMPORT = (
    "import time; begun = time.perf_counter(); import tidegate.judge; "
    "print(time.perf_counter() - begun)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The most that any of the scenarios costs, and which one it is."""

    step_milliseconds: float
    """Median over the looks of one release."""
    step_scenario: str
    slowest_milliseconds: float
    """Of all steps."""
    state_bytes: int
    """As JSON, at its largest."""
    state_scenario: str
    import_milliseconds: float
    """Median of fresh interpreters."""


def cost(scenarios: Sequence[str] = DENSE, *, seed: int, imports: int = IMPORTS) -> Cost:
    """The judge's cost on one core, over one release of each scenario to its last look."""
    steps, states = {}, {}
    for name in scenarios:
        steps[name], states[name] = _release(name, seed)
    medians = {name: statistics.median(taken) for name, taken in steps.items()}
    slowest, largest = max(medians, key=medians.__getitem__), max(states, key=states.__getitem__)
    return Cost(
        step_milliseconds=1_000 * medians[slowest],
        step_scenario=slowest,
        slowest_milliseconds=1_000 * max(max(taken) for taken in steps.values()),
        state_bytes=states[largest],
        state_scenario=largest,
        import_milliseconds=1_000 * import_seconds(imports),
    )


def _release(name: str, seed: int) -> tuple[list[float], int]:
    """The seconds each look took, and the bytes of the largest state."""
    scenario = named(name)
    plan = plan_of(scenario)
    state, taken, most = JudgeState.initial(plan), [], 0
    for observations in looks(simulate(scenario, 1, seed_of(name, 0, seed=seed)), 0):
        begun = time.perf_counter()
        state, _ = judge(plan, SLOTS, state, observations)
        taken.append(time.perf_counter() - begun)
        most = max(most, len(json.dumps(state.to_json(), separators=(",", ":"))))
    return taken, most


def import_seconds(times: int) -> float:
    """How long `import tidegate.judge` takes an interpreter that has imported nothing yet.

    Sources are compiled before, by a run that is not counted, and kept in a folder of their own: an
    environment that keeps no compiled files would measure the compiler.
    """
    with TemporaryDirectory() as compiled:
        environment = {
            **{name: text for name, text in os.environ.items() if name != _KEEPS_NONE},
            "PYTHONPATH": str(_SOURCE),
            "PYTHONPYCACHEPREFIX": compiled,
        }
        taken = [_seconds(environment) for _ in range(times + 1)]
    return statistics.median(taken[1:])


def _seconds(environment: dict[str, str]) -> float:
    command = [sys.executable, "-c", _IMPORT]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(done.stdout)
