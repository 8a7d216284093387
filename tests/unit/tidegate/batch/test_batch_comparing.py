"""The statistics of a comparison: bounds that hold, slices that hide, samples that repeat."""

import random

import pytest

from tidegate.batch.comparing import (
    SAMPLE,
    Counted,
    Pair,
    Takeover,
    bounds_of,
    compared,
    shift_of,
    worst_slices,
)
from tidegate.batch.plan import CompareTerms


def counted(pairs: list[tuple[float, float, str]], tolerance: float = 0.0) -> Counted:
    """The pairs, counted."""
    found = Counted()
    for number, (live, candidate, name) in enumerate(pairs):
        pair = Pair(key=str(number), live=live, candidate=candidate, slice=name)
        found.add(pair, tolerance)
    return found


def verdict(found: Counted, **terms: float | str) -> Takeover:
    """What it says."""
    given = CompareTerms(**terms)  # type: ignore[arg-type]
    return compared(found, given, live="v1", candidate="v2").verdict


@pytest.mark.parametrize("share", [0.5, 0.95, 0.999])
def test_bounds_hold_as_often_as_they_say(share: float):
    """Of 2,000 experiments, at most the stated share misses the truth."""
    draw = random.Random(7)  # noqa: S311 - a test's draw, the same each time
    missed = 0
    for _ in range(2_000):
        events = sum(draw.random() < share for _ in range(60))
        low, high = bounds_of(events, 60, 0.05)
        missed += not low <= share <= high
    assert missed <= 0.05 * 2_000


def test_bounds_of_nothing_say_nothing():
    """No trial, no knowledge."""
    assert bounds_of(0, 0, 0.05) == (0.0, 1.0)


def test_a_bad_slice_refuses_a_version_that_agrees_on_the_whole():
    """One store in fifty is answered otherwise, every time."""
    pairs = [(1.0, 1.0 if store else 5.0, f"s{store}") for store in range(50)] * 200
    found = counted(pairs)

    assert verdict(found, slice="store") is Takeover.REFUSE
    assert worst_slices(found.slices, 0.001)[0]["slice"] == "s0"


def test_a_shifted_distribution_is_refused_although_each_score_is_near():
    """Within the tolerance each, another distribution together."""
    draw = random.Random(3)  # noqa: S311 - a test's draw, the same each time
    scores = [draw.random() for _ in range(4_000)]
    found = counted([(score, score + 0.3, "") for score in scores], tolerance=0.5)

    assert verdict(found, tolerance=0.5, shift=0.1) is Takeover.REFUSE


def test_like_versions_take_over():
    """Every tenth score differs a little."""
    draw = random.Random(5)  # noqa: S311 - a test's draw, the same each time
    scores = [draw.random() for _ in range(20_000)]
    pairs = [(s, s + (0.01 if n % 10 == 0 else 0.0), "") for n, s in enumerate(scores)]

    assert verdict(counted(pairs, 0.02), tolerance=0.02) is Takeover.TAKE_OVER


def test_the_shift_is_the_largest_gap_of_the_distributions():
    """Half of the scores moved beyond all others: a half."""
    sample = [(-0.1, float(n), float(n) if n < 50 else 1_000.0 + n) for n in range(100)]

    gap, slack = shift_of(sample, 0.05)

    assert gap == pytest.approx(0.5)
    assert 0 < slack < 0.5


def test_the_sample_is_bounded_and_the_same_in_any_order():
    """Memory does not grow with the data set; a repeated comparison says the same."""
    pairs = [Pair(key=str(n), live=float(n), candidate=float(n)) for n in range(SAMPLE + 2_000)]
    one, other = Counted(), Counted()
    for pair in pairs:
        one.add(pair, 0.0)
    for pair in reversed(pairs):
        other.add(pair, 0.0)

    assert len(one.sample) == SAMPLE
    assert sorted(one.sample) == sorted(other.sample)


def test_labels_are_compared_as_they_are():
    """Texts agree when they are the same, and have no distribution of scores."""
    found = Counted()
    for number in range(2_000):
        found.add(Pair(key=str(number), live="late", candidate="late"), 0.0)

    comparison = compared(found, CompareTerms(), live="v1", candidate="v2")

    assert comparison.verdict is Takeover.TAKE_OVER
    assert comparison.figures["shift"]["largest"] is None
