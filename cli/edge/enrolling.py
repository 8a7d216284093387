"""Puts devices into rings: things are made where there are none, and nobody is moved unasked."""

import re
from collections.abc import Mapping, Sequence

from cli.edge.fleets import EdgeFleet
from cli.exits import CommandError, Exit
from tidegate.edge.names import ring_group
from tidegate.edge.rings import enrolled

_THING = re.compile(r"^[a-zA-Z0-9:_-]{1,128}$")
"""IoT's names of things."""


def numbered(fleet: EdgeFleet, count: int) -> list[str]:
    """Names of so many devices, PLACE-0001 and so on, after those that are there."""
    there = sum(fleet.counts())
    return [f"{fleet.place}-{number:04d}" for number in range(there + 1, there + count + 1)]


def enrol(fleet: EdgeFleet, things: Sequence[str], *, ring: int | None) -> Mapping[str, int]:
    """The ring of each thing; those that are in one already stay there.

    CommandError, with nothing changed, for names that are none and for a ring that is none.
    """
    wrong = [thing for thing in things if _THING.match(thing) is None]
    if wrong:
        raise CommandError(
            f"no names of things: {', '.join(wrong)}; allowed are letters, digits, : _ -",
            code=Exit.USAGE,
        )
    if ring is not None and not 1 <= ring <= len(fleet.ends):
        raise CommandError(
            f"ring is {ring}, the fleet has rings 1 to {len(fleet.ends)}", code=Exit.USAGE
        )
    known = {t: n for n in range(1, len(fleet.ends) + 1) for t in fleet.things(n)}
    new = [thing for thing in dict.fromkeys(things) if thing not in known]
    chosen = enrolled(new, fleet.counts(), fleet.ends) if ring is None else dict.fromkeys(new, ring)
    for thing, number in sorted(chosen.items()):
        # Made again with the same attributes, a thing is the same thing.
        fleet.iot.create_thing(thingName=thing)
        fleet.iot.add_thing_to_thing_group(
            thingGroupName=ring_group(fleet.place, number), thingName=thing
        )
    return {thing: chosen.get(thing, known.get(thing, 0)) for thing in dict.fromkeys(things)}
