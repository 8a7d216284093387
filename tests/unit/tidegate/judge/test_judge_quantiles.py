"""Intervals of latency quantiles: they cover at every look, also under drift, and they narrow."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate import latency
from tidegate.judge.interval import TILTS
from tidegate.judge.quantiles import (
    EDGES,
    LOG_LIMIT,
    QUANTILES,
    Bounded,
    Latencies,
    compared,
    latency_quantiles,
)
from tidegate.judge.strata import Counts, ServingStratum

HISTOGRAMS = st.dictionaries(
    st.integers(0, latency.BUCKET_COUNT - 1), st.integers(1, 3_000), min_size=1, max_size=12
)
SHARES = st.sampled_from(QUANTILES)


def of(counts: Mapping[int, int], *, each: float = 1.0) -> Latencies:
    """These latencies, each with this weight."""
    return Latencies().plus(counts, each=each)


def stratum(live: Mapping[int, int], candidate: Mapping[int, int]) -> ServingStratum:
    """One interval of either slot."""
    return ServingStratum(
        live=Counts(latency=live), candidate=Counts(latency=candidate), live_seen=live
    )


def plainly_bounded(seen: Mapping[int, int], quantile: float) -> tuple[float | None, float | None]:
    """The bounds by trying every edge, with the mixture written out."""
    total, share = sum(seen.values()), 1 - quantile
    lower = upper = None
    for edge in range(EDGES):
        above = sum(count for bucket, count in seen.items() if bucket > edge)
        for side in (1, -1):
            logs = [
                side * t * above - total * math.log(1 + share * (math.exp(side * t) - 1))
                for t in TILTS
            ]
            wealth = sum(math.exp(min(700.0, log)) for log in logs) / len(TILTS)
            if wealth >= math.exp(LOG_LIMIT):
                at = latency.upper_edge_milliseconds(edge)
                lower = at if side == 1 else lower
                upper = at if side == -1 and upper is None else upper
    return lower, upper


def test_without_latencies_of_both_slots_nothing_is_compared():
    """A slot alone gives no quantiles, and neither does nothing."""
    assert latency_quantiles([]) == ()
    assert latency_quantiles([stratum({10: 5}, {}), stratum({}, {10: 5})]) == ()


def test_a_quantile_of_no_latencies_is_refused():
    """Nothing is made up where nothing was seen."""
    with pytest.raises(ValueError, match="no latency to read a quantile from"):
        Latencies().bounded(0.5)


@given(HISTOGRAMS, SHARES, st.sampled_from([0.05, 0.5, 1.0]))
def test_the_interval_holds_the_quantile_that_was_seen(
    seen: dict[int, int], quantile: float, each: float
):
    """The value is the quantile as it is read everywhere, and no bound is beyond it."""
    found = of(seen, each=each).bounded(quantile)
    assert found.value == latency.quantile_milliseconds(seen, quantile)
    assert found.lower is None or found.lower < found.value
    assert found.upper is None or found.upper >= found.value


@given(
    st.dictionaries(
        st.integers(0, latency.BUCKET_COUNT - 1), st.integers(1, 99), min_size=1, max_size=8
    ),
    SHARES,
)
def test_bounds_are_those_of_every_edge_tried_in_turn(seen: dict[int, int], quantile: float):
    """The search by halves finds what a plain search with the plain formula finds."""
    found = of(seen).bounded(quantile)
    assert (found.lower, found.upper) == plainly_bounded(seen, quantile)


@given(HISTOGRAMS, SHARES, st.integers(2, 50))
def test_more_of_the_same_never_widens(seen: dict[int, int], quantile: float, times: int):
    """What was excluded stays excluded when everything is seen so many times as often."""
    few = of(seen).bounded(quantile)
    many = of({b: times * n for b, n in seen.items()}).bounded(quantile)
    assert few.lower is None or (many.lower is not None and many.lower >= few.lower)
    assert few.upper is None or (many.upper is not None and many.upper <= few.upper)


@given(HISTOGRAMS, SHARES, st.floats(0.01, 1.0))
def test_everything_slower_moves_the_bounds_by_as_much(
    seen: dict[int, int], quantile: float, each: float
):
    """Four buckets up are twice the latency, of the value and of both bounds."""
    lifted = {b + 4: n for b, n in seen.items() if b + 4 < latency.BUCKET_COUNT - 1}
    usual = of({b - 4: n for b, n in lifted.items()}, each=each).bounded(quantile) if lifted else 0
    if not isinstance(usual, Bounded):
        return
    slow = of(lifted, each=each).bounded(quantile)
    assert slow.value == pytest.approx(2 * usual.value)
    if usual.upper is not None:
        assert slow.upper == pytest.approx(2 * usual.upper)
    if usual.lower is not None:
        assert slow.lower == pytest.approx(2 * usual.lower)


@pytest.mark.parametrize(
    ("quantile", "lower", "upper"), [(0.5, 15, 15), (0.95, 4, 192), (0.99, 3, 977)]
)
def test_a_bound_is_unknown_until_it_can_be_known(quantile: float, lower: int, upper: int):
    """From so many equal latencies on there is a bound, and one fewer leaves it unknown."""
    for side, needed in (("lower", lower), ("upper", upper)):
        few, enough = of({20: needed - 1}), of({20: needed})
        assert getattr(few.bounded(quantile), side) is None
        assert getattr(enough.bounded(quantile), side) is not None


def exceeded(quantile: float, *, side: str, trials: int) -> float:
    """The chance that this bound is ever wrong, exactly: each latency is one of two buckets.

    The quantile is as close to the other bucket as it can be, and every latency is a look.
    """
    rate, edge = 1 - quantile, latency.upper_edge_milliseconds(10)

    def wrong(total: int, above: int) -> bool:
        found = of({10: total - above, 40: above}).bounded(quantile)
        if side == "lower":
            return found.lower is not None and found.lower >= edge
        return found.upper is not None and found.upper <= edge

    paths, missed = {0: 1.0}, 0.0
    limit = 0 if side == "lower" else -1
    for total in range(1, trials + 1):
        step: dict[int, float] = {}
        for above, chance in paths.items():
            step[above] = step.get(above, 0.0) + chance * (1 - rate)
            step[above + 1] = step.get(above + 1, 0.0) + chance * rate
        if side == "lower":
            while limit <= total and not wrong(total, limit):
                limit += 1
            gone = [above for above in step if above >= limit]
        else:
            while wrong(total, limit + 1):
                limit += 1
            gone = [above for above in step if above <= limit]
        missed += sum(step.pop(above) for above in gone)
        paths = {above: chance for above, chance in step.items() if chance > 1e-15}
    return missed


@pytest.mark.parametrize("side", ["lower", "upper"])
@pytest.mark.parametrize("quantile", QUANTILES)
def test_a_bound_is_ever_wrong_with_no_more_than_its_part_of_the_chance(quantile: float, side: str):
    """Along every course of 1 500 latencies that are looked at one by one."""
    assert 0 < exceeded(quantile, side=side, trials=1_500) <= math.exp(-LOG_LIMIT)


def test_the_last_bucket_has_no_upper_edge():
    """However many latencies are off the scale, nothing bounds them from above."""
    found = of({latency.BUCKET_COUNT - 1: 100_000}).bounded(0.5)
    assert found.lower == latency.upper_edge_milliseconds(EDGES - 1)
    assert found.upper is None


def test_latencies_below_the_scale_have_no_lower_bound():
    """Bucket 0 holds everything from 0 on."""
    found = of({0: 100_000}).bounded(0.5)
    assert (found.lower, found.upper) == (None, latency.LOWEST_MILLISECONDS)


def test_a_ratio_takes_the_bounds_that_are_furthest_apart():
    """Candidate's lower over live's upper, and the other way round; unknown where one is."""
    one = Bounded(value=40.0, lower=20.0, upper=80.0)
    other = Bounded(value=10.0, lower=5.0, upper=None)
    assert one.over(other) == Bounded(value=4.0, lower=None, upper=16.0)
    assert other.over(one) == Bounded(value=0.25, lower=0.0625, upper=None)


def test_both_slots_weigh_the_same_in_every_stratum():
    """In a ramp under drift slots that were the same at all times have the same quantiles."""
    early = stratum({10: 990}, {10: 10})
    late = stratum({30: 500}, {30: 500})
    live, candidate = compared([early, late])
    assert live.weight == pytest.approx(candidate.weight)
    assert live.counts == pytest.approx(candidate.counts)
    for item in latency_quantiles([early, late]):
        assert item.live.value == item.candidate.value
        assert item.ratio.value == 1.0


BUCKETS = np.arange(latency.BUCKET_COUNT)


def chances(median: float) -> np.ndarray:
    """The chance of each bucket, lognormal-like about a bucket with a long tail above."""
    body = np.exp(-0.5 * ((BUCKETS - median) / 3.0) ** 2)
    tail = np.where(median < BUCKETS, 0.02 * np.exp(-(BUCKETS - median) / 8.0), 0.0)
    return np.asarray((body + tail) / (body + tail).sum())


def bucket_of(mean_law: np.ndarray, quantile: float) -> int:
    """The bucket of a law's quantile."""
    return int(np.searchsorted(np.cumsum(mean_law) / mean_law.sum(), quantile - 1e-12))


