"""Signing keys of prediction ids: a key ring in one secret (`tidegate/keyring.py` has its form)."""

from __future__ import annotations

import json

from tidegate.errors import InvalidValueError
from tidegate.keyring import KEPT_SECONDS, KeyRing
from tidegate.signing import SigningKeys
from tidegate.untyped import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.ports import Clock


class SecretKeys:
    """Port `Keys` over Secrets Manager; a ring is read again after KEPT_SECONDS.

    Its age is told by the cloud's clock, as the moments in the ring are: a reader may never be
    further behind than a new key waits before it signs.
    """

    def __init__(self, *, client: Any, secret_arn: str, clock: Clock) -> None:
        self._client = client
        self._secret_arn = secret_arn
        self._clock = clock
        self._kept: tuple[float, KeyRing] | None = None

    def read(self) -> SigningKeys:
        """The keys as they are now, the current one named."""
        now = self._clock.now()
        if self._kept is None or not 0 <= now - self._kept[0] < KEPT_SECONDS:
            answer = self._client.get_secret_value(SecretId=self._secret_arn)
            self._kept = (now, ring_of(answer["SecretString"]))
        return self._kept[1].at(now)


def ring_of(secret: str) -> KeyRing:
    """The ring in a secret's text; InvalidValueError says what it lacks, and shows none of it."""
    try:
        data = json.loads(secret)
    except ValueError as error:
        raise InvalidValueError(["the signing secret must be a JSON object"]) from error
    return KeyRing.from_json(data)


def signing_keys(secret: str, *, now: float) -> SigningKeys:
    """The keys in a secret's text as they are at a moment of the cloud's clock."""
    return ring_of(secret).at(now)
