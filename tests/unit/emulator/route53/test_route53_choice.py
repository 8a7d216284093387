"""Which record sets answer: weights, health, failover and multivalue answers."""

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.route53.choice import MOST_VALUES, choose
from emulator.route53.records import RecordSet

DRAWS = 20_000
SEED = 20261122
CRITICAL = {1: 10.83, 2: 13.82}
"""Chi-square that chance exceeds once in a thousand, by degrees of freedom."""


def _weighted(*weights: int) -> list[RecordSet]:
    return [
        RecordSet(name="a.", type="A", identifier=str(n), weight=weight)
        for n, weight in enumerate(weights)
    ]


def _fits(counts: list[int], expected: list[float]) -> bool:
    statistic = sum((n - e) ** 2 / e for n, e in zip(counts, expected, strict=True))
    return statistic < CRITICAL[len(counts) - 1]


def _drawn(
    group: list[RecordSet], healthy: Callable[[RecordSet], bool] = lambda _record: True
) -> Counter[str | None]:
    draw = random.Random(SEED).random  # noqa: S311 - the same draws at every run
    return Counter(choose(group, healthy, draw)[0].identifier for _ in range(DRAWS))


@pytest.mark.parametrize("weights", [(90, 10), (1, 255), (5, 5, 5), (255, 255), (1, 0), (3, 2, 1)])
def test_answers_follow_the_weights(weights: tuple[int, ...]) -> None:
    """Counts of answers fit weight / sum by chi-square (p > 0.001) at a fixed seed."""
    counts = _drawn(_weighted(*weights))

    positive = [(n, weight) for n, weight in enumerate(weights) if weight]
    expected = [DRAWS * weight / sum(weights) for _, weight in positive]
    assert sum(counts[str(n)] for n, _ in positive) == DRAWS
    if len(positive) > 1:
        assert _fits([counts[str(n)] for n, _ in positive], expected)


def test_all_zero_weights_are_equally_likely() -> None:
    """Records that all have weight 0 share the answers evenly."""
    counts = _drawn(_weighted(0, 0, 0))

    assert _fits([counts[n] for n in "012"], [DRAWS / 3] * 3)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=8), st.floats(0, 1, exclude_max=True))
def test_a_record_of_weight_zero_never_answers_beside_a_weighted_one(
    weights: list[int], unit: float
) -> None:
    """While any record has weight, those of weight 0 are not drawn, whatever the draw."""
    chosen = choose(_weighted(*weights), lambda _record: True, lambda: unit)[0]

    assert chosen.weight or not any(weights)


def test_unhealthy_records_are_taken_out() -> None:
    """The share of an unhealthy record goes to the healthy ones."""
    counts = _drawn(_weighted(200, 20, 20), lambda record: record.identifier != "0")

    assert set(counts) == {"1", "2"}


def test_a_healthy_record_of_weight_zero_answers_when_all_weighted_ones_are_unhealthy() -> None:
    """Weight 0 is the last resort before unhealthy records."""
    assert set(_drawn(_weighted(10, 0), lambda record: record.weight == 0)) == {"1"}


def test_all_unhealthy_counts_as_all_healthy() -> None:
    """When no record is healthy, the weights decide among those that have any."""
    counts = _drawn(_weighted(3, 1, 0), lambda _record: False)

    assert set(counts) == {"0", "1"}
    assert _fits([counts["0"], counts["1"]], [DRAWS * 0.75, DRAWS * 0.25])


@pytest.mark.parametrize(
    ("sick", "answers"),
    [(set(), "PRIMARY"), ({"PRIMARY"}, "SECONDARY"), ({"PRIMARY", "SECONDARY"}, "PRIMARY")],
)
def test_failover_answers_by_the_first_healthy(sick: set[str], answers: str) -> None:
    """The secondary answers only while it is healthy and the primary is not."""
    group = [
        RecordSet(name="a.", type="A", identifier=role, failover=role)
        for role in ("SECONDARY", "PRIMARY")
    ]

    chosen = choose(group, lambda record: record.failover not in sick, lambda: 0.5)

    assert [record.failover for record in chosen] == [answers]


@given(st.integers(1, 20), st.integers(0, 20), st.randoms(use_true_random=False))
def test_multivalue_answers_hold_up_to_eight_healthy_records(
    size: int, sick: int, rng: random.Random
) -> None:
    """Up to eight distinct healthy records answer; of all when none is healthy."""
    group = [
        RecordSet(name="a.", type="A", identifier=str(n), multivalue=True) for n in range(size)
    ]

    chosen = choose(group, lambda record: int(record.identifier or 0) >= sick, rng.random)

    fit = size - sick if sick < size else size
    assert len({record.identifier for record in chosen}) == min(MOST_VALUES, fit)
