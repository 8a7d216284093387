"""The monitor's bench counts as the product does, and its peers see what they should."""

import numpy as np
import pytest

from bench.monitoring.__main__ import NAMES, watching, window_of
from bench.monitoring.peers import Peers
from bench.monitoring.quality import (
    DECAYS,
    THRESHOLD,
    AttributionWorld,
    attribution_days,
    counted,
    labels_until_found,
)
from bench.monitoring.quality import WORLDS as SCORE_WORLDS
from bench.monitoring.size import size_of
from bench.monitoring.worlds import FEATURES, SHIFTS, WORLDS, World
from tidegate.monitoring.counts import FeatureCounts
from tidegate.monitoring.scores import ScoreCounts

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


def test_labels_are_counted_as_the_product_counts_them() -> None:
    """In all and in each slice, on edges too."""
    rng = np.random.default_rng(5)
    scores, slices, labels = SCORE_WORLDS[0].draw(rng, 300, served=True)
    scores[:3] = (0.0, 0.5, 1.0)
    found = counted(scores, slices, labels)
    whole, first = ScoreCounts(), ScoreCounts()
    for score, number, label in zip(scores.tolist(), slices, labels.tolist(), strict=True):
        for into in (whole, *((first,) if number == slices[0] else ())):
            into.put(score, positive=label, wrong=(score >= THRESHOLD) is not label)
    for ours, theirs in ((found[""], whole), (found[f"part = {slices[0]:02}"], first)):
        assert (ours.positives, ours.negatives, ours.wrong) == (
            theirs.positives,
            theirs.negatives,
            theirs.wrong,
        )
        assert ours.scores == pytest.approx(theirs.scores)


def test_decay_and_swapped_attributions_are_found_and_a_quiet_month_is_not() -> None:
    """A run each; the figures of the docs are of many."""
    assert labels_until_found(DECAYS[0], 1, seed=1) < 20_000
    assert attribution_days(AttributionWorld(), 30, seed=1) is None
    swapped = attribution_days(AttributionWorld(swapped=True), 30, seed=1)
    assert swapped is not None


def test_the_size_of_a_state_is_that_of_what_waits() -> None:
    """Never more than the limit of all windows together."""
    found = size_of(30, requests=300, days=2)
    assert found.waiting == 32 * 300
    assert 0 < found.stored < found.text < found.memory
