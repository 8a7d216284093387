"""From what rules did to figures: false rollbacks, power, requests beside the oracle's, exposure.

A rollback before the candidate turns bad is a false one: it counts as `early` and says nothing of
how soon the harm was found.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bench.judge.intervals import clopper_pearson
from bench.judge.measure import Runs, rule_named
from bench.judge.oracle import oracle
from bench.judge.rules import NEVER
from bench.judge.scenarios import named
from bench.judge.worlds import Family, Scenario
from tidegate.plan import Metric

FOUND = 0.5
"""The least power with which the median candidate request of the rollback exists."""

THRESHOLDS_WATCH = (Metric.ERRORS, Metric.LATENCY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of runs and its exact 95 % interval."""

    count: int
    of: int
    low: float
    high: float

    @classmethod
    def of_runs(cls, count: int, of: int) -> "Share":
        """The share with its interval, which of no runs at all is everything."""
        low, high = clopper_pearson(count, of) if of else (0.0, 1.0)
        return cls(count=count, of=of, low=low, high=high)

    @property
    def value(self) -> float:
        """The share itself, 0 of no runs."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One rule in one scenario; requests are the candidate's, from the onset of the harm."""

    rule: str
    scenario: str
    family: Family
    watched: bool
    """Whether the rule watches what is harmed: it may roll back for another reason all the same."""
    rolled_back: Share
    """Of the releases not rolled back before the onset."""
    early: int
    promoted: int
    """Releases that had a `promote` before any rollback."""
    median_looks: float | None
    median_requests: float | None
    """None where fewer than half of the releases are rolled back."""
    ratio: float | None
    """Median requests over the oracle's; None for harm that the rule does not watch, too."""
    mean_requests: float | None
    """Bad requests served, to the rollback or else to the end; None where all ended early."""
    oracle_mean_requests: float | None


def cell(runs: Runs) -> Cell:
    """The figures of one rule in one scenario."""
    scenario = named(runs.scenario)
    in_time = runs.rolled_back >= scenario.onset
    looks = runs.rolled_back[in_time]
    requests = np.where(looks < NEVER, runs.requests[in_time].astype(float), np.inf)
    share = Share.of_runs(int((looks < NEVER).sum()), len(looks))
    found = share.value > FOUND
    median = float(np.median(requests)) if found else None
    best = None if scenario.harmed is None else oracle(scenario)
    watched = scenario.harmed is None or scenario.harmed in rule_named(runs.rule).watches
    return Cell(
        rule=runs.rule,
        scenario=runs.scenario,
        family=scenario.family,
        watched=watched,
        rolled_back=share,
        early=int((~in_time).sum()),
        promoted=int((runs.promoted < runs.rolled_back).sum()),
        median_looks=float(np.median(looks)) + 1 - scenario.onset if found else None,
        median_requests=median,
        ratio=_over(median, best.median_requests if best is not None and watched else None),
        mean_requests=float(runs.requests[in_time].mean()) if in_time.any() else None,
        oracle_mean_requests=None if best is None else best.mean_requests,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One rule over all scenarios; None where none of its scenarios were measured or found."""

    rule: str
    documented: str
    watches: tuple[str, ...]
    false_pooled: Share | None
    false_worst: Cell | None
    stress_worst: Cell | None
    power_worst: Cell | None
    ratios: dict[str, float | None]
    """Geometric means by family, and over `all`."""
    found: int
    """Bad scenarios with a median, which the means are over."""
    bad: int
    ratio_worst: Cell | None
    exposure: float | None
    """Bad requests served, mean over bad scenarios."""
    exposure_errors_latency: float | None
    early: Share | None
    """Rollbacks before a late onset: false ones in bad releases."""


def summary(rule: tuple[str, str, tuple[str, ...]], cells: Sequence[Cell]) -> Summary:
    """The rule (its name, source and what it watches) over the cells that are its own."""
    name, documented, watches = rule
    mine = [one for one in cells if one.rule == name]
    harmless = [one for one in mine if one.family is Family.HARMLESS]
    bad = [one for one in mine if named(one.scenario).harmed is not None]
    found = [one for one in bad if one.ratio is not None]
    watched = [one for one in bad if named(one.scenario).harmed in THRESHOLDS_WATCH]
    return Summary(
        rule=name,
        documented=documented,
        watches=watches,
        false_pooled=_pooled(harmless),
        false_worst=_worst(harmless),
        stress_worst=_worst([one for one in mine if one.family is Family.STRESS]),
        power_worst=min(
            (one for one in bad if one.watched and one.rolled_back.of),
            key=lambda one: one.rolled_back.value,
            default=None,
        ),
        ratios=_ratios(found),
        found=len(found),
        bad=len(bad),
        ratio_worst=max(found, key=lambda one: one.ratio or 0.0, default=None),
        exposure=_mean(one.mean_requests for one in bad),
        exposure_errors_latency=_mean(one.mean_requests for one in watched),
        early=_early(bad),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Bad requests that a rule served over those that another served."""

    sums: float | None
    """Over all scenarios: those with much traffic weigh most."""
    geometric_mean: float | None
    """Of the scenarios' quotients."""


def exposure_beside(
    rule: str, other: str, cells: Sequence[Cell], scenarios: Iterable[Scenario]
) -> Beside:
    """Bad requests that a rule served beside another's, where both have figures."""
    served = {
        (one.rule, one.scenario): one.mean_requests
        for one in cells
        if one.mean_requests is not None
    }
    both = [
        (served[rule, one.name], served[other, one.name])
        for one in scenarios
        if one.harmed is not None and (rule, one.name) in served and (other, one.name) in served
    ]
    sums = _over(sum(mine for mine, _ in both), sum(others for _, others in both) or None)
    each = [mine / others for mine, others in both if mine > 0 and others > 0]
    return Beside(sums=sums, geometric_mean=_geometric_mean(each))


def to_json(value: Any) -> Any:
    """A Cell or a Summary in JSON types; cells inside a summary by their scenario alone."""
    data = asdict(value)
    for name in ("false_worst", "stress_worst", "power_worst", "ratio_worst"):
        if data.get(name) is not None:
            data[name] = data[name]["scenario"]
    return data


def _pooled(cells: Sequence[Cell]) -> Share | None:
    of = sum(one.rolled_back.of for one in cells)
    return Share.of_runs(sum(one.rolled_back.count for one in cells), of) if of else None


def _early(cells: Sequence[Cell]) -> Share | None:
    late = [one for one in cells if one.family is Family.LATE_ONSET]
    of = sum(one.early + one.rolled_back.of for one in late)
    return Share.of_runs(sum(one.early for one in late), of) if of else None


def _worst(cells: Sequence[Cell]) -> Cell | None:
    return max(cells, key=lambda one: one.rolled_back.value, default=None)


def _ratios(found: Sequence[Cell]) -> dict[str, float | None]:
    families: dict[str, list[float]] = {"all": []}
    for one in found:
        if one.ratio is not None:
            families["all"].append(one.ratio)
            families.setdefault(one.family.value, []).append(one.ratio)
    return {family: _geometric_mean(ratios) for family, ratios in families.items()}


def _geometric_mean(values: Sequence[float]) -> float | None:
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _over(value: float | None, best: float | None) -> float | None:
    return None if value is None or best is None else value / best
