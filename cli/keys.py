"""The signing keys of a deployed stage, as an operator sees and rotates them."""

import time
from dataclasses import dataclass
from typing import Any

from cli.exits import CommandError, Exit
from cli.options import Place
from tidegate.keyring import KeyRing, RingKey
from tidegate.ports import Clock
from tidegate_aws.keys import ring_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySecret:
    """The secret that has the ring of signing keys."""

    client: Any
    secret_arn: str
    clock: Clock

    def told(self) -> list[dict[str, object]]:
        """Each key's id and what it does, oldest first; nothing of the key itself."""
        answer = self.client.get_secret_value(SecretId=self.secret_arn)
        ring, now = ring_of(answer["SecretString"]), self.clock.now()
        return [
            {
                "id": key.id,
                "signs_from": key.signs_from,
                "gone_at": key.gone_at,
                "told": _words(key, ring, now),
            }
            for key in ring.keys
        ]

    def rotate(self) -> str:
        """A rotation has begun; the id of the version that it makes."""
        return str(self.client.rotate_secret(SecretId=self.secret_arn)["VersionId"])

    def is_current(self, version: str) -> bool:
        """Whether a version is what everybody reads."""
        described = self.client.describe_secret(SecretId=self.secret_arn)
        return "AWSCURRENT" in described["VersionIdsToStages"].get(version, [])


def _words(key: RingKey, ring: KeyRing, now: float) -> str:
    if key.id == ring.at(now).current:
        until = "" if key.gone_at is None else f", verifies until {_utc(key.gone_at)}"
        return f"signs{until}"
    if key.signs_from > now:
        return f"signs from {_utc(key.signs_from)}"
    if key.gone_at is not None and key.gone_at < now:
        return f"gone since {_utc(key.gone_at)}"
    return "verifies" if key.gone_at is None else f"verifies until {_utc(key.gone_at)}"


def _utc(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))


def key_secret(place: Place) -> KeySecret:
    """The secret of a deployed stage; CommandError for one that has no such output yet."""
    deployed = place.deployed()
    arn = deployed.outputs.get("SigningSecretArn")
    if arn is None:
        raise CommandError(
            "this stage was deployed before its keys were rotated: run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    return KeySecret(
        client=place.target.client("secretsmanager"), secret_arn=arn, clock=place.target.clock
    )
