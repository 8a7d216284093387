"""Prediction ids cannot be made or changed without the key."""

import base64
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tidegate.errors import ForgedPredictionIdError
from tidegate.observation import Unit
from tidegate.prediction_id import PredictionId, fingerprint, sign, verify
from tidegate.signing import SigningKeys

KEYS = SigningKeys(current="k2", keys={"k1": b"an old key", "k2": b"a new key"})
TEXT = st.text(max_size=20)

predictions = st.builds(
    PredictionId,
    model=TEXT,
    release_id=TEXT,
    slot=TEXT,
    version=TEXT,
    split_version=st.integers(0, 10**8),
    served_at=st.integers(0, 10**13).map(lambda ms: ms / 1000),
    nonce=TEXT,
    unit=st.sampled_from(Unit),
    client=TEXT,
)
ONE = PredictionId(
    model="m",
    release_id="r",
    slot="blue",
    version="v",
    split_version=1,
    served_at=1.0,
    nonce="n",
)


def signed(prediction: PredictionId) -> str:
    """Its id, if it is one that fits."""
    text = sign(prediction, KEYS)
    assume(len(text) <= 512)
    return text


@given(prediction=predictions)
def test_a_signed_id_says_what_was_signed(prediction: PredictionId):
    """Every field comes back."""
    assert verify(signed(prediction), KEYS) == prediction


@given(prediction=predictions, place=st.integers(0, 511), letter=st.sampled_from("Aa0_-.Z"))
def test_a_changed_id_is_forged(prediction: PredictionId, place: int, letter: str):
    """Any other letter anywhere, also one that spells the same bytes: that would be credited twice.

    Base64 leaves a few bits of its last letter unused.
    """
    text = signed(prediction)
    assume(place < len(text) and text[place] != letter)
    with pytest.raises(ForgedPredictionIdError):
        verify(text[:place] + letter + text[place + 1 :], KEYS)


@pytest.mark.parametrize("more", ["=", "==", "\n", " ", "AAAA"])
def test_an_id_with_more_letters_is_forged(more: str):
    """Also those that decoders skip."""
    text = sign(ONE, KEYS)
    for changed in (text + more, more + text, text.replace(".", f"{more}.")):
        with pytest.raises(ForgedPredictionIdError):
            verify(changed, KEYS)


@given(text=st.text(max_size=600))
def test_any_other_text_is_forged(text: str):
    """Nothing but the error comes of it."""
    with pytest.raises(ForgedPredictionIdError):
        verify(text, KEYS)


def test_an_id_of_an_older_key_still_verifies():
    """Keys are rotated without losing outcomes."""
    old = SigningKeys(current="k1", keys={"k1": b"an old key"})
    assert verify(sign(ONE, old), KEYS) == ONE
    with pytest.raises(ForgedPredictionIdError):
        verify(sign(ONE, KEYS), old)


@pytest.mark.parametrize(
    "payload",
    [[], {}, [1, "k2"], [2, "k2", "m", "r", "s", "v", 1, 1.0, "n"], "text", None],
)
def test_a_payload_of_another_shape_is_forged(payload: Any):
    """Whoever has the key writes only one format."""
    encoded = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=").decode()
    with pytest.raises(ForgedPredictionIdError):
        verify(f"{encoded}.AAAA", KEYS)


@given(one=predictions, two=predictions)
def test_predictions_have_fingerprints_of_their_own(one: PredictionId, two: PredictionId):
    """The ledger tells them apart by what makes each unique, which captures say too."""
    assume(one.nonce != two.nonce)
    assert fingerprint(one.nonce) != fingerprint(two.nonce)
