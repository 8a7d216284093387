"""Finds the values of metric definitions in the lines of a log. Pure."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAMESPACE = "/aws/sagemaker/TrainingJobs"


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric's name and the expression whose first group is its value."""

    name: str
    pattern: re.Pattern[str]


def definitions(specification: Mapping[str, Any]) -> tuple[Definition, ...]:
    """Those of an `AlgorithmSpecification`; ValueError names the first that cannot work."""
    return tuple(_definition(each) for each in specification.get("MetricDefinitions", []))


def _definition(given: Mapping[str, Any]) -> Definition:
    try:
        pattern = re.compile(given["Regex"])
    except re.error as error:
        raise ValueError(
            f"the Regex of metric {given['Name']} is no regular expression: {error}"
        ) from error
    if pattern.groups < 1:
        raise ValueError(
            f"the Regex of metric {given['Name']} needs a group in parentheses around the value, "
            f"got {given['Regex']!r}"
        )
    return Definition(given["Name"], pattern)


def found(known: Sequence[Definition], lines: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Every value in the lines, in their order; what is no finite number is no value."""
    for line in lines:
        for definition in known:
            for match in definition.pattern.finditer(line):
                value = _number(match.group(1))
                if value is not None:
                    yield definition.name, value


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
