"""Runs rules over scenarios: the same releases for every rule, on as many processes as asked.

What a rule did with each release is kept as it is; `figures` makes numbers of it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

import numpy as np

from bench.judge.peers import FITTED, PEERS, fitting
from bench.judge.peers.fitting import Limits
from bench.judge.product import JUDGE
from bench.judge.recorded import Counts, Recorded
from bench.judge.rules import NEVER, Rule
from bench.judge.scenarios import named
from bench.judge.simulate import simulate
from bench.judge.worlds import Scenario
from emulator.processes import die_with_parent

RULES: tuple[Rule, ...] = (JUDGE, *PEERS)
RUNS_A_TASK = 20

_Result = TypeVar("_Result")
Told = Callable[[str, int, int], None]
"""Hears of progress: what is being done, how much of it is done, of how much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """What one rule did with the releases of one scenario, in order of their number."""

    rule: str
    scenario: str
    rolled_back: Counts
    """The first look of each run, NEVER where there was none."""
    promoted: Counts
    requests: Counts
    """Candidate requests served from the onset to the rollback, or else to the last look."""

    def plus(self, other: "Runs") -> "Runs":
        """These runs and then the others."""
        return Runs(
            rule=self.rule,
            scenario=self.scenario,
            rolled_back=np.concatenate([self.rolled_back, other.rolled_back]),
            promoted=np.concatenate([self.promoted, other.promoted]),
            requests=np.concatenate([self.requests, other.requests]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some releases of one scenario: a unit of work."""

    scenario: str
    number: int
    runs: int


def rule_named(name: str) -> Rule:
    """The rule of that name; an unknown one raises ValueError with those there are."""
    for rule in RULES:
        if rule.name == name:
            return rule
    raise ValueError(f"unknown rule {name!r}, there are: {', '.join(r.name for r in RULES)}")


def seed_of(scenario: str, number: int, *, seed: int) -> int:
    """A seed of its own for each part of each scenario, whatever else is measured with it."""
    return int.from_bytes(sha256(f"{seed}/{scenario}/{number}".encode()).digest()[:8])


def measure(
    scenarios: Sequence[Scenario],
    rules: Sequence[Rule],
    *,
    runs: int,
    seed: int,
    processes: int,
    told: Told,
) -> list[Runs]:
    """Every rule's decisions on so many releases of every scenario."""
    with _workers(processes) as workers:
        _fit(workers, scenarios, rules, told)
        parts = [
            Part(scenario=scenario.name, number=number, runs=min(RUNS_A_TASK, runs - first))
            for scenario in _slowest_first(scenarios)
            for number, first in enumerate(range(0, runs, RUNS_A_TASK))
        ]
        names = tuple(rule.name for rule in rules)
        done = dict(_each(workers, _run, [(part, names, seed) for part in parts], told))
    found: dict[tuple[str, str], Runs] = {}
    for place in range(len(parts)):
        for one in done[place]:
            key = one.rule, one.scenario
            found[key] = found[key].plus(one) if key in found else one
    return [found[rule.name, scenario.name] for rule in rules for scenario in scenarios]


def play(recorded: Recorded, rule: Rule) -> Runs:
    """What one rule does with recorded releases."""
    decisions = rule.decide(recorded)
    onset = recorded.scenario.onset
    served = np.cumsum(recorded.candidate.requests[:, onset:], axis=1)
    last = np.clip(decisions.rolled_back - onset, 0, served.shape[1] - 1)
    never = np.full(recorded.runs, NEVER)
    return Runs(
        rule=rule.name,
        scenario=recorded.scenario.name,
        rolled_back=decisions.rolled_back,
        promoted=never if decisions.promoted is None else decisions.promoted,
        requests=served[np.arange(recorded.runs), last],
    )


def _run(task: tuple[Part, tuple[str, ...], int]) -> list[Runs]:
    part, names, seed = task
    scenario = named(part.scenario)
    recorded = simulate(scenario, part.runs, seed_of(part.scenario, part.number, seed=seed))
    return [play(recorded, rule_named(name)) for name in names]


def _fit(
    workers: Executor, scenarios: Sequence[Scenario], rules: Sequence[Rule], told: Told
) -> None:
    """Limits that are not kept yet are, before any process needs them."""
    known = fitting.read()
    wanted = {rule.name for rule in rules}
    fitted = [limited for limited in FITTED if f"{limited.name} fitted" in wanted]
    missing = {
        fitting.stationary(scenario): (tuple(one.name for one in fitted), scenario.name)
        for scenario in scenarios
        if any(fitting.key_of(limited, scenario) not in known for limited in fitted)
    }
    for _, limits in _each(workers, _limits, list(missing.values()), told):
        fitting.keep(limits)


def _limits(task: tuple[tuple[str, ...], str]) -> dict[str, Limits]:
    names, scenario = task
    return fitting.fit([one for one in FITTED if one.name in names], named(scenario))


def _slowest_first(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Harmless releases go on to their last look, so begin with them."""
    return sorted(scenarios, key=lambda scenario: scenario.harmed is not None)


def _each(
    workers: Executor,
    task: Callable[..., _Result],
    arguments: Sequence[object],
    told: Told,
) -> Iterator[tuple[int, _Result]]:
    """Each result as it comes, with the place of its argument."""
    futures = {workers.submit(task, argument): place for place, argument in enumerate(arguments)}
    what = "fitting limits" if task is _limits else "releases"
    for done, future in enumerate(as_completed(futures), start=1):
        told(what, done, len(futures))
        yield futures[future], future.result()


@contextmanager
def _workers(processes: int) -> Iterator[Executor]:
    """Processes that end with this one, however it ends."""
    workers = ProcessPoolExecutor(
        max_workers=processes, initializer=die_with_parent, initargs=(os.getpid(),)
    )
    try:
        yield workers
    finally:
        workers.shutdown(cancel_futures=True)
