"""Prediction ids: signed, so that an outcome can be credited without looking anything up.

An id names release, model, slot, version, split, time of serving, what was drawn (the unit) and,
where users were, the user's hash: it is a signed text (`signing.py`).
"""

import hashlib

from tidegate.errors import ForgedPredictionIdError, ForgedTextError
from tidegate.observation import Unit
from tidegate.signing import SigningKeys, seal, unseal
from tidegate.values import value

FORMAT = 2
_FIELDS = 9


@value
class PredictionId:
    """What a prediction id says. `served_at` is in epoch seconds; `nonce` makes it unique.

    `unit` is that of the request's line in the log, so that one release counts by one unit;
    `client` is the hash of a user who was drawn as one (unit `user`), empty for other units.
    """

    model: str
    release_id: str
    slot: str
    version: str
    split_version: int
    served_at: float
    nonce: str
    unit: Unit = Unit.REQUEST
    client: str = ""


def sign(prediction: PredictionId, keys: SigningKeys) -> str:
    """The signed id of a prediction."""
    fields = [
        prediction.model,
        prediction.release_id,
        prediction.slot,
        prediction.version,
        prediction.split_version,
        round(prediction.served_at, 3),
        prediction.nonce,
        prediction.unit.value,
        prediction.client,
    ]
    return seal(FORMAT, fields, keys)


def verify(text: str, keys: SigningKeys) -> PredictionId:
    """What a signed id says; ForgedPredictionIdError if malformed, altered or of no known key."""
    try:
        fields = unseal(text, FORMAT, keys, count=_FIELDS)
    except ForgedTextError as error:
        raise ForgedPredictionIdError(f"prediction id {error}") from error
    return PredictionId(
        model=str(fields[0]),
        release_id=str(fields[1]),
        slot=str(fields[2]),
        version=str(fields[3]),
        split_version=int(fields[4]),
        served_at=float(fields[5]),
        nonce=str(fields[6]),
        unit=Unit(fields[7]),
        client=str(fields[8]),
    )


def fingerprint(nonce: str) -> str:
    """A short name of a prediction under which its outcome is credited once.

    Of the nonce only, which is the inference id that SageMaker captures with the answer: whoever
    reads a captured answer so finds its outcome, and needs no key for that.
    """
    return hashlib.sha256(nonce.encode()).hexdigest()[:32]
