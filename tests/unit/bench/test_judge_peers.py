"""Each peer decides as its documentation and code say."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from bench.judge.peers import (
    FITTED,
    PEERS,
    argo,
    cloudwatch,
    fitting,
    flagger,
    growthbook,
    kayenta,
    msprt,
    ztest,
)
from bench.judge.peers.series import (
    LOWER,
    UPPER,
    Pair,
    Sample,
    error_rate,
    last,
    mean_latency,
    pairs,
    quantile_latency,
)
from bench.judge.recorded import Recorded
from bench.judge.rules import NEVER, Rule
from bench.judge.scenarios import ALL, named
from bench.judge.simulate import simulate
from bench.judge.worlds import LOOKS
from tidegate.plan import Metric


def _flags(*looks: int) -> np.ndarray:
    """One release of 20 looks, up at these."""
    flags = np.zeros((1, 20), dtype=bool)
    flags[0, list(looks)] = True
    return flags


def _pair(
    live: tuple[float, ...], candidate: tuple[float, ...], metric: Metric = Metric.ERRORS
) -> Pair:
    """One look of both slots, each as count, sum and sum of squares."""
    slots = [
        Sample(**dict(zip(("count", "total", "squares"), map(_one, slot), strict=True)))
        for slot in (live, candidate)
    ]
    return Pair(metric=metric, live=slots[0], candidate=slots[1], worse=1)


def _one(value: float) -> np.ndarray:
    return np.asarray([[float(value)]])


def test_windows_hold_the_last_minutes_only():
    """A sum over three minutes starts short and never reaches further back."""
    counts = np.asarray([[1, 2, 4, 8, 16]])
    assert last(counts, 3).tolist() == [[1, 3, 7, 14, 28]]


def test_quantiles_lie_in_the_bucket_that_holds_their_rank():
    """The 99th percentile is between the edges of the bucket in which 99 of 100 are reached."""
    slot = simulate(named("stationary"), 2, 1).candidate
    found = quantile_latency(slot, 0.99, minutes=5)
    cumulated = np.cumsum(last(slot.latency, 5), axis=2)
    bucket = (cumulated < 0.99 * cumulated[..., -1:]).sum(axis=2)
    assert (found >= LOWER[bucket]).all()
    assert (found <= UPPER[bucket]).all()


def test_minutes_without_requests_have_no_values():
    """Rates and latencies are missing, not zero."""
    scenario = replace(named("low traffic"), shares=((0, 0.0001),))
    slot = simulate(scenario, 2, 1).candidate
    empty = slot.requests == 0
    assert empty.any()
    assert np.isnan(error_rate(slot)[empty]).all()
    assert np.isnan(mean_latency(slot)[empty]).all()
    assert np.isnan(quantile_latency(slot, 0.99)[empty]).all()


def test_cloudwatch_fires_at_three_of_the_last_five():
    """Datapoints need not be in a row, but all among the last five."""
    assert cloudwatch.alarm(_flags(3, 5, 7), needed=3, evaluated=5) == [7]
    assert cloudwatch.alarm(_flags(2, 5, 7), needed=3, evaluated=5) == [NEVER]


def test_the_sagemaker_error_example_needs_every_request_to_fail():
    """Average >= 1 of a metric that is 0 or 1 fires in an outage, and not at 10 % errors."""
    at_once = cloudwatch.examples(simulate(named("total outage"), 20, 1)).rolled_back
    assert np.median(at_once) == 0
    assert (
        cloudwatch.examples(simulate(named("errors 5 -> 7 %"), 5, 1)).rolled_back == NEVER
    ).all()


def test_flagger_rolls_back_one_look_after_the_fifth_failed_check():
    """Failed checks add up however far apart, over all metrics, one a look."""
    assert flagger.rolled_back((_flags(0, 4, 9), _flags(4, 12, 15))) == [16]


def test_flagger_fails_a_check_without_values():
    """A candidate that gets no traffic is rolled back."""
    scenario = replace(named("low traffic"), shares=((0, 0.0),))
    assert (flagger.documented(simulate(scenario, 2, 1)).rolled_back == flagger.THRESHOLD).all()


def test_argo_fails_a_metric_at_the_failure_after_its_limit():
    """Three failures are allowed; each metric counts its own."""
    assert argo.failed((_flags(1, 5, 9), _flags(2, 6, 11, 13))) == [13]


def test_argo_measures_every_five_minutes():
    """In an outage the fourth measurement, at minute twenty, is the last."""
    found = argo.documented(simulate(named("total outage"), 20, 1)).rolled_back
    assert set(found) == {19}


def _kayenta_root(candidate: list[float], live: list[float], quantile: float) -> float:
    """The root that Kayenta's MannWhitney finds, by bisection of its own function."""

    def z(mu: float) -> float:
        ranks = stats.rankdata([x - mu for x in candidate] + live)
        n, m = len(candidate), len(live)
        d = ranks[:n].sum() - n * (n + 1) / 2 - n * m / 2
        _, ties = np.unique(ranks, return_counts=True)
        spread = n + m + 1 - (ties**3 - ties).sum() / ((n + m) * (n + m - 1))
        return (d - 0.5 * np.sign(d)) / math.sqrt(n * m / 12 * spread) - quantile

    low, high = min(candidate) - max(live), max(candidate) - min(live)
    if z(low) <= 0:
        return low
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if z(middle) > 0 else (low, middle)
    return (low + high) / 2


