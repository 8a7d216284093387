"""What a tuning job tries next: inside its ranges, every combination once, nearer to the good."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.tuning.drawing import Choice, Numbers, Trial, next_values

ETA = Numbers(name="eta", least=0.001, most=1.0, whole=False, scale="Auto")
DEPTH = Numbers(name="depth", least=2, most=8, whole=True, scale="Linear")
RATE = Numbers(name="rate", least=0.5, most=0.999, whole=False, scale="ReverseLogarithmic")
KIND = Choice(name="kind", values=("a", "b", "c"))
RANGES = (ETA, DEPTH, RATE, KIND)


@given(seed=st.integers(0, 10_000), strategy=st.sampled_from(["Random", "Bayesian"]))
def test_what_is_drawn_is_in_the_ranges(seed: int, strategy: str):
    """Numbers between the ends, whole ones whole, texts of the list."""
    random = Random(seed)  # noqa: S311 - no secret
    trials: list[Trial] = []
    for number in range(6):
        drawn = next_values(strategy, RANGES, trials, number=number, random=random)
        assert drawn is not None
        assert 0.001 <= float(drawn["eta"]) <= 1.0
        assert drawn["depth"] in {str(depth) for depth in range(2, 9)}
        assert 0.5 <= float(drawn["rate"]) <= 0.999
        assert drawn["kind"] in KIND.values
        trials.append(Trial(drawn=drawn, merit=random.random()))


@given(place=st.floats(0, 1))
def test_a_place_and_its_value_belong_together(place: float):
    """Whatever the scale."""
    for each in (ETA, RATE):
        assert each.place(each.text(place)) == pytest.approx(place, abs=1e-6)


def test_a_wide_range_is_spread_by_logarithms():
    """Half of the draws below the geometric mean of the ends."""
    assert float(ETA.text(0.5)) == pytest.approx(0.0316, abs=1e-3)


def test_a_grid_is_used_up():
    """Every combination once, then nothing."""
    grid = (KIND, Choice(name="other", values=("x", "y")))
    random = Random(0)  # noqa: S311 - no secret
    tried = [next_values("Grid", grid, (), number=n, random=random) for n in range(7)]
    assert tried[-1] is None
    assert len({tuple(sorted(each.items())) for each in tried[:-1] if each is not None}) == 6


def test_a_bayesian_choice_comes_nearer_than_chance():
    """After twenty trials of which those near 0.8 were good, most draws are near it."""
    line = Numbers(name="x", least=0.0, most=1.0, whole=False, scale="Linear")
    random = Random(1)  # noqa: S311 - no secret
    known = [n / 20 for n in range(20)]
    trials = [Trial(drawn={"x": repr(x)}, merit=-abs(x - 0.8)) for x in known]
    drawn = [next_values("Bayesian", (line,), trials, number=20, random=random) for _ in range(40)]
    near = [each for each in drawn if each is not None and abs(float(each["x"]) - 0.8) < 0.25]
    assert len(near) > 30
