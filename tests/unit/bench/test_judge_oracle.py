"""The oracle's statistic is the conditional likelihood ratio, and its limit spends alpha."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import hypergeom, nchypergeom_fisher

from bench.judge import conditional
from bench.judge.oracle import ALPHA, KEPT, evidence, key_of, measure, oracle
from bench.judge.scenarios import BAD, named
from bench.judge.simulate import simulate


def test_two_by_two_tables_follow_fishers_law():
    """The log ratio is that of scipy's noncentral hypergeometric law, tables of all sizes mixed."""
    rng = np.random.default_rng(1)
    trials, others = rng.integers(0, 40, 60), rng.integers(0, 400, 60)
    events, rest = rng.binomial(trials, 0.2), rng.binomial(others, 0.1)
    odds = np.log(2.5)
    got = conditional.binary((trials, events), (others, rest), np.asarray(odds))
    for n, m, x, y, ratio in zip(trials, others, events, rest, got, strict=True):
        expected = nchypergeom_fisher.logpmf(x, n + m, n, x + y, 2.5) if n and m and x + y else 0.0
        expected -= hypergeom.logpmf(x, n + m, n, x + y) if n and m and x + y else 0.0
        assert ratio == pytest.approx(expected, abs=1e-9)


def test_evidence_of_a_table_is_expected_to_be_one_without_an_effect():
    """Over the central law of one table the likelihood ratio has mean 1, exactly."""
    x = np.arange(13)
    ratio = conditional.binary(
        (np.full(13, 20), x), (np.full(13, 300), 12 - x), np.asarray(np.log(3))
    )
    assert (np.exp(ratio) * hypergeom.pmf(x, 320, 20, 12)).sum() == pytest.approx(1)


@pytest.mark.parametrize(("mine", "others"), [(3, 57), (15, 285), (40, 40)])
def test_the_saddlepoint_is_close_to_the_exact_sum(mine: int, others: int):
    """The latency statistic is within a hundredth of a nat of exact counting."""
    rng = np.random.default_rng(2)
    shape = np.exp(-0.5 * ((np.arange(12) - 5) / 2) ** 2)
    ratios = np.linspace(-2, 3, 12)
    candidate = rng.multinomial(mine, shape / shape.sum(), 10)
    live = rng.multinomial(others, shape / shape.sum(), 10)
    got = conditional.labels(candidate, live, ratios)
    for told, c, m in zip(got, candidate, candidate + live, strict=True):
        exact = (c * ratios).sum() - _log_coefficient(m, ratios, mine)
        exact += _log_coefficient(m, 0 * ratios, mine)
        assert told == pytest.approx(exact, abs=0.01)


def _log_coefficient(m: np.ndarray, ratios: np.ndarray, degree: int) -> float:
    """Ln of the coefficient of z^degree in prod (1 + r z)^m, by multiplying out."""
    powers = np.zeros(degree + 1)
    powers[0] = 1.0
    for ratio in np.repeat(np.exp(ratios), m):
        powers[1:] += ratio * powers[:-1]
    return float(np.log(powers[degree]))


@pytest.mark.parametrize("name", ["errors 1 -> 3 %", "wrong 10 -> 20 %"])
def test_the_limit_holds_on_other_seeds(name: str):
    """About ALPHA of fresh harmless releases cross the kept limit."""
    scenario = named(name)
    harmless = simulate(
        replace(scenario, candidate=scenario.live), 500, 31, metrics=(scenario.harmed,)
    )
    crossed = (evidence(scenario, harmless) >= oracle(scenario).limit).any(axis=1).mean()
    assert crossed < ALPHA + 4 * np.sqrt(ALPHA / 500)


def test_there_is_no_evidence_before_the_onset():
    """While the candidate is still good the statistic is 0."""
    scenario = named("errors 1 -> 3 % after 60 min")
    told = evidence(scenario, simulate(scenario, 5, 3, metrics=(scenario.harmed,)))
    assert (told[:, : scenario.onset] == 0).all()
    assert (told[:, -1] > 0).all()


def test_conversions_that_drop_are_evidence():
    """Fewer events than the live slot among those at risk speak for harm."""
    scenario = named("late conversions 10 -> 7 %")
    told = evidence(scenario, simulate(scenario, 20, 3, metrics=(scenario.harmed,)))
    assert told[:, -1].min() > 5


def test_every_bad_scenario_is_kept():
    """The benchmark need not measure the oracle again."""
    kept = json.loads(KEPT.read_text())
    assert {key_of(scenario) for scenario in BAD} == set(kept)


def test_what_is_kept_is_read_by_what_the_scenario_is():
    """A name alone changes nothing; anything else is another scenario."""
    scenario = named("errors 1 -> 10 %")
    assert oracle(replace(scenario, name="other")).limit == oracle(scenario).limit
    assert key_of(replace(scenario, onset=1)) != key_of(scenario)


def test_measuring_finds_the_kept_figures_again():
    """A small measurement agrees with the kept one."""
    scenario = named("errors 1 -> 10 %")
    small, kept = measure(scenario, null_runs=2_000, runs=400), oracle(scenario)
    assert small.limit == pytest.approx(kept.limit, abs=0.4)
    assert small.median_requests == pytest.approx(kept.median_requests, rel=0.2)
    assert small.power > 0.99


def test_a_harmless_scenario_has_no_oracle():
    """There is nothing to know in advance where nothing is wrong."""
    with pytest.raises(ValueError, match="is harmless"):
        measure(named("stationary"))
