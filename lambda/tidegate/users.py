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

_First = dict[tuple[str, str], str]
"""The mark that was first, by release and name."""


def once_a_user(lines: Iterable[Line], firsts: Firsts) -> tuple[Line, ...]:
    """The lines that count: of unit `user` what came first of each, all lines of other units.

    A line without a client is of a user of its own. Lines that no split drew are exposure, counted
    by request: a tester's choice must not be where the user enters who he is at other times.
    """
    ordered = sorted(lines, key=lambda item: item.served_at)
    first = _claimed([line for line in ordered if _of_a_known_user(line)], firsts)
    found: list[Line] = []
    counted: set[tuple[str, str, _Entry]] = set()
    for line in ordered:
        if not _of_a_known_user(line):
            outside = line.unit is Unit.USER and line.release_id == NO_RELEASE
            found.append(replace(line, unit=Unit.REQUEST) if outside else line)
        elif isinstance(line, OutcomeLine):
            found.extend(_first_outcome(line, first))
        else:
            # Two requests of one user may be of the same millisecond, and so look alike.
            once = (line.release_id, line.client, _Entry.of(line))
            if once not in counted and _entry(line, first) == _Entry.of(line):
                counted.add(once)
                found.append(line)
    return tuple(found)


def _of_a_known_user(line: Line) -> bool:
    """Whether the line is of a user who counts once."""
    drawn = line.unit is Unit.USER and line.split_version != NO_SPLIT
    return drawn and line.client != "" and line.release_id != NO_RELEASE


def _claimed(lines: Iterable[Line], firsts: Firsts) -> _First:
    """What came first of each user of these lines, claimed once for all that a batch has of him."""
    claims: dict[str, dict[str, str]] = {}
    for line in lines:
        marks = claims.setdefault(line.release_id, {})
        marks.setdefault(_entry_name(line), _Entry.of(line).mark)
        if isinstance(line, OutcomeLine):
            marks.setdefault(_outcome_name(line), _told(line))
    return {
        (release_id, name): mark
        for release_id, marks in claims.items()
        for name, mark in firsts.claim(release_id, marks).items()
    }


def _first_outcome(line: OutcomeLine, first: _First) -> Iterator[OutcomeLine]:
    entry = _entry(line, first)
    if first[line.release_id, _outcome_name(line)] == _told(line):
        yield replace(
            line,
            served_at=entry.served_milliseconds / _MILLISECONDS,
            split_version=entry.split_version,
            slot=entry.slot,
        )


def _outcome_name(line: OutcomeLine) -> str:
    return f"outcome/{line.client}"


def _told(line: OutcomeLine) -> str:
    served = _Entry.of(line).served_milliseconds
    return json.dumps([served, round(line.known_at * _MILLISECONDS)])


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

    @classmethod
    def from_mark(cls, mark: str) -> "_Entry":
        """The entry that a mark says."""
        served_milliseconds, split_version, slot = json.loads(mark)
        return cls(served_milliseconds=served_milliseconds, split_version=split_version, slot=slot)

    @property
    def mark(self) -> str:
        """The entry as it is claimed."""
        return json.dumps([self.served_milliseconds, self.split_version, self.slot])


def _entry_name(line: Line) -> str:
    """What a changing split served is exposure, counted apart."""
    settling = isinstance(line, ServedLine) and line.settling
    return f"{'settling' if settling else 'served'}/{line.client}"


def _entry(line: Line, first: _First) -> _Entry:
    """The entry of this line's user."""
    return _Entry.from_mark(first[line.release_id, _entry_name(line)])