@pytest.mark.parametrize("drift", [0.0, 12.0], ids=["steady", "eight times slower in the end"])
def test_intervals_cover_at_every_look_while_latency_and_share_move(drift: float):
    """Ever missed, over 40 looks of a ramp: rarer than 2 % for a slot, 4 % for the ratio."""
    rng = np.random.default_rng(7)
    releases, missed = 120, dict.fromkeys(("slot", "ratio"), 0)
    for _ in range(releases):
        live, candidate, law = Latencies(), Latencies(), np.zeros(latency.BUCKET_COUNT)
        outside = dict.fromkeys(missed, False)
        for look in range(40):
            now = chances(25 + drift * look / 39)
            ours = int(rng.binomial(60, 0.1 if look < 20 else 0.5))
            theirs = 60 - ours
            if not ours:
                continue
            law += now * ours * theirs / 60
            live = live.plus(drawn(rng, theirs, now), each=ours / 60)
            candidate = candidate.plus(drawn(rng, ours, now), each=theirs / 60)
            for quantile in QUANTILES:
                bounds = [slot.bounded(quantile) for slot in (live, candidate)]
                true = latency.upper_edge_milliseconds(bucket_of(law, quantile))
                outside["slot"] |= any(not _holds(item, true) for item in bounds)
                outside["ratio"] |= not _holds(bounds[1].over(bounds[0]), 1.0)
        missed = {name: count + outside[name] for name, count in missed.items()}
    # Three quantiles of two slots, and of one ratio: far fewer, since bounds are on the safe side.
    assert missed["slot"] <= 0.02 * releases
    assert missed["ratio"] <= 0.04 * releases


def drawn(rng: np.random.Generator, count: int, law: np.ndarray) -> dict[int, int]:
    """So many latencies of a law."""
    counts = rng.multinomial(count, law)
    return {int(bucket): int(counts[bucket]) for bucket in np.flatnonzero(counts)}


def _holds(item: Bounded, true: float) -> bool:
    """Whether a number is within; a bucket is held by the edges on either side of it."""
    above = item.lower is None or item.lower < true
    return above and (item.upper is None or item.upper >= true)


def test_a_slower_candidate_is_seen_in_the_ratio():
    """Four times the latency everywhere: of every quantile the ratio is surely above 1."""
    law = chances(25)
    rng = np.random.default_rng(3)
    live = drawn(rng, 4_000, law)
    slow = {bucket + 8: count for bucket, count in drawn(rng, 4_000, law).items()}
    found = latency_quantiles([stratum(live, slow)])
    assert [item.quantile for item in found] == [0.5, 0.95, 0.99]
    assert all(item.ratio.lower is not None and item.ratio.lower > 1 for item in found)
