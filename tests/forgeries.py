"""Prediction ids that nobody signed, made of ones that somebody did."""

import base64
import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tidegate.signing import SigningKeys, seal

OTHER_KEYS = SigningKeys(current="k1", keys={"k1": b"another key"})
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def forgeries(ids: Sequence[str], *, count: int, seed: int = 11) -> Iterator[str]:
    """So many different forged ids, of every kind in turn; none is one of the honest ids."""
    chance = random.Random(seed)  # noqa: S311 - forgeries of tests, not secrets
    seen = set(ids)
    made = (forge(chance, ids) for forge in itertools.cycle(KINDS.values()))
    fresh = (one for one in made if one not in seen and not seen.add(one))  # type: ignore[func-returns-value]
    yield from itertools.islice(fresh, count)


def fields(prediction_id: str) -> list[Any]:
    """What the payload of an id says: format, key and fields."""
    payload = prediction_id.partition(".")[0]
    found: list[Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def _flipped(chance: random.Random, ids: Sequence[str]) -> str:
    """One bit of one letter's six is another."""
    one = chance.choice(ids)
    place = chance.choice([n for n, letter in enumerate(one) if letter != "."])
    value = _LETTERS.index(one[place]) ^ (1 << chance.randrange(6))
    return one[:place] + _LETTERS[value] + one[place + 1 :]


def _cut(chance: random.Random, ids: Sequence[str]) -> str:
    one = chance.choice(ids)
    return one[: chance.randrange(len(one))]


def _swapped(chance: random.Random, ids: Sequence[str]) -> str:
    """The payload of one with the signature of another."""
    first, second = chance.sample(list(ids), 2)
    payload, changed = first.partition(".")[0], fields(first)
    changed[-4] = chance.random()
    again = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
    return f"{chance.choice([payload, again])}.{second.partition('.')[2]}"


def _other_key(chance: random.Random, ids: Sequence[str]) -> str:
    """Signed, with the id of a known key, by another secret."""
    format_, key, *rest = fields(chance.choice(ids))
    keys = SigningKeys(current=key, keys={key: chance.randbytes(32)})
    return seal(format_, rest, keys)


def _unknown_key(chance: random.Random, ids: Sequence[str]) -> str:
    """Signed by a key whose id there is not."""
    format_, _, *rest = fields(chance.choice(ids))
    name = f"k{chance.randrange(1_000, 10**9)}"
    return seal(format_, rest, SigningKeys(current=name, keys={name: b"a key"}))


def _other_format(chance: random.Random, ids: Sequence[str]) -> str:
    """A text of another purpose."""
    _, _, *rest = fields(chance.choice(ids))
    return seal(f"other-{chance.random()}", rest, OTHER_KEYS)


KINDS: dict[str, Callable[[random.Random, Sequence[str]], str]] = {
    "flipped": _flipped,
    "cut": _cut,
    "swapped": _swapped,
    "other key": _other_key,
    "unknown key": _unknown_key,
    "other format": _other_format,
}
