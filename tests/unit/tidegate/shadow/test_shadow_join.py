"""Joining captures of both variants into counts of pairs."""

import base64
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.observation import Observation, ObservationKey, PairCounts, SliceCounts
from tidegate.shadow.captures import Captured, captured_in
from tidegate.shadow.join import (
    OTHER_SLICES,
    SLICES_KEPT,
    Window,
    distance_bucket,
    pair_up,
    worst_slices,
)
from tidegate.shadow.pairing import Pairing

LABEL = Pairing(answer="/label")
WINDOW = Window(first=10, last=11)


def captured(name: str, *, at: float = 600.0, label: str = "right", region: str = "eu") -> Captured:
    """A captured answer."""
    return Captured(
        inference_id=name,
        at=at,
        request=json.dumps({"region": region}).encode(),
        answer=json.dumps({"label": label}).encode(),
    )


def counts(live: list[Captured], candidate: list[Captured], pairing: Pairing = LABEL) -> PairCounts:
    """All pairs of the window."""
    found = pair_up(live, candidate, window=WINDOW, pairing=pairing)
    return found[10] + found[11]


def test_answers_to_one_request_are_one_pair() -> None:
    """They agree where the plan's place in both is the same, and differ where it is not."""
    live = [captured("a"), captured("b")]
    candidate = [captured("b", label="wrong"), captured("a")]
    assert counts(live, candidate) == PairCounts(agreed=1, differed=1)


def test_who_is_missing_has_failed() -> None:
    """Captures hold good answers only, so that a half without a partner is the other's error."""
    found = counts([captured("a"), captured("b")], [captured("b"), captured("c")])
    assert found == PairCounts(agreed=1, candidate_only_error=1, live_only_error=1)


def test_a_pair_is_of_the_interval_in_which_the_live_version_answered() -> None:
    """A copy that is answered after the interval's end still belongs to it."""
    found = pair_up(
        [captured("a", at=659.0)], [captured("a", at=661.0)], window=WINDOW, pairing=LABEL
    )
    assert (found[10].pairs, found[11].pairs) == (1, 0)


def test_pairs_of_other_intervals_are_left_to_their_own_look() -> None:
    """Neither the interval before the window nor the one after it is counted."""
    early, late = captured("a", at=599.0), captured("b", at=720.0)
    assert counts([early, late], [early, late]).pairs == 0


def test_what_is_captured_twice_counts_once() -> None:
    """Two lines of one inference id are one half."""
    assert counts([captured("a")] * 2, [captured("a")] * 3).pairs == 1


def test_numbers_agree_within_the_tolerance() -> None:
    """Scores are compared by how far they lie apart, and the distances are counted by decade."""
    scores = Pairing(answer="/score", tolerance=0.01)
    halves = [
        [Captured(inference_id=n, at=600, request=b"{}", answer=b'{"score": %s}' % s)]
        for n, s in (("a", b"0.500"), ("a", b"0.505"), ("b", b"0.5"), ("b", b"0.7"))
    ]
    found = counts(halves[0] + halves[2], halves[1] + halves[3], scores)
    assert (found.agreed, found.differed) == (1, 1)
    assert found.distances == {distance_bucket(0.005): 1, distance_bucket(0.2): 1}


@pytest.mark.parametrize("answer", [b"not json", b'{"other": 1}', b"[1, 2]", b'{"label": NaN}'])
def test_answers_without_the_place_never_agree(answer: bytes) -> None:
    """Two equal answers in which nothing can be compared prove nothing, and count as differing."""
    half = Captured(inference_id="a", at=600, request=b"", answer=answer)
    assert counts([half], [half]) == PairCounts(differed=1)


def test_slices_are_counted_only_when_the_plan_names_them() -> None:
    """Without a place in the request, nothing of it is kept."""
    pair = [captured("a", region="secret")]
    assert counts(pair, pair).slices == {}
    sliced = Pairing(answer="/label", slice="/region")
    assert counts(pair, pair, sliced).slices == {"secret": SliceCounts(pairs=1)}


def test_only_so_many_slices_are_kept_by_name() -> None:
    """The others are counted together, so that a field of many values stays small."""
    live = [captured(f"{n:03}", region=str(n)) for n in range(100)]
    found = counts(live, live, Pairing(answer="/label", slice="/region")).slices
    assert len(found) == SLICES_KEPT + 1
    assert found[OTHER_SLICES].pairs == 100 - SLICES_KEPT


def test_the_worst_slices_come_first_and_few_pairs_are_taken_with_care() -> None:
    """One bad pair of one is less sure than ninety of a hundred."""
    slices = {
        "fine": SliceCounts(pairs=100),
        "bad": SliceCounts(pairs=100, bad=90),
        "rare": SliceCounts(pairs=1, bad=1),
    }
    assert [name for name, _ in worst_slices(slices, most=2)] == ["bad", "rare"]


def test_counts_survive_the_way_into_a_record_and_back() -> None:
    """Observations of pairs are stored as JSON."""
    pairs = PairCounts(
        agreed=3, distances={0: 2}, candidate_latency={7: 1}, slices={"eu": SliceCounts(pairs=3)}
    )
    key = ObservationKey(release_id="r", interval=1, split_version=2, slot="green")
    observation = Observation(key=key, pairs=pairs)
    assert Observation.from_json(json.loads(json.dumps(observation.to_json()))) == observation


@given(
    st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.booleans(), st.booleans())),
    st.randoms(use_true_random=False),
)
def test_the_order_of_captures_does_not_matter(
    lines: list[tuple[int, bool, bool, bool]], chance: random.Random
) -> None:
    """Files come in any order, and counts are the same."""
    live = [captured(str(n)) for n, here, _, _ in lines if here]
    candidate = [
        captured(str(n), label="right" if good else "wrong") for n, _, here, good in lines if here
    ]
    candidate = list({item.inference_id: item for item in candidate}.values())
    mixed = (chance.sample(live, len(live)), chance.sample(candidate, len(candidate)))
    assert counts(*mixed) == counts(live, candidate)


@given(st.floats(min_value=0, max_value=1e300))
def test_larger_distances_never_fall_into_lower_buckets(distance: float) -> None:
    """Buckets are decades in their order."""
    assert distance_bucket(distance) <= distance_bucket(distance * 2)


def a_line(**changes: object) -> str:
    """A line as SageMaker writes it."""
    half = {"observedContentType": "application/json", "mode": "INPUT", "encoding": "JSON"}
    answer = base64.b64encode(b'{"label": 1}').decode()
    document = {
        "captureData": {
            "endpointInput": {**half, "data": '{"x": 1}'},
            "endpointOutput": {**half, "mode": "OUTPUT", "encoding": "BASE64", "data": answer},
        },
        "eventMetadata": {
            "eventId": "e",
            "inferenceId": "i",
            "inferenceTime": "2026-11-22T18:00:00Z",
        },
        "eventVersion": "0",
    }
    return json.dumps({**document, **changes})


def test_a_line_of_a_capture_file_is_read() -> None:
    """Text and base64 are undone, the time is the epoch's."""
    found = captured_in(a_line())
    assert found == Captured(
        inference_id="i", at=1_795_370_400.0, request=b'{"x": 1}', answer=b'{"label": 1}'
    )


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "null", a_line(eventMetadata={"eventId": "e"}), a_line(captureData={})]
)
def test_lines_that_cannot_be_joined_are_left_out(line: str) -> None:
    """Damaged lines, and requests that nobody gave an id, are no half of any pair."""
    assert captured_in(line) is None
