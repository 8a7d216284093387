"""Laws on a lattice behave as the numbers they are laws of."""

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.exact.law import Law

CHANCES = st.lists(st.floats(0.001, 1), min_size=1, max_size=9)
LAWS = st.builds(
    lambda offset, weights: Law(
        offset=offset, chances=tuple(weight / sum(weights) for weight in weights)
    ),
    st.integers(-20, 20),
    CHANCES,
)


def as_dict(law: Law) -> dict[int, float]:
    """Chance by value."""
    return {law.offset + i: chance for i, chance in enumerate(law.chances) if chance}


def mapped(law: Law, function: Callable[[int], int]) -> dict[int, float]:
    """The law of a function of the number, value by value."""
    result: dict[int, float] = {}
    for value, chance in as_dict(law).items():
        result[function(value)] = result.get(function(value), 0.0) + chance
    return result


@given(LAWS, LAWS)
def test_sum_has_the_law_of_all_pairs(left: Law, right: Law):
    """The law of a sum is what adding every pair of values gives."""
    pairs: dict[int, float] = {}
    for a, p in as_dict(left).items():
        for b, q in as_dict(right).items():
            pairs[a + b] = pairs.get(a + b, 0.0) + p * q
    assert as_dict(left.plus(right)) == pytest.approx(pairs)


@given(LAWS, st.sampled_from([-3, -1, 1, 2, 5]))
def test_multiples(law: Law, factor: int):
    """A factor moves every value and keeps its chance."""
    assert as_dict(law.times(factor)) == mapped(law, lambda value: factor * value)


@given(LAWS, st.integers(-25, 25))
def test_floor(law: Law, floor: int):
    """What lies below the floor lies on it afterwards."""
    raised = as_dict(law.raised(floor))
    assert raised == pytest.approx(mapped(law, lambda value: max(floor, value)))


@given(LAWS, st.integers(1, 8))
def test_coarser_lattice_rounds_down(law: Law, factor: int):
    """Cells of a coarser lattice hold the values that round down to them."""
    coarse = as_dict(law.coarsened(factor))
    assert coarse == pytest.approx(mapped(law, lambda value: value // factor))


@given(LAWS, st.floats(0, 1.1))
def test_cut_takes_as_much_as_it_may(law: Law, chance: float):
    """What is cut is allowed, lies above the boundary, and one value more would be too much."""
    rest, boundary, cut = law.cut_above(chance)
    assert cut <= chance
    assert cut == pytest.approx(law.above(boundary))
    assert rest.total + cut == pytest.approx(law.total)
    if boundary > law.offset:
        assert law.above(boundary - 1) > chance


@given(LAWS, st.floats(0, 0.3))
def test_trimming_says_what_it_dropped(law: Law, chance: float):
    """Nothing is lost without being told."""
    kept, dropped = law.trimmed(chance)
    assert kept.total + dropped == pytest.approx(law.total)
    assert dropped <= 2 * chance + 1e-12


@given(LAWS)
def test_rounded_laws_survive_json(law: Law):
    """A rounded law reads back as it was, and rounding moves no chance by more than 1e-7 of it."""
    rounded = law.rounded()
    assert Law.from_json(rounded.to_json()) == rounded
    for before, after in zip(law.chances, rounded.chances, strict=True):
        assert math.isclose(before, after, rel_tol=1e-7)


@given(LAWS)
def test_any_law_survives_json_to_the_last_bit(law: Law):
    """What is read back is what was written, rounded or not."""
    assert Law.from_json(json.loads(json.dumps(law.to_json()))) == law


@given(LAWS)
def test_mirrored_law_has_the_signs_changed(law: Law):
    """Every value keeps its chance with the other sign."""
    assert as_dict(law.mirrored()) == mapped(law, lambda value: -value)


def test_nothing_is_cut_when_nothing_is_allowed():
    """A negative allowance leaves the law whole."""
    law = Law(offset=3, chances=(0.5, 0.5))
    assert law.cut_above(-0.1) == (law, 5, 0.0)


def test_trimming_drops_ends_and_leaves_the_middle():
    """Small ends go, the middle stays, however small its chances are."""
    law = Law(offset=0, chances=(0.01, 0.4, 0.0, 0.58, 0.005, 0.005))
    kept, dropped = law.trimmed(0.011)
    assert kept == Law(offset=1, chances=(0.4, 0.0, 0.58))
    assert dropped == pytest.approx(0.02)
