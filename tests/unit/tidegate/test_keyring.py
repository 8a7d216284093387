"""Keys are rotated without a moment in which an honest id would be refused."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import ForgedPredictionIdError, InvalidValueError
from tidegate.keyring import (
    ACTIVATION_SECONDS,
    KEPT_SECONDS,
    SHORTEST_VALIDITY_SECONDS,
    SLACK_SECONDS,
    KeyRing,
    rotated,
)
from tidegate.prediction_id import PredictionId, sign, verify

GENERATED = KeyRing.from_json({"current": "k1", "k1": "generated"})
DAY = 86_400.0
NEW = "new"
WINDOW = 3 * DAY
SERVED = PredictionId(
    model="m",
    release_id="r",
    slot="blue",
    version="v",
    split_version=1,
    served_at=0.0,
    nonce="n",
)


def turned(ring: KeyRing, now: float, *, window: float = WINDOW, secret: str = NEW) -> KeyRing:
    """The ring after a rotation."""
    return rotated(ring, secret=secret, now=now, longest_window_seconds=window)


def test_a_new_key_signs_only_when_every_reader_has_it():
    """Until then the old one does."""
    ring = turned(GENERATED, 1_000)
    assert ring.at(1_000 + ACTIVATION_SECONDS - 1).current == "k1"
    assert ring.at(1_000 + ACTIVATION_SECONDS).current == "k2"
    assert ACTIVATION_SECONDS > KEPT_SECONDS


def test_an_old_key_verifies_until_its_last_id_is_out_of_its_window():
    """Then it is gone, without anybody having written."""
    ring = turned(GENERATED, 0)
    gone = ACTIVATION_SECONDS + WINDOW + SLACK_SECONDS
    assert set(ring.at(gone).keys) == {"k1", "k2"}
    assert set(ring.at(gone + 1).keys) == {"k2"}


def test_a_short_window_keeps_keys_for_slot_tokens():
    """A tester's token lasts up to a day, whatever outcomes do."""
    ring = turned(GENERATED, 0, window=60)
    assert "k1" in ring.at(ACTIVATION_SECONDS + SHORTEST_VALIDITY_SECONDS).keys


def test_the_next_rotation_drops_what_is_gone():
    """Its secret does not stay in the ring for ever."""
    ring = turned(turned(GENERATED, 0), 30 * DAY, secret="newest")
    assert [key.id for key in ring.keys] == ["k2", "k3"]


def test_rotating_while_a_key_waits_adds_none():
    """A rotation that is tried again is one rotation."""
    ring = turned(GENERATED, 0)
    assert turned(ring, ACTIVATION_SECONDS - 1) == ring


def test_a_clock_before_every_key_still_signs():
    """The oldest key does: there is always one."""
    ring = KeyRing(keys=tuple(replace(k, signs_from=50.0) for k in GENERATED.keys))
    assert ring.at(0).current == "k1"


@given(
    rotations=st.lists(st.floats(0, 60 * DAY), max_size=6).map(sorted),
    served_at=st.floats(0, 90 * DAY),
    delay=st.floats(0, WINDOW),
    behind=st.tuples(st.floats(0, KEPT_SECONDS), st.floats(0, KEPT_SECONDS)),
)
def test_an_id_within_its_window_verifies_whatever_was_rotated(
    rotations: list[float], served_at: float, delay: float, behind: tuple[float, float]
):
    """However far signer and verifier are behind with the ring they keep."""
    history = [(0.0, GENERATED)]
    for number, moment in enumerate(rotations):
        history.append((moment, turned(history[-1][1], moment, secret=f"secret {number}")))

    def ring_read_at(moment: float) -> KeyRing:
        return [ring for written, ring in history if written <= max(moment, 0.0)][-1]

    known_at = served_at + delay
    signer = ring_read_at(served_at - behind[0]).at(served_at)
    verifier = ring_read_at(known_at - behind[1]).at(known_at)
    prediction = replace(SERVED, served_at=round(served_at, 3))
    assert verify(sign(prediction, signer), verifier) == prediction


def test_an_id_of_a_dropped_key_is_forged():
    """Whoever finds an old key can do nothing with it."""
    ring = turned(GENERATED, 0)
    late = ring.at(ACTIVATION_SECONDS + WINDOW + SLACK_SECONDS + 1)
    with pytest.raises(ForgedPredictionIdError):
        verify(sign(SERVED, GENERATED.at(0)), late)


def test_a_ring_is_stored_and_read_back():
    """All that decides is in the secret."""
    ring = turned(turned(GENERATED, 0), 5 * DAY)
    assert KeyRing.from_json(ring.to_json()) == ring


def test_a_ring_of_a_hand_made_rotation_is_read_and_rotated():
    """Keys in an object: the current one signs, and all others go once it is replaced."""
    ring = KeyRing.from_json({"current": "k2", "keys": {"k2": "new", "k1": "old"}})
    assert ring.at(0).current == "k2"
    assert set(ring.at(0).keys) == {"k1", "k2"}
    following = turned(ring, 0)
    assert following.keys[-1].id == "k3"
    assert set(following.at(30 * DAY).keys) == {"k3"}


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"current": 1},
        {"current": "k1"},
        {"current": "k", "k": ""},
        {"current": "current"},
        {"keys": []},
        {"keys": "s3cret"},
        {"keys": ["s3cret"]},
        {"keys": [{"id": "k1", "secret": "s3cret", "signs_from": "s3cret", "gone_at": None}]},
    ],
)
def test_a_ring_that_cannot_sign_is_refused_unseen(data: Any):
    """The error says what lacks, and nothing of what is there."""
    with pytest.raises(InvalidValueError) as refusal:
        KeyRing.from_json(data)
    assert "s3cret" not in str(refusal.value)


def test_all_faults_of_a_ring_are_named_at_once():
    """Each with its place."""
    with pytest.raises(InvalidValueError) as refusal:
        KeyRing.from_json({"keys": [{"id": ""}, 5]})
    assert len(refusal.value.faults) == 5
