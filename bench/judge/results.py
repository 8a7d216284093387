"""The figures as a file, so that tables and the picture can be made again without measuring."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.judge.cost import Cost
from bench.judge.figures import (
    Beside,
    Cell,
    Share,
    Summary,
    cell,
    exposure_beside,
    summary,
    to_json,
)
from bench.judge.measure import RULES, Runs
from bench.judge.oracle import ALPHA
from bench.judge.product import JUDGE
from bench.judge.scenarios import ALL, named
from bench.judge.worlds import Family
from tidegate.plan import Metric

KEPT = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One run of the benchmark."""

    runs: int
    """Releases a scenario."""
    seed: int
    cells: tuple[Cell, ...]
    cost: Cost | None

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that have figures, in the order of tables."""
        known = {one.rule for one in self.cells}
        return tuple(rule.name for rule in RULES if rule.name in known)

    def summaries(self) -> tuple[Summary, ...]:
        """One a rule."""
        return tuple(
            summary((rule.name, rule.documented, tuple(rule.watches)), self.cells)
            for rule in RULES
            if rule.name in self.rules
        )

    def beside_judge(self, rule: str, *metrics: Metric) -> Beside:
        """Bad requests a rule served over the judge's, where one of these metrics is harmed."""
        scenarios = [one for one in ALL if one.harmed in metrics]
        return exposure_beside(rule, JUDGE.name, self.cells, scenarios)


def results_of(all_runs: Sequence[Runs], *, runs: int, seed: int, cost: Cost | None) -> Results:
    """The figures of all that was measured."""
    return Results(runs=runs, seed=seed, cells=tuple(map(cell, all_runs)), cost=cost)


def write(results: Results, file: Path) -> None:
    """The file holds the figures, summaries first."""
    data = {
        "runs": results.runs,
        "seed": results.seed,
        "oracle_alpha": ALPHA,
        "cost": None if results.cost is None else asdict(results.cost),
        "rules": [
            {
                **to_json(one),
                "exposure_beside_judge": asdict(results.beside_judge(one.rule, *Metric)),
                "exposure_beside_judge_errors_latency": asdict(
                    results.beside_judge(one.rule, Metric.ERRORS, Metric.LATENCY)
                ),
            }
            for one in results.summaries()
        ],
    }
    head = json.dumps(_rounded(data), indent=1, ensure_ascii=False).removesuffix("\n}")
    cells = (json.dumps(_rounded(to_json(one)), ensure_ascii=False) for one in results.cells)
    file.write_text(head + ',\n "cells": [\n  ' + ",\n  ".join(cells) + "\n ]\n}\n")


def read(file: Path = KEPT) -> Results:
    """The figures that `write` wrote; FileNotFoundError where there are none yet."""
    data = json.loads(file.read_text())
    return Results(
        runs=data["runs"],
        seed=data["seed"],
        cells=tuple(
            Cell(
                **{
                    **one,
                    "family": Family(one["family"]),
                    "rolled_back": Share(**one["rolled_back"]),
                }
            )
            for one in data["cells"]
            if one["scenario"] in {scenario.name for scenario in ALL}
        ),
        cost=None if data["cost"] is None else Cost(**data["cost"]),
    )


def harmless(results: Results, rule: str) -> list[Cell]:
    """The rule's harmless releases, unfair ones last."""
    return [one for one in _of(results, rule) if named(one.scenario).harmed is None]


def bad(results: Results, rule: str) -> list[Cell]:
    """The rule's bad releases."""
    return [one for one in _of(results, rule) if named(one.scenario).harmed is not None]


def _of(results: Results, rule: str) -> list[Cell]:
    return [one for one in results.cells if one.rule == rule]


def _rounded(value: Any) -> Any:
    """Six digits are more than simulation knows, and keep the file small."""
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
