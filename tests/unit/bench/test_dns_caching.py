"""The model of DNS caching: what must hold of it whatever the population is."""

import math

import numpy as np
import pytest

from bench.dns_caching import Behaviour, Row, figure, trail


def run(behaviour: Behaviour, *, to_percent: float = 100, seed: int = 1) -> "np.ndarray":
    """One population's shares."""
    return trail(behaviour, np.random.default_rng(seed), to_percent=to_percent).shares


def test_nobody_has_moved_when_the_weights_change():
    """Answers that are kept are used."""
    assert run(Behaviour(name="b"))[0] == 0


@pytest.mark.parametrize("ttl", [10, 60, 300])
def test_where_ttls_are_obeyed_all_have_moved_after_one(ttl: int):
    """And not all of them before."""
    shares = run(Behaviour(name="b", ttl_seconds=ttl))
    assert shares[ttl + 1] == pytest.approx(100)
    assert shares[ttl // 2] < 99


def test_without_skew_half_have_moved_after_half_a_ttl():
    """Questions are spread evenly over the lives of answers."""
    shares = run(Behaviour(name="b", skew=0, resolvers=5_000))
    assert shares[31] == pytest.approx(50, abs=2)


def test_resolvers_that_keep_answers_longer_trail_longer():
    """By what they keep, and no longer."""
    behaviour = Behaviour(name="b", least_seconds=300, least_share=0.5, skew=0)
    shares = run(behaviour)
    assert shares[100] < 99
    assert shares[301] == pytest.approx(100)


def test_connections_that_are_kept_go_on_after_every_answer_has_changed():
    """A client follows its resolver only when it connects again."""
    shares = run(Behaviour(name="b", held_seconds=120))
    assert shares[62] < 60
    assert shares[1_200] > 99


def test_the_share_swings_around_the_weight():
    """Resolvers are drawn, not requests."""
    shares = run(Behaviour(name="b", skew=0, resolvers=5_000), to_percent=10)
    assert shares[600:].mean() == pytest.approx(10, abs=0.5)


def test_one_seed_gives_one_result():
    """Figures in the docs can be made again."""
    behaviour = Behaviour(name="b")
    assert (run(behaviour, seed=4) == run(behaviour, seed=4)).all()


def test_the_figure_has_a_line_a_row():
    """With the row's name beside it."""
    row = Row(
        behaviour=Behaviour(name="the row"),
        half=1,
        most=2,
        all_but_one=math.inf,
        spread_points=0.1,
        mean_shares=run(Behaviour(name="b")),
    )
    drawn = figure([row, row])
    assert drawn.count("the row") == 2
    assert drawn.count('stroke-width="1.6"') == 2
