"""Signing keys of prediction ids, in one secret.

The secret is a JSON object: `current` names the key that signs, every other member is a key by its
id (as CloudFormation's GenerateSecretString writes it), or all keys are in an object `keys`. To
rotate, add a key, then name it as `current`; ids of the old key verify until it is removed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.prediction_id import SigningKeys

KEPT_SECONDS = 300


class SecretKeys:
    """Port `Keys` over Secrets Manager; a secret is read again after five minutes."""

    def __init__(
        self, *, client: Any, secret_arn: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._secret_arn = secret_arn
        self._monotonic = monotonic
        self._kept: tuple[float, SigningKeys] | None = None

    def read(self) -> SigningKeys:
        """The keys, the current one named."""
        now = self._monotonic()
        if self._kept is None or now - self._kept[0] >= KEPT_SECONDS:
            answer = self._client.get_secret_value(SecretId=self._secret_arn)
            self._kept = (now, signing_keys(answer["SecretString"]))
        return self._kept[1]


def signing_keys(secret: str) -> SigningKeys:
    """The keys in a secret's text; InvalidValueError says what it lacks, and shows none of it."""
    try:
        data = json.loads(secret)
    except ValueError as error:
        raise InvalidValueError(["the signing secret must be a JSON object"]) from error
    if not isinstance(data, dict) or not isinstance(data.get("current"), str):
        raise InvalidValueError(['the signing secret must have a member "current", a key\'s id'])
    nested = data.get("keys")
    found: Mapping[str, Any] = nested if isinstance(nested, dict) else data
    keys = {
        name: value.encode()
        for name, value in found.items()
        if isinstance(value, str) and name != "current"
    }
    if not keys.get(data["current"]):
        raise InvalidValueError(["the signing secret has no key of the id that it names current"])
    return SigningKeys(current=data["current"], keys=keys)
