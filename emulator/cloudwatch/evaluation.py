"""When an alarm is in ALARM, from the datapoints of its evaluation range. Pure.

The rules are those of the CloudWatch user guide, "Configuring how CloudWatch alarms treat missing
data", with its two tables as unit tests: if the range holds enough real datapoints only those
count; otherwise missing ones are filled as few times as possible, as TreatMissingData says; and
with `missing` an alarm still fires when its oldest breaching datapoint is old enough and nothing
newer contradicts it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

EXTRA_PERIODS = 2
"""How many periods beyond EvaluationPeriods are fetched; AWS's tables show two, the rule is not
published for every period."""


class State(StrEnum):
    """The states of an alarm."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Missing(StrEnum):
    """What TreatMissingData makes of a period without data."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """M out of N periods must breach: `needed` is M (DatapointsToAlarm), `periods` is N."""

    threshold: float
    comparison: str
    periods: int
    needed: int
    missing: Missing = Missing.MISSING

    def breaches(self, value: float) -> bool:
        """Whether one datapoint is on the wrong side of the threshold."""
        return {
            "GreaterThanThreshold": value > self.threshold,
            "GreaterThanOrEqualToThreshold": value >= self.threshold,
            "LessThanThreshold": value < self.threshold,
            "LessThanOrEqualToThreshold": value <= self.threshold,
        }[self.comparison]


COMPARISONS = frozenset(
    {
        "GreaterThanThreshold",
        "GreaterThanOrEqualToThreshold",
        "LessThanThreshold",
        "LessThanOrEqualToThreshold",
    }
)


def evaluate(rule: Rule, values: Sequence[float | None], current: State) -> State:
    """The state that the evaluation range asks for; `values` is oldest first, None is missing."""
    real = [value for value in values if value is not None]
    if not real:
        return _without_data(rule, current)
    counted = real[-rule.periods :]
    breaching = sum(rule.breaches(value) for value in counted)
    if breaching >= rule.needed:
        return State.ALARM
    if len(real) >= rule.periods:
        return State.OK
    return _filled(rule, values, counted, current)


def _without_data(rule: Rule, current: State) -> State:
    return {
        Missing.MISSING: State.INSUFFICIENT_DATA,
        Missing.IGNORE: current,
        Missing.BREACHING: State.ALARM,
        Missing.NOT_BREACHING: State.OK,
    }[rule.missing]


def _filled(
    rule: Rule, values: Sequence[float | None], real: Sequence[float], current: State
) -> State:
    """Some data, but less than N periods of it, and not enough breaching on its own."""
    breaching = sum(rule.breaches(value) for value in real)
    if rule.missing is Missing.NOT_BREACHING:
        return State.OK
    if rule.missing is Missing.BREACHING:
        filled = breaching + rule.periods - len(real)
        return State.ALARM if filled >= rule.needed else State.OK
    if breaching < len(real):
        return State.OK
    if rule.missing is Missing.IGNORE:
        return current
    return State.ALARM if _oldest_age(values) >= rule.needed else State.OK


def _oldest_age(values: Sequence[float | None]) -> int:
    """How many periods ago the oldest datapoint of the range was, the newest period being 1."""
    return next(len(values) - place for place, value in enumerate(values) if value is not None)
