"""Held-out flights as requests: what a caller sends, and what later turned out to be true.

The demo and the tests import this from processes that serve nobody, so it stays with the standard
library: no numpy, no scikit-learn, no model.
"""

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from examples.flights.dataset import Flight, Value, held_out_flights

CONTENT_TYPE = "application/json"
ORDER_SEED = 2013


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One request with its true label, which nobody knows until the flight has landed.

    `air_minutes` is the time the flight spent in the air: the least wait for its label.
    """

    features: Mapping[str, Value]
    label: str
    air_minutes: int


def held_out() -> tuple[Row, ...]:
    """Every held-out flight once, in a fixed order that mixes the days of the year."""
    return mixed(held_out_flights())


def mixed(flights: Iterable[Flight]) -> tuple[Row, ...]:
    """The flights as requests, in a fixed order that mixes their days."""
    rows = [
        Row(features=flight.features, label=flight.label, air_minutes=flight.air_minutes)
        for flight in flights
    ]
    random.Random(ORDER_SEED).shuffle(rows)  # noqa: S311 - an order, not a secret
    return tuple(rows)


def payload(row: Row) -> bytes:
    """The request body for one row."""
    return json.dumps({"features": row.features}, separators=(",", ":")).encode()


def label_of(answer: bytes) -> str:
    """The label in an answer's first prediction; an answer of another shape is a ValueError."""
    try:
        return str(json.loads(answer)["predictions"][0]["label"])
    except (LookupError, TypeError, json.JSONDecodeError) as fault:
        wanted = '{"predictions": [{"label": ...}]}'
        raise ValueError(f"cannot read the answer {answer[:80]!r}: expected {wanted}") from fault


def is_wrong(answer: bytes, row: Row) -> bool:
    """Whether the answer's label is not what the flight turned out to be."""
    return label_of(answer) != row.label
