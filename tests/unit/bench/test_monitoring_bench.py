"""The monitor's bench counts as the product does, and its peers see what they should."""

import numpy as np
import pytest

from bench.monitoring.__main__ import NAMES, watching, window_of
from bench.monitoring.peers import Peers
from bench.monitoring.worlds import FEATURES, SHIFTS, WORLDS, World
from tidegate.monitoring.counts import FeatureCounts

STILL = World(name="still", correlation=0.3)


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Rows of a baseline."""
    return STILL.baseline(np.random.default_rng(1), 1_500)[0]


def test_windows_are_counted_as_the_product_counts_values(rows: np.ndarray) -> None:
    """Missing ones, edges and values out of range too."""
    watched = watching(rows, np.zeros(len(rows), dtype=np.int64), seasonal=False)
    rng = np.random.default_rng(2)
    drawn = STILL.draw(rng, day=0, rows=50)
    drawn[:5, 0] = np.nan
    drawn[5:9, 1] = 99.0
    feature = watched.baseline.features[NAMES[2]]
    drawn[9, 2] = feature.bins.edges[3]
    found = window_of(drawn, watched.baseline, index=3)
    assert (found.index, found.requests) == (3, 50)
    for place, name in enumerate(NAMES):
        bins = watched.baseline.features[name].bins
        counts = FeatureCounts.empty(bins.count)
        for value in drawn[:, place].tolist():
            counts.put(bins, value)
        assert found.features[name] == counts


def test_peers_see_a_large_shift_and_not_none(rows: np.ndarray) -> None:
    """Of one feature of a hundred."""
    peers = Peers.of(rows)
    rng = np.random.default_rng(3)
    quiet = peers.alarms(STILL.draw(rng, day=0, rows=1_000))
    assert quiet["PSI > 0.2"] is False
    large = next(shift for shift in SHIFTS if shift.name == "mean of 1 feature, 1")
    moved = large.apply(STILL.draw(rng, day=0, rows=1_000), rng)
    assert all(peers.alarms(moved).values())


def test_worlds_are_what_they_say() -> None:
    """Correlated, seasonal, clumped."""
    rng = np.random.default_rng(4)
    by_name = {world.name: world for world in WORLDS}
    alike = by_name["correlated features (0.8)"].draw(rng, day=0, rows=4_000)
    assert np.corrcoef(alike[:, 0], alike[:, 1])[0, 1] == pytest.approx(0.8, abs=0.05)
    clumped = by_name["requests in clumps of 5, clients told apart"].draw(rng, day=0, rows=20)
    assert clumped.shape == (20, FEATURES)
    assert (clumped[:5] == clumped[0]).all()
    weekly = next(world for world in WORLDS if world.weekly > 0)
    means = [weekly.draw(rng, day=day, rows=4_000)[:, 0].mean() for day in range(7)]
    assert max(means) - min(means) > 0.8