@pytest.mark.parametrize("shift", [0.0, 0.4, 1.0])
def test_kayenta_classifies_as_its_own_root_finding_does(shift: float):
    """With ties and gaps, high is where the lower end is above a quarter of the estimate."""
    rng = np.random.default_rng(11)
    candidate = np.round(rng.normal(shift, 1, (10, 30)), 1)
    live = np.round(rng.normal(0, 1, (10, 30)), 1)
    candidate[:, :4] = np.nan
    expected = []
    for x, y in zip(candidate, live, strict=True):
        series = x[~np.isnan(x)].tolist(), y.tolist()
        lower = _kayenta_root(*series, stats.norm.ppf(0.99))
        expected.append(lower > 0.25 * abs(_kayenta_root(*series, 0.0)))
    assert kayenta.high(candidate, live).tolist() == expected


def test_kayenta_tells_nothing_from_series_that_are_all_alike():
    """Where no value differs there is no test."""
    assert not kayenta.high(np.zeros((1, 60)), np.zeros((1, 60))).any()


def test_the_z_test_is_the_textbooks():
    """Two proportions with pooled variance."""
    difference, variance = ztest.worse_by(_pair((900, 9, 9), (100, 4, 4)))
    pooled = 13 / 1_000
    assert difference[0, 0] == pytest.approx(0.03)
    assert variance[0, 0] == pytest.approx(pooled * (1 - pooled) * (1 / 900 + 1 / 100))


def test_the_mixture_ratio_is_the_mean_over_its_effects():
    """The closed form agrees with integrating the likelihood ratio over the mixing law."""
    pair = _pair((2_000, 40, 40), (300, 15, 15))
    difference, variance = (float(one[0, 0]) for one in ztest.worse_by(pair))
    tau = msprt.TAU * 40 / 2_000

    def weighted(effect: float) -> float:
        likelihood = stats.norm.pdf(difference, effect, math.sqrt(variance))
        return likelihood * stats.norm.pdf(effect, 0, tau)

    mixed = integrate.quad(weighted, -20 * tau, 20 * tau, points=[0, difference])[0]
    expected = math.log(mixed / stats.norm.pdf(difference, 0, math.sqrt(variance)))
    assert msprt.log_ratio(pair)[0, 0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("live", "candidate", "expected", "lower"),
    [
        ((9_500, 95), (500, 12), 1.4, -0.8256439583248016),
        ((60_000, 600), (3_000, 60), 1.0, 0.12216526256068516),
        ((400, 3), (20, 3), 19.0, -44.194822744556916),
    ],
)
def test_growthbooks_interval_is_the_one_gbstats_gives(
    live: tuple[int, int], candidate: tuple[int, int], expected: float, lower: float
):
    """Figures of gbstats 0.8.0's SequentialTwoSidedTTest for proportions."""
    pair = _pair((*live, live[1]), (*candidate, candidate[1]))
    difference, width = growthbook.interval(pair)
    assert difference[0, 0] == pytest.approx(expected)
    assert (difference - width)[0, 0] == pytest.approx(lower)


