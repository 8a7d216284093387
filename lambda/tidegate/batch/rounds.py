"""Rounds: what is transformed next, and when to give up. Pure.

SageMaker fails an object as a whole when one of its records fails, and does not say which. So an
object without a result is cut into pieces, which are transformed in the next round, until the
records that fail stand alone: they are kept apart. A round of pieces brings a million records down
to some four thousand, then sixteen, then one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from tidegate.batch.units import Unit

MOST_PIECES = 2_000
"""Pieces of one round, of all objects: each is an object of S3 and a part of the result."""

PIECES = 256
"""Pieces of one object."""

LARGEST_PIECE = 64 * 1024 * 1024
"""Bytes of a piece, about: one is in memory while it is written."""

MOST_TRIES = 2
"""How often a unit is transformed as it is, where its result was bad rather than missing."""

MOST_BARREN = 2
"""Rounds in a row without a single result, after which it is the model that fails, not records."""

MOST_ROUNDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The state before a round: what is to be transformed, what came of the rounds before.

    `attempt` counts the jobs of this round that came to nothing, `given_up` says why there is no
    further round.
    """

    number: int
    units: tuple[Unit, ...]
    attempt: int = 0
    out: int = 0
    failed: int = 0
    barren: int = 0
    jobs: tuple[str, ...] = ()
    given_up: str = ""

    def to_json(self) -> dict[str, Any]:
        """The state in JSON types; `from_json` reads it back."""
        return {
            "number": self.number,
            "units": [unit.to_json() for unit in self.units],
            "attempt": self.attempt,
            "out": self.out,
            "failed": self.failed,
            "barren": self.barren,
            "jobs": list(self.jobs),
            "given_up": self.given_up,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Round":
        """The state that `to_json` wrote."""
        units = tuple(Unit.from_json(unit) for unit in data["units"])
        return cls(**{**data, "units": units, "jobs": tuple(data["jobs"])})

    @property
    def over(self) -> bool:
        """Whether nothing is left to transform, or nothing will be."""
        return not self.units or bool(self.given_up)


def first_round(objects: Sequence[Unit]) -> Round:
    """The round that transforms every object."""
    return Round(number=0, units=tuple(objects))


class Fate(StrEnum):
    """What became of a unit in a round."""

    DONE = "done"
    MISSING = "missing"
    """There is no result: SageMaker failed it, or did not come to it."""
    BAD = "bad"
    """There is a result, and it is not that of these records: half-written, or not joined."""


class Next(StrEnum):
    """What is done with a unit after a round."""

    KEEP = "keep"
    AGAIN = "again"
    SPLIT = "split"
    APART = "apart"
    """The one record of it fails: it goes to the failed ones."""


class Blame(StrEnum):
    """What a missing result says of its records, by how the job ended."""

    RECORDS = "records"
    SERVICE = "service"
    """SageMaker itself failed: the records have another try as they are."""
    NOBODY = "nobody"
    """The job was stopped: nothing was tried that is not there."""


def next_of(unit: Unit, fate: Fate, *, blame: Blame) -> Next:
    """What is done with a unit. A single record, or a bad result, gets a second try as it is.

    A large one is cut all the same: what is transformed again is copied, a piece in memory.
    """
    if fate is Fate.DONE:
        return Next.KEEP
    tries = unit.tries if blame is Blame.NOBODY else unit.tries + 1
    as_it_is = blame is not Blame.RECORDS or fate is Fate.BAD or unit.records == 1
    if as_it_is and tries < MOST_TRIES and unit.size <= LARGEST_PIECE:
        return Next.AGAIN
    return Next.APART if unit.records == 1 else Next.SPLIT


def piece_sizes(unit: Unit, *, splitting: int) -> list[int]:
    """Into how many records each a unit is cut, when so many units are cut in the same round."""
    records = unit.records
    enough = max(MOST_PIECES // max(1, splitting), unit.size // LARGEST_PIECE + 1)
    wanted = max(2, min(max(PIECES, unit.size // LARGEST_PIECE + 1), records, enough))
    size, larger = divmod(records, wanted)
    return [size + 1] * larger + [size] * (wanted - larger)


def judged(following: Round, *, records: int, failed_percent: float, reason: str) -> Round:
    """The next round, given up where going on makes no sense; `reason` is the last job's."""
    if not following.units:
        return following
    said = f"; SageMaker says of the last job: {reason}" if reason else ""
    allowed = records * failed_percent / 100
    if following.failed > allowed:
        return replace(
            following,
            given_up=f"{following.failed:,} of {records:,} records fail so far, "
            f"{failed_percent:g} % are allowed{said}",
        )
    if following.barren >= MOST_BARREN:
        return replace(
            following,
            given_up=f"{following.barren} rounds in a row gave no result at all: it is the model "
            f"that fails, not some records{said}",
        )
    if following.number >= MOST_ROUNDS:
        return replace(following, given_up=f"{MOST_ROUNDS} rounds were not enough{said}")
    return following
