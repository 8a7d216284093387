"""Metrics in log lines: the embedded metric format, as CloudWatch reads it from functions' logs.

A line that is no such document is a line of text and nothing else, as on AWS. Knows no ministack.
Source: CloudWatch user guide, "Specification: Embedded metric format".
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MOST_DIMENSIONS = 30
MOST_VALUES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedValue:
    """One metric of a line, with the samples that it adds at a moment in Unix seconds."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    moment: float
    unit: str
    samples: tuple[float, ...]


def embedded_values(line: str) -> tuple[EmbeddedValue, ...]:
    """The metrics in a log line; none where it is no document of the format."""
    if not line.startswith("{") or '"_aws"' not in line:
        return ()
    try:
        return tuple(_values(json.loads(line)))
    except (KeyError, TypeError, ValueError, AttributeError):
        # CloudWatch ignores what does not follow the specification; the line stays in the log.
        return ()


def _values(document: Mapping[str, Any]) -> Iterator[EmbeddedValue]:
    about = document["_aws"]
    for directive in about["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            if len(names) > MOST_DIMENSIONS:
                raise ValueError(f"at most {MOST_DIMENSIONS} dimensions, got {len(names)}")
            dimensions = {name: _text(document[name]) for name in names}
            for metric in directive["Metrics"]:
                yield EmbeddedValue(
                    namespace=directive["Namespace"],
                    name=metric["Name"],
                    dimensions=dimensions,
                    moment=about["Timestamp"] / 1000,
                    unit=metric.get("Unit", "None"),
                    samples=_samples(document[metric["Name"]]),
                )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("the value of a dimension is text")
    return value


def _samples(value: Any) -> tuple[float, ...]:
    given = value if isinstance(value, list) else [value]
    if len(given) > MOST_VALUES or any(isinstance(item, bool) for item in given):
        raise ValueError(f"a metric has a number, or a list of at most {MOST_VALUES}")
    return tuple(float(item) for item in given)
