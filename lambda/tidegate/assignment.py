"""Assignment: which slot or arm a user gets in an experiment, by hashing alone.

Nothing is read and nothing is remembered: a user and an experiment (the release id) give a position
among a hundred cells, and a split says which cells a slot has. Whoever has the split says the same
of a user, which is what makes a user sticky.

When shares change, cells go from slots that lose to slots that gain and nowhere else, so that half
the sum of all changes moves, which is the least that can. Of two slots the second one begins where
the first one ends, and every change moves that border. Of more slots no rule that looks at the
shares alone moves as little for every change (docs/explanation/assignment.md has the proof): there
the next runs are made of the last ones, by `reallot`, and stand in the split document.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from tidegate.split import CELLS, Run, SplitDocument
from tidegate.values import value

_CLIENT_CHARACTERS = 16
_POSITION_BITS = 64


class Why(StrEnum):
    """Why a request goes to its slot."""

    ENDPOINT = "endpoint"
    """Nobody pinned it: SageMaker draws each request by its weights."""
    SHARE = "share"
    """The user's cell belongs to the slot."""
    HOLDOUT = "holdout"
    """The user is held out of every experiment and gets the live version."""


@value
class Assignment:
    """Where a user stands. Positions are in percent, from 0 up to but not including 100."""

    slot: str
    why: Why
    position: float
    holdout_position: float


def client_of(model: str, user: str) -> str:
    """A user as logs and hashes know him, another one in each model: nobody is named."""
    return hashlib.sha256(f"{model}\0{user}".encode()).hexdigest()[:_CLIENT_CHARACTERS]


def anonymous_client_of(model: str, cookie: str) -> str:
    """A user who is known by a cookie only. No name in a header can begin as this text does."""
    return client_of(model, f"\0{cookie}")


def assign(split: SplitDocument, client: str) -> Assignment:
    """Where a user stands under a split that the router draws.

    The holdout has a hash of its own, of the model: the same users are held out of each experiment,
    and who they are says nothing of their cells.
    """
    held, drawn = _position(f"holdout/{split.model}", client), _position(split.release_id, client)
    out = _cell(held) < split.holdout_percent
    return Assignment(
        slot=split.control if out else _slot_at(runs_of(split), _cell(drawn)),
        why=Why.HOLDOUT if out else Why.SHARE,
        position=_percent(drawn),
        holdout_position=_percent(held),
    )


def runs_of(split: SplitDocument) -> tuple[Run, ...]:
    """The split's runs of cells: its own, or those of its shares in the order of their slots."""
    return split.runs or allot(split.shares)


def allot(shares: Mapping[str, int]) -> tuple[Run, ...]:
    """Runs of cells for shares in percent that nothing came before, in the order of the slots."""
    return tuple((slot, share) for slot, share in sorted(shares.items()) if share > 0)


def reallot(runs: tuple[Run, ...], shares: Mapping[str, int]) -> tuple[Run, ...]:
    """Runs for other shares: slots that lose keep their first cells, the rest goes to who gains.

    As many cells change hands as the slots that gain lack: half the sum of all changes.
    """
    left = dict(shares)
    kept: list[tuple[str | None, int]] = []
    for slot, width in runs:
        stays = min(width, left.get(slot, 0))
        left[slot] = left.get(slot, 0) - stays
        kept += [(slot, stays), (None, width - stays)]
    return _merged(_filled(kept, {slot: n for slot, n in sorted(left.items()) if n > 0}))


def _filled(kept: list[tuple[str | None, int]], wanted: dict[str, int]) -> list[Run]:
    """The runs with what is free in them given to slots that want so many cells more."""
    filled: list[Run] = []
    for slot, width in kept:
        if slot is not None:
            filled.append((slot, width))
            continue
        free = width
        for taker in [taker for taker, lacks in wanted.items() if lacks > 0]:
            taken = min(free, wanted[taker])
            filled.append((taker, taken))
            wanted[taker] -= taken
            free -= taken
    return filled


def _merged(runs: list[Run]) -> tuple[Run, ...]:
    merged: list[Run] = []
    for slot, width in runs:
        if width == 0:
            continue
        if merged and merged[-1][0] == slot:
            merged[-1] = (slot, merged[-1][1] + width)
        else:
            merged.append((slot, width))
    return tuple(merged)


def _slot_at(runs: tuple[Run, ...], cell: int) -> str:
    end = 0
    for slot, width in runs:
        end += width
        if cell < end:
            return slot
    raise ValueError(f"the runs of a split have {CELLS} cells, got {end}")


def _position(experiment: str, client: str) -> int:
    """The first eight bytes of a hash: as good as uniform, and independent between experiments."""
    digest = hashlib.sha256(f"{experiment}\0{client}".encode()).digest()
    return int.from_bytes(digest[: _POSITION_BITS // 8], "big")


def _cell(position: int) -> int:
    """In whole numbers: every machine and version finds the same cell."""
    return position * CELLS >> _POSITION_BITS


def _percent(position: int) -> float:
    return position / (1 << _POSITION_BITS) * 100
