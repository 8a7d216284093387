"""The sentence and the data that explain an alarm's change of state, as CloudWatch writes them."""

import json
from datetime import UTC, datetime

from emulator.cloudwatch.alarms import Definition, Finding
from emulator.cloudwatch.evaluation import State

_WORDS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}


def reason_of(definition: Definition, finding: Finding, before: State) -> str:
    """Why the alarm is in the finding's state."""
    rule = definition.rule
    real = [(s, v) for s, v in zip(finding.starts, finding.values, strict=True) if v is not None]
    counted = real[-rule.periods :]
    if not counted:
        return f"Insufficient Data: {rule.periods} datapoints were unknown."
    wanted = finding.state is State.ALARM
    shown = [(s, v) for s, v in counted if rule.breaches(v) == wanted] or counted
    listed = ", ".join(f"{value} ({_minute(start)})" for start, value in reversed(shown))
    verb = "was" if len(shown) == 1 else "were"
    negation = "" if wanted else "not "
    plural = "datapoint" if rule.needed == 1 else "datapoints"
    return (
        f"Threshold Crossed: {len(shown)} out of the last {rule.periods} datapoints [{listed}] "
        f"{verb} {negation}{_WORDS[rule.comparison]} the threshold ({rule.threshold}) (minimum "
        f"{rule.needed} {plural} for {_direction(before, finding.state)} transition)."
    )


def reason_data_of(definition: Definition, finding: Finding, now: float) -> str:
    """The same as JSON, for programs."""
    rule, query = definition.rule, definition.watched
    data = {
        "version": "1.0",
        "queryDate": _iso(now),
        "startDate": _iso(finding.starts[0]),
        "statistic": query.stat if query.expression is None else None,
        "period": definition.period,
        "recentDatapoints": [value for value in finding.values if value is not None],
        "threshold": rule.threshold,
        "evaluatedDatapoints": [
            {"timestamp": _iso(start), "value": value}
            for start, value in zip(finding.starts, finding.values, strict=True)
            if value is not None
        ],
    }
    return json.dumps({key: value for key, value in data.items() if value is not None})


def _direction(before: State, after: State) -> str:
    return f"{before.value} -> {after.value}"


def _minute(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%d/%m/%y %H:%M:%S")


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
