"""Prediction ids: signed, so that an outcome can be credited without looking anything up.

An id names release, model, slot, version, split and time of serving. It is `payload.signature`,
both base64url without padding: the payload is a compact JSON array, the signature the first 16
bytes of HMAC-SHA256 over the payload under a key named in it, so that keys can be rotated.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.errors import ForgedPredictionIdError

FORMAT = 1
_SIGNATURE_BYTES = 16
_LONGEST = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionId:
    """What a prediction id says. `served_at` is in epoch seconds; `nonce` makes it unique."""

    model: str
    release_id: str
    slot: str
    version: str
    split_version: int
    served_at: float
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeys:
    """The secret keys by their id; `current` signs, all of them verify."""

    current: str
    keys: Mapping[str, bytes]


def sign(prediction: PredictionId, keys: SigningKeys) -> str:
    """The signed id of a prediction."""
    payload = json.dumps(
        [
            FORMAT,
            keys.current,
            prediction.model,
            prediction.release_id,
            prediction.slot,
            prediction.version,
            prediction.split_version,
            round(prediction.served_at, 3),
            prediction.nonce,
        ],
        separators=(",", ":"),
    ).encode()
    return f"{_encode(payload)}.{_encode(_signature(payload, keys.keys[keys.current]))}"


def verify(text: str, keys: SigningKeys) -> PredictionId:
    """What a signed id says; ForgedPredictionIdError if malformed, altered or of no known key."""
    if len(text) > _LONGEST or text.count(".") != 1:
        raise ForgedPredictionIdError("prediction id is malformed: expected payload.signature")
    encoded, _, signature = text.partition(".")
    try:
        payload = _decode(encoded)
        fields = json.loads(payload)
        given = _decode(signature)
    except (binascii.Error, ValueError) as error:
        raise ForgedPredictionIdError("prediction id is malformed: not base64url JSON") from error
    if not isinstance(fields, list) or len(fields) != 9 or fields[0] != FORMAT:
        raise ForgedPredictionIdError(f"prediction id is malformed: not format {FORMAT}")
    key = keys.keys.get(str(fields[1]))
    if key is None or not hmac.compare_digest(given, _signature(payload, key)):
        raise ForgedPredictionIdError("prediction id has a signature that does not match")
    return PredictionId(
        model=str(fields[2]),
        release_id=str(fields[3]),
        slot=str(fields[4]),
        version=str(fields[5]),
        split_version=int(fields[6]),
        served_at=float(fields[7]),
        nonce=str(fields[8]),
    )


def fingerprint(text: str) -> str:
    """A short name of a prediction id under which its outcome is credited once."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _signature(payload: bytes, key: bytes) -> bytes:
    return hmac.new(key, payload, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
