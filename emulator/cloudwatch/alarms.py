"""Metric alarms: what an alarm's record asks for, and what the datapoints say to it.

Records are dictionaries in the shape of DescribeAlarms; ministack keeps them. Windows end at whole
minutes of the cloud's clock (whole ten seconds for periods under a minute) and slide, so a period
of five minutes is looked at every minute. The window that is still open counts only when nothing
that may yet come could change the verdict: a sum of non-negative values or a maximum that is
already too high, a minimum that is already too low.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.cloudwatch.evaluation import (
    COMPARISONS,
    EXTRA_PERIODS,
    Missing,
    Rule,
    State,
    evaluate,
)
from emulator.cloudwatch.expressions import Series
from emulator.cloudwatch.queries import (
    Query,
    QueryError,
    Tenant,
    common_period,
    compute_all,
    parse_queries,
)
from emulator.cloudwatch.series import Datapoint, is_statistic, statistic
from emulator.cloudwatch.store import MetricKey, MetricStore

Json = dict[str, Any]

SHORTEST_GRID_SECONDS = 10
"""Windows end at multiples of this at the most often: for periods under a minute."""

_GROWING = frozenset({"Sum", "SampleCount", "Maximum"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What an alarm watches: one query of `queries` returns data, and `rule` judges it."""

    queries: tuple[Query, ...]
    rule: Rule
    period: int

    @property
    def keys(self) -> tuple[MetricKey, ...]:
        """The metrics that it looks at."""
        return tuple(query.key for query in self.queries if query.key is not None)

    @property
    def watched(self) -> Query:
        """The query whose datapoints are compared with the threshold."""
        return next(query for query in self.queries if query.returned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What an evaluation saw: the state it asks for and the datapoints behind it, oldest first."""

    state: State
    values: tuple[float | None, ...]
    starts: tuple[int, ...]


def definition_of(alarm: Mapping[str, Any], tenant: Tenant) -> Definition:
    """What the alarm's record asks for; QueryError if it is wrong or not emulated."""
    queries = parse_queries(alarm["Metrics"], tenant) if alarm.get("Metrics") else None
    if queries is None:
        queries = (_single_query(alarm, tenant),)
    if sum(query.returned for query in queries) != 1:
        raise QueryError("exactly one of an alarm's Metrics must have ReturnData true")
    return Definition(queries=queries, rule=_rule(alarm), period=common_period(queries))


def _single_query(alarm: Mapping[str, Any], tenant: Tenant) -> Query:
    stat = str(alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average")
    if not is_statistic(stat):
        raise QueryError(f"the embedded cloud does not emulate the statistic {stat!r}")
    return Query(
        id="m1",
        label=str(alarm.get("MetricName", "")),
        returned=True,
        key=tenant.key(alarm),
        stat=stat,
        period=int(alarm.get("Period", 60)),
    )


def _rule(alarm: Mapping[str, Any]) -> Rule:
    comparison = str(alarm.get("ComparisonOperator"))
    if comparison not in COMPARISONS or alarm.get("ThresholdMetricId"):
        raise QueryError(f"the embedded cloud does not emulate the comparison {comparison!r}")
    periods = int(alarm.get("EvaluationPeriods", 1))
    needed = alarm.get("DatapointsToAlarm")
    needed = periods if needed is None else int(needed)
    if not 1 <= needed <= periods:
        raise QueryError(
            f"DatapointsToAlarm must be from 1 to EvaluationPeriods ({periods}), got {needed}"
        )
    treatment = str(alarm.get("TreatMissingData") or "missing")
    if treatment not in set(Missing):
        raise QueryError(f"TreatMissingData must be one of {[*Missing]}, got {treatment!r}")
    return Rule(
        threshold=float(alarm.get("Threshold", 0.0)),
        comparison=comparison,
        periods=periods,
        needed=needed,
        missing=Missing(treatment),
    )


def window_end(definition: Definition, now: float) -> int:
    """When the newest complete window of the alarm's data ended."""
    grid = 60 if definition.period >= 60 else SHORTEST_GRID_SECONDS
    return math.floor(now / grid) * grid


def first_start(definition: Definition, end: int) -> int:
    """When the oldest window began that an evaluation looks at whose newest one ended then."""
    return end - definition.period * (definition.rule.periods + EXTRA_PERIODS)


def find(definition: Definition, store: MetricStore, current: State, now: float) -> Finding:
    """What the datapoints up to `now` say to the alarm."""
    period, rule = definition.period, definition.rule
    end = window_end(definition, now)
    starts = list(range(first_start(definition, end), end, period))
    series = _series(definition, store, starts)
    values = [series.get(start) for start in starts]
    certain = _certain_value(definition, store, end, now)
    if certain is not None:
        values, starts = [*values[1:], certain], [*starts[1:], end]
    state = evaluate(rule, values, current)
    return Finding(state=state, values=tuple(values), starts=tuple(starts))


def _series(definition: Definition, store: MetricStore, starts: Sequence[int]) -> Series:
    def series_of(query: Query) -> Series:
        points = {start: _window(store, query, start, definition.period) for start in starts}
        values = {s: statistic(p, query.stat) for s, p in points.items() if p is not None}
        return {start: value for start, value in values.items() if value is not None}

    return compute_all(definition.queries, series_of, starts)[definition.watched.id]


def _window(store: MetricStore, query: Query, start: int, period: int) -> Datapoint | None:
    return None if query.key is None else store.window(query.key, start, start + period)


def _certain_value(
    definition: Definition, store: MetricStore, start: int, now: float
) -> float | None:
    """The open window's value if it breaches whatever else may still come into it."""
    query, rule = definition.watched, definition.rule
    if query.key is None:
        return None
    point = store.window(query.key, start, max(now, start) + 1)
    if point is None:
        return None
    rising = query.stat in _GROWING and rule.comparison.startswith("GreaterThan")
    rising = rising and (query.stat != "Sum" or point.minimum >= 0.0)
    falling = query.stat == "Minimum" and rule.comparison.startswith("LessThan")
    value = statistic(point, query.stat)
    if value is not None and (rising or falling) and rule.breaches(value):
        return value
    return None
