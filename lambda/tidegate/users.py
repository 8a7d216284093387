"""Counts each user of a release once: where he was first seen, with what he met there.

Users who stay in their slot and differ for good are not drawn anew with every request. Counted once
each, they are: under `user`, a trial is a user. He enters with his first served request, and what
that met is what is counted of him: its latency or its error. His first outcome, of whichever of his
predictions, is credited to his entry and its delay counted from there, even if a later split has
moved him to the other slot: what the split made of him is the slot he entered by, and to drop those
who move would take outcomes from one slot only. Everything else he does is no evidence.

Lines come more than once and in any order. What is first is whatever claims to be (`Firsts`), and a
line that is delivered again finds its own claim. Lines outside a release are counted by request:
nothing is judged there, and people want to know the traffic.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tidegate.observation import Unit
from tidegate.ports import Firsts
from tidegate.requestlog import OutcomeLine, ServedLine
from tidegate.split import NO_RELEASE, NO_SPLIT

_MILLISECONDS = 1_000
"""Prediction ids carry the time of serving to the millisecond (`prediction_id.sign`)."""

Line = ServedLine | OutcomeLine


def once_a_user(lines: Iterable[Line], firsts: Firsts) -> tuple[Line, ...]:
    """The lines that count: of unit `user` what came first of each, all lines of other units.

    A line without a client is of a user of its own. Lines that no split drew are exposure, counted
    by request: a tester's choice must not be where the user enters who he is at other times.
    """
    found: list[Line] = []
    counted: set[tuple[str, str, _Entry]] = set()
    for line in sorted(lines, key=lambda item: item.served_at):
        if line.unit is not Unit.USER or line.client == "" or line.split_version == NO_SPLIT:
            found.append(line)
        elif line.release_id == NO_RELEASE:
            found.append(replace(line, unit=Unit.REQUEST))
        elif isinstance(line, OutcomeLine):
            found.extend(_first_outcome(line, firsts))
        else:
            # Two requests of one user may be of the same millisecond, and so look alike.
            once = (line.release_id, line.client, _Entry.of(line))
            if once not in counted and _entry(line, firsts) == _Entry.of(line):
                counted.add(once)
                found.append(line)
    return tuple(found)


def _first_outcome(line: OutcomeLine, firsts: Firsts) -> Iterator[OutcomeLine]:
    entry, own = _entry(line, firsts), _Entry.of(line)
    told = json.dumps([own.served_milliseconds, round(line.known_at * _MILLISECONDS)])
    if firsts.claim(line.release_id, f"outcome/{line.client}", told) == told:
        yield replace(
            line,
            served_at=entry.served_milliseconds / _MILLISECONDS,
            split_version=entry.split_version,
            slot=entry.slot,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """Where a user entered a release: the request that is counted of him."""

    served_milliseconds: int
    split_version: int
    slot: str

    @classmethod
    def of(cls, line: Line) -> "_Entry":
        return cls(
            served_milliseconds=round(line.served_at * _MILLISECONDS),
            split_version=line.split_version,
            slot=line.slot,
        )


def _entry(line: Line, firsts: Firsts) -> _Entry:
    """The entry of this line's user. What a changing split served is exposure, counted apart."""
    own = _Entry.of(line)
    settling = isinstance(line, ServedLine) and line.settling
    name = f"{'settling' if settling else 'served'}/{line.client}"
    mark = json.dumps([own.served_milliseconds, own.split_version, own.slot])
    served_milliseconds, split_version, slot = json.loads(firsts.claim(line.release_id, name, mark))
    return _Entry(served_milliseconds=served_milliseconds, split_version=split_version, slot=slot)
