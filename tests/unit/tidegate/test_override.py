"""Testers choose a slot by a token that only a key can make, for one model and for a while."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.fakes import FakeKeys
from tests.samples import MODEL, START
from tidegate.errors import ForgedPredictionIdError, OverrideRefusedError
from tidegate.override import LONGEST_SECONDS, Override, overridden_slot, sign_override
from tidegate.prediction_id import PredictionId, sign, verify
from tidegate.signing import SigningKeys

KEYS = FakeKeys().read()
GREEN = Override(model=MODEL, slot="green", expires_at=START + 60)


def slot_of(token: str, *, now: float = START) -> str:
    """The slot that a token names."""
    return overridden_slot(token, KEYS, split=samples.split(), now=now)


def test_a_token_names_its_slot_until_it_expires():
    """Up to its last moment, and not in it."""
    token = sign_override(GREEN, KEYS)
    assert slot_of(token, now=START + 59.9) == "green"
    with pytest.raises(OverrideRefusedError, match="expired 0 s ago"):
        slot_of(token, now=START + 60)


@pytest.mark.parametrize(
    ("override", "told"),
    [
        (Override(model="weather", slot="green", expires_at=START + 60), "is for model weather"),
        (Override(model=MODEL, slot="red", expires_at=START + 60), "no slot red, only blue, green"),
    ],
)
def test_a_token_of_something_else_is_refused(override: Override, told: str):
    """It says what it is for."""
    with pytest.raises(OverrideRefusedError, match=told):
        slot_of(sign_override(override, KEYS))


def test_a_token_that_would_last_too_long_is_refused():
    """Keys are rotated out after a day, as far as tokens go."""
    lasting = Override(model=MODEL, slot="green", expires_at=START + LONGEST_SECONDS)
    token = sign_override(lasting, KEYS)
    assert slot_of(token) == "green"
    with pytest.raises(OverrideRefusedError, match="lasts 86460 s, 86400 are allowed"):
        slot_of(token, now=START - 60)


def test_a_token_of_another_key_is_forged():
    """Whoever cannot read the signing secret chooses nothing."""
    forged = sign_override(GREEN, SigningKeys(current="k1", keys={"k1": b"another key"}))
    with pytest.raises(OverrideRefusedError, match="signature that does not match"):
        slot_of(forged)


@given(text=st.text(max_size=600))
def test_any_other_text_is_refused(text: str):
    """`green` by itself, too."""
    for given_text in (text, "green"):
        with pytest.raises(OverrideRefusedError):
            slot_of(given_text)


def test_a_prediction_id_is_no_token_and_a_token_no_prediction_id():
    """One key signs both, and each says what it is."""
    prediction = PredictionId(
        model=MODEL,
        release_id="r",
        slot="green",
        version="v",
        split_version=1,
        served_at=START,
        nonce="n",
    )
    with pytest.raises(OverrideRefusedError, match="not format"):
        slot_of(sign(prediction, KEYS))
    with pytest.raises(ForgedPredictionIdError, match="not format"):
        verify(sign_override(GREEN, KEYS), KEYS)