def test_growthbooks_interval_of_means_is_the_one_gbstats_gives():
    """Figures of gbstats 0.8.0's SequentialTwoSidedTTest for sample means."""
    pair = _pair((1_000, 50_000, 3_500_000), (60, 3_300, 240_000), Metric.LATENCY)
    difference, width = growthbook.interval(pair)
    assert (difference - width)[0, 0] == pytest.approx(-0.18095150200943413)


def test_growthbook_says_nothing_of_a_slot_without_variance():
    """When every request of the candidate fails, gbstats gives no result."""
    _, width = growthbook.interval(_pair((900, 9, 9), (50, 50, 50)))
    assert np.isnan(width).all()


def test_fewer_conversions_are_the_worse():
    """The outcome of conversions counts against the slot that has fewer of them."""
    *_, outcomes = pairs(simulate(named("late conversions 10 -> 7 %"), 20, 1))
    assert outcomes.worse == -1
    live, candidate = outcomes.live.so_far(), outcomes.candidate.so_far()
    assert live.mean[:, -1].mean() > candidate.mean[:, -1].mean()


@pytest.mark.parametrize("rule", PEERS, ids=lambda rule: rule.name)
def test_a_peer_that_compares_errors_sees_an_outage(rule: Rule):
    """Every release ends within an hour, but for the test that has no variance to go by."""
    found = rule.decide(simulate(named("total outage"), 10, 1)).rolled_back
    assert (found <= NEVER).all()
    if rule is growthbook.SEQUENTIAL:
        assert np.median(found) == NEVER
    else:
        assert (found < 60).all()


@pytest.fixture(scope="module")
def steady() -> Recorded:
    """Fresh releases of a world that limits were fitted to."""
    world = fitting.stationary(named("errors 1 -> 10 %"))
    return simulate(world, 200, 31, metrics=(Metric.ERRORS, Metric.LATENCY))


@pytest.mark.parametrize("limited", FITTED, ids=lambda limited: limited.name)
def test_limits_keep_their_target_on_other_seeds(limited: fitting.Limited, steady: Recorded):
    """About 5 % of fresh releases of the stationary world are rolled back."""
    rolled_back = (fitting.decide(limited, steady).rolled_back < NEVER).mean()
    assert 0.005 < rolled_back < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 200)


def test_what_is_fitted_to_is_what_an_operator_can_know():
    """Drift, swing, incidents, clumps and the candidate's harm are not in the world fitted to."""
    for name in ("diurnal load", "shared incidents", "clumped errors", "errors 1 -> 3 %"):
        world = fitting.stationary(named(name))
        assert (world.incidents, world.shared_noise, world.clump_size) == (None, 0.0, 1)
        assert world.candidate == world.live
        assert world.per_minute.values().std() == 0


def test_every_scenario_has_kept_limits():
    """The benchmark need not fit them again."""
    kept = fitting.read()
    assert {fitting.key_of(one, scenario) for one in FITTED for scenario in ALL} == set(kept)


def test_limits_are_measured_where_none_are_kept(tmp_path: Path):
    """What was fitted once is read from the file the next time."""
    kept = tmp_path / "fitted.json"
    scenario = named("errors 1 -> 10 %")
    known = fitting.fit((cloudwatch.ALARMS,), scenario, runs=100)
    fitting.keep(known, kept=kept)
    assert fitting.fitted(cloudwatch.ALARMS, scenario, kept=kept) in known.values()
    assert len(json.loads(kept.read_text())) == 1


def test_limits_that_no_window_allows_are_refused():
    """A rule that always fires cannot be fitted, and says so."""
    hopeless = fitting.Limited(
        name="hopeless",
        series=lambda recorded, _: (error_rate(recorded.candidate),),
        fires=lambda beyond: np.zeros(len(beyond[0]), dtype=np.int64),
        minutes=(1,),
    )
    with pytest.raises(ValueError, match="whatever its limits"):
        fitting.fit((hopeless,), named("errors 1 -> 10 %"), runs=5)


def test_peers_say_where_they_are_documented():
    """Each has a name of its own, a source and something that it watches."""
    assert len({rule.name for rule in PEERS}) == len(PEERS)
    assert all(rule.documented and rule.watches for rule in PEERS)
    assert LOOKS == NEVER
