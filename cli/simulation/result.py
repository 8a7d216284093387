"""A whole simulation: what was asked, what came of it, as JSON."""

from dataclasses import dataclass
from typing import Any

from cli.simulation.advice import Advice, advise
from cli.simulation.campaign import Campaign, OnDone, run_campaign
from cli.simulation.figures import Basis
from cli.simulation.harms import Harm, ladder
from cli.simulation.release import Setting
from cli.simulation.summary import Row, row_of
from tidegate.plan import ReleasePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to simulate: a model's plan, the traffic, and how thoroughly."""

    model: str
    plan: ReleasePlan
    basis: Basis
    runs: int
    seed: int
    jobs: int

    @property
    def harms(self) -> tuple[Harm, ...]:
        """The candidates that are released."""
        return ladder(self.plan, self.basis.traffic.live)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What came of it."""

    model: str
    plan: ReleasePlan
    basis: Basis
    runs: int
    seed: int
    rows: tuple[Row, ...]
    advice: Advice

    def to_json(self) -> dict[str, Any]:
        """The simulation in JSON types. Rates are shares of 1."""
        return {
            "model": self.model,
            "plan": self.plan.to_json(),
            "basis": [
                {"name": figure.name, "value": figure.text, "source": figure.source.value}
                for figure in self.basis.figures
            ],
            "requests_per_minute": self.basis.traffic.requests_per_minute,
            "runs": self.runs,
            "seed": self.seed,
            "candidates": [row.to_json() for row in self.rows],
            "estimate": self.advice.to_json(),
        }


def simulate(question: Question, *, on_done: OnDone) -> Simulation:
    """Every candidate was released as often as asked."""
    traffic = question.basis.traffic
    harms = question.harms
    settings = tuple(
        Setting(plan=question.plan, traffic=traffic, candidate=harm.candidate) for harm in harms
    )
    outcomes = run_campaign(
        Campaign(settings=settings, runs=question.runs, seed=question.seed, jobs=question.jobs),
        on_done=on_done,
    )
    return Simulation(
        model=question.model,
        plan=question.plan,
        basis=question.basis,
        runs=question.runs,
        seed=question.seed,
        rows=tuple(
            row_of(harm, ended, live=traffic.live, strategy=question.plan.strategy)
            for harm, ended in zip(harms, outcomes, strict=True)
        ),
        advice=advise(question.plan, traffic),
    )
