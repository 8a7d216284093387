"""The steps of a rotation of the signing keys, as Secrets Manager asks for them.

Source: Secrets Manager user guide, "Lambda rotation functions": each step may run more than once.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.keyring import KeyRing, rotated
from tidegate.signing import seal, unseal
from tidegate_aws.errors import code_of
from tidegate_aws.keys import ring_of

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
_BYTES = 32
_PROBE = "rotation"


def _new_secret() -> str:
    return secrets.token_hex(_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRotation:
    """Rotations of one secret."""

    client: Any
    secret_arn: str
    new_secret: Callable[[], str] = _new_secret

    def refuse_other(self, secret_arn: str) -> None:
        """InvalidValueError for a secret that is not the signing keys'."""
        if secret_arn != self.secret_arn:
            raise InvalidValueError(
                [f"secret is {secret_arn}, this function rotates {self.secret_arn} only"]
            )

    def create(self, version: str, *, now: float, longest_window_seconds: float) -> None:
        """The version is pending, and its ring has a new key; one that is there stays as it is."""
        if self._is_there(version):
            return
        before = self._ring(VersionStage=CURRENT)
        after = rotated(
            before,
            secret=self.new_secret(),
            now=now,
            longest_window_seconds=longest_window_seconds,
        )
        self.client.put_secret_value(
            SecretId=self.secret_arn,
            ClientRequestToken=version,
            SecretString=json.dumps(after.to_json()),
            VersionStages=[PENDING],
        )

    def test(self, version: str, *, now: float) -> None:
        """The version's ring can sign, and verifies what the current one signs; or an error."""
        pending = self._ring(VersionId=version).at(now)
        for keys in (pending, self._ring(VersionStage=CURRENT).at(now)):
            unseal(seal(_PROBE, [now], keys), _PROBE, pending, count=1)

    def finish(self, version: str) -> None:
        """The version is the current one."""
        described = self.client.describe_secret(SecretId=self.secret_arn)
        stages: dict[str, list[str]] = described["VersionIdsToStages"]
        current = next((one for one, named in stages.items() if CURRENT in named), None)
        if current == version:
            return
        self.client.update_secret_version_stage(
            SecretId=self.secret_arn,
            VersionStage=CURRENT,
            MoveToVersionId=version,
            **({} if current is None else {"RemoveFromVersionId": current}),
        )

    def _is_there(self, version: str) -> bool:
        from botocore.exceptions import ClientError  # noqa: PLC0415 - botocore takes 40 ms

        try:
            self._ring(VersionId=version)
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return False
            raise
        return True

    def _ring(self, **which: str) -> KeyRing:
        answer = self.client.get_secret_value(SecretId=self.secret_arn, **which)
        return ring_of(answer["SecretString"])
