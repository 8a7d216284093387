"""Pairs of a shadow as people read them."""

from dataclasses import replace

from cli.pairs import pairs_words
from tests.samples import ENDPOINT, PLAN, RELEASE, entry, record
from tidegate.observation import Observation, ObservationKey, PairCounts, SliceCounts
from tidegate.plan import Guardrail, Metric, Step
from tidegate.shadow.pairing import Pairing
from tidegate.strategies import Mechanism, Strategy
from tidegate.view import ReleaseView, view_of

SHADOW = replace(
    PLAN,
    strategy=Strategy.SHADOW,
    mechanism=Mechanism.SHADOW,
    steps=(Step(share_percent=100, bake_seconds=600),),
    guardrails=(Guardrail(metric=Metric.AGREEMENT, margin=0.1),),
    lag_seconds=600,
    pairing=Pairing(slice="/region"),
)


def view(pairs: PairCounts | None) -> ReleaseView:
    """The view of a shadow with these pairs."""
    key = ObservationKey(release_id=RELEASE, interval=1, split_version=1, slot="green")
    counters = () if pairs is None else (Observation(key=key, pairs=pairs),)
    shadow = record(plan=SHADOW, endpoint_name=ENDPOINT)
    return view_of(shadow, looks=(), counters=counters, log=(entry(),))


def test_pairs_are_told_with_the_slices_that_did_worst() -> None:
    """How many, how they came out, and where; slices without a bad pair are left out."""
    pairs = PairCounts(
        agreed=1_180,
        differed=20,
        candidate_only_error=3,
        live_only_error=1,
        slices={"eu": SliceCounts(pairs=200, bad=18), "us": SliceCounts(pairs=1_000)},
    )
    assert pairs_words(view(pairs)) == (
        "1 204 pairs: 1.67 % of the answers differ, 3 failed by the candidate alone, 1 by the live "
        "version alone; most differ or fail in eu 9.00 % of 200"
    )


def test_nothing_is_told_where_there_are_no_pairs() -> None:
    """Before the first interval closed, and of other releases."""
    assert pairs_words(view(None)) is None
    other = view_of(record(), looks=(), counters=(), log=(entry(),))
    assert pairs_words(other) is None
