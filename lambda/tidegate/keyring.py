"""The keys of signed texts over time: which one signs now, which still verify, when one is gone.

Every reader keeps the ring for a few minutes. So a new key signs only once all readers have it, and
an old one verifies until nothing that it signed is worth anything any more. Both follow from the
ring and the clock: a rotation is one write, after which nobody has to come back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tidegate.errors import InvalidValueError
from tidegate.signing import SigningKeys
from tidegate.untyped import Any
from tidegate.values import value

KEPT_SECONDS = 300
"""How long a reader may work with a ring that it has read."""

ACTIVATION_SECONDS = 2 * KEPT_SECONDS
"""How long after it was added a key signs: every reader has read it by then."""

SLACK_SECONDS = ACTIVATION_SECONDS
"""How much longer than it must a key verifies: clocks may differ."""

SHORTEST_VALIDITY_SECONDS = 86_400
"""A slot token is signed by the same keys and lasts this long at most (override.py)."""

_FIRST = "k1"


@value
class RingKey:
    """A key: it signs from a moment until a later key does, and verifies until it is gone."""

    id: str
    secret: str
    signs_from: float
    gone_at: float | None = None
    """When it verifies no longer; None while no later key is there."""


@value
class KeyRing:
    """Keys in the order in which they sign; there is at least one."""

    keys: tuple[RingKey, ...]

    def at(self, now: float) -> SigningKeys:
        """The keys as they are at a moment: the newest that may sign, and all that verify."""
        signing = [key for key in self.keys if key.signs_from <= now]
        current = signing[-1] if signing else self.keys[0]
        verifying = [
            key for key in self.keys if key.gone_at is None or now <= key.gone_at or key is current
        ]
        return SigningKeys(
            current=current.id, keys={key.id: key.secret.encode() for key in verifying}
        )

    def to_json(self) -> dict[str, Any]:
        """The ring in JSON types, as the secret has it; `from_json` reads it back."""
        return {
            "keys": [
                {
                    "id": key.id,
                    "secret": key.secret,
                    "signs_from": key.signs_from,
                    "gone_at": key.gone_at,
                }
                for key in self.keys
            ]
        }

    @classmethod
    def from_json(cls, data: object) -> "KeyRing":
        """The ring in a secret; InvalidValueError says what it lacks, and shows none of it.

        A secret that was never rotated is as CloudFormation generates it: `current` names its key,
        which is a member beside it. One that was rotated by hand may have all keys in an object.
        """
        if not isinstance(data, Mapping):
            raise InvalidValueError(["the signing secret must be a JSON object"])
        listed = data.get("keys")
        if listed is None or isinstance(listed, Mapping):
            return cls(keys=_named(data, data if listed is None else listed))
        return cls(keys=_listed(listed))


def _named(data: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[RingKey, ...]:
    """Keys by their ids, the current one last: it signs."""
    current = data.get("current")
    if not isinstance(current, str):
        raise InvalidValueError(
            ['the signing secret must have a list "keys", or a member "current", a key\'s id']
        )
    keys = {
        name: RingKey(id=name, secret=secret, signs_from=0.0)
        for name, secret in found.items()
        if isinstance(secret, str) and secret and name != "current"
    }
    if current not in keys:
        raise InvalidValueError(["the signing secret has no key of the id that it names current"])
    return (*(key for name, key in keys.items() if name != current), keys[current])


def _listed(listed: object) -> tuple[RingKey, ...]:
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise InvalidValueError(['"keys" of the signing secret must be a list of keys'])
    faults = [fault for place, key in enumerate(listed, start=1) for fault in _faults(place, key)]
    if faults:
        raise InvalidValueError(faults)
    keys = tuple(
        RingKey(
            id=key["id"],
            secret=key["secret"],
            signs_from=float(key["signs_from"]),
            gone_at=None if key["gone_at"] is None else float(key["gone_at"]),
        )
        for key in listed
    )
    return tuple(sorted(keys, key=lambda key: key.signs_from))


def _faults(place: int, key: object) -> list[str]:
    """What a key lacks; its values are never shown."""
    if not isinstance(key, Mapping):
        return [f"key {place} of the signing secret must be an object"]
    texts = [n for n in ("id", "secret") if not isinstance(key.get(n), str) or not key[n]]
    moments = [n for n in ("signs_from",) if not _is_moment(key.get(n))]
    if "gone_at" not in key or (key["gone_at"] is not None and not _is_moment(key["gone_at"])):
        moments.append("gone_at")
    return [
        *(f"{name} of key {place} of the signing secret must be text" for name in texts),
        *(f"{name} of key {place} of the signing secret must be a moment" for name in moments),
    ]


def _is_moment(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def rotated(ring: KeyRing, *, secret: str, now: float, longest_window_seconds: float) -> KeyRing:
    """The ring with one more key, which signs soon, and without those that are gone.

    While a key waits to sign, rotating again adds none: the ring would only grow. The key before
    verifies for as long as an outcome of what it signed may come.
    """
    kept = tuple(key for key in ring.keys if key.gone_at is None or now <= key.gone_at)
    if kept[-1].signs_from > now:
        return KeyRing(keys=kept)
    takes_over_at = now + ACTIVATION_SECONDS
    validity = max(longest_window_seconds, SHORTEST_VALIDITY_SECONDS)
    gone_at = takes_over_at + validity + SLACK_SECONDS
    superseded = (replace(k, gone_at=gone_at) if k.gone_at is None else k for k in kept)
    added = RingKey(id=_next_id(ring), secret=secret, signs_from=takes_over_at)
    return KeyRing(keys=(*superseded, added))


def _next_id(ring: KeyRing) -> str:
    """An id that no key of the ring has, nor one that was dropped: numbers only rise."""
    numbers = [int(key.id[1:]) for key in ring.keys if key.id[1:].isdecimal()]
    return f"k{max(numbers) + 1}" if numbers else _FIRST
