"""The weighted draw, pure."""

import random
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.ports import Fleet, VariantView
from emulator.sagemaker.serving.draw import draw_variant

weights = st.lists(st.floats(0, 1e6), min_size=1, max_size=10)
units = st.floats(0, 1, exclude_max=True)


def variants(*given_weights: float) -> list[VariantView]:
    """Variants of those weights, named by their position."""
    return [
        VariantView(name=str(i), weight=weight, fleet=cast("Fleet", None), config="c")
        for i, weight in enumerate(given_weights)
    ]


@given(weights, units)
def test_weight_zero_is_never_drawn(some_weights: list[float], unit: float) -> None:
    """Whatever is drawn has a weight above 0, and only without any weight nothing is."""
    drawn = draw_variant(variants(*some_weights), unit)
    assert (drawn is None) == (not any(some_weights))
    assert drawn is None or drawn.weight > 0


@pytest.mark.parametrize("seed", range(5))
def test_ten_thousand_requests_split_90_to_10(seed: int) -> None:
    """The smaller share is inside the binomial 99.9 % bounds (normal approximation, z = 3.2905)."""
    generator = random.Random(seed)  # noqa: S311 - a repeatable draw is wanted
    both = variants(90, 10)
    names = [draw_variant(both, generator.random()) for _ in range(10_000)]
    minority = sum(drawn is both[1] for drawn in names)
    half_width = 3.2905 * (10_000 * 0.1 * 0.9) ** 0.5
    assert abs(minority - 1000) <= half_width


def test_the_boundaries_of_the_unit_interval_belong_to_one_variant_each() -> None:
    """With weights 3 and 1, draws below 0.75 go to the first and all others to the second."""
    both = variants(3, 1)
    drawn = [draw_variant(both, unit) for unit in (0.0, 0.7499, 0.75, 0.999999)]
    assert drawn == [both[0], both[0], both[1], both[1]]


def test_only_the_proportion_of_weights_matters() -> None:
    """Weights 9 and 1 draw as 0.09 and 0.01 do."""
    units_tried = [i / 1000 for i in range(1000)]
    shares = [
        [draw_variant(both, unit) is both[0] for unit in units_tried]
        for both in (variants(9, 1), variants(0.09, 0.01))
    ]
    assert sum(a != b for a, b in zip(*shares, strict=True)) <= 1  # a tie may round either way
