"""Faults are drawn by share and seed."""

import pytest

from emulator.ai.faults import Fate, Faults, FaultSource


def drawn(faults: Faults, calls: int) -> list[bool]:
    """Which calls are throttled."""
    source = FaultSource()
    source.set(faults)
    return [source.throttles() for _ in range(calls)]


def test_every_share_that_is_none_is_named():
    """And a seed that is no number."""
    with pytest.raises(ValueError, match="share") as caught:
        Faults(throttled=1.5, failed_items=True, seed="x")  # type: ignore[arg-type]
    assert str(caught.value) == (
        "throttled must be a share from 0 to 1, got 1.5; "
        "failed_items must be a share from 0 to 1, got True; seed must be an integer, got 'x'"
    )


def test_an_unknown_fault_is_refused():
    """With those that there are."""
    with pytest.raises(ValueError, match=r"unknown: slow; allowed: throttled, .*seed"):
        Faults.of_json({"slow": 1})


@pytest.mark.parametrize(("share", "expected"), [(0, {False}), (1, {True})])
def test_none_and_all_are_exact(share: float, expected: set[bool]):
    """No draw contradicts them."""
    assert set(drawn(Faults(throttled=share), 200)) == expected


def test_a_share_is_met_in_the_long_run():
    """3,000 of 10,000, within five standard deviations."""
    assert abs(sum(drawn(Faults(throttled=0.3), 10_000)) - 3_000) < 230


def test_a_seed_repeats_and_another_differs():
    """So that a story with faults can be told again."""
    first = drawn(Faults(throttled=0.5, seed=1), 64)
    assert first == drawn(Faults(throttled=0.5, seed=1), 64)
    assert first != drawn(Faults(throttled=0.5, seed=2), 64)


def test_items_do_not_change_which_calls_are_throttled():
    """They are drawn apart."""
    source = FaultSource()
    source.set(Faults(throttled=0.5, failed_items=0.5, seed=1))
    mixed = [(source.fails_item(), source.throttles())[1] for _ in range(64)]
    assert mixed == drawn(Faults(throttled=0.5, seed=1), 64)


def test_what_was_drawn_is_counted_since_it_was_set():
    """Setting begins again."""
    source = FaultSource()
    source.set(Faults(throttled=1.0, late_jobs=1.0))
    source.throttles()
    source.fails_item()
    assert source.fate() == Fate(late_seconds=600.0)
    assert source.to_json() == {
        "throttled": 1.0,
        "failed_items": 0.0,
        "failed_jobs": 0.0,
        "late_jobs": 1.0,
        "late_seconds": 600.0,
        "repeated_news": 0.0,
        "seed": 0,
        "calls": 1,
        "throttled_calls": 1,
        "items": 1,
        "failed_item_count": 0,
        "jobs": 1,
        "failed_job_count": 0,
        "late_job_count": 1,
        "repeated_news_count": 0,
    }
    source.set(Faults())
    assert source.to_json()["calls"] == 0
