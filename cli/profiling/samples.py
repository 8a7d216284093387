"""What a profile says: samples by stack, and which line of the project's code each is of. Pure.

AWS does not document the JSON that GetProfile answers. What is read here is the format that its
agent for Python posts (`codeguru_profiler_agent`, `sdk_reporter/profile_encoder.py`), which names
it the JSON version of the service's own; anything else is refused, never guessed at.
"""

import gzip
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

DEEPEST = 1_500
"""Frames of a stack; the agent cuts at 1,000."""
_WALL = "WALL_TIME"
_GZIP = b"\x1f\x8b"


class ProfileError(ValueError):
    """What was answered is no profile that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Stacks of samples, and the time that they are of in Unix seconds, None where untold."""

    root: Mapping[str, Any]
    start: float | None
    end: float | None


@dataclass(slots=True, kw_only=True)
class Spot:
    """A frame of the project's own code in one function, and the samples that are its own.

    A sample is of the innermost own frame on its stack: time in a library is that of the own line
    that called it. `calls` counts the samples by what was called. Lines are the first and last
    that were seen: the agent joins those of a frame.
    """

    function: str
    frame: str
    samples: int = 0
    lines: tuple[int, ...] = ()
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def file(self) -> str:
        """Where the code is, below the folder of the functions."""
        return f"{self.frame.partition(':')[0].replace('.', '/')}.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributed:
    """Every sample of a profile: of a spot, or beside the functions (threads of their own)."""

    spots: tuple[Spot, ...]
    beside: int

    @property
    def by_function(self) -> Counter[str]:
        """Samples of each function."""
        counted: Counter[str] = Counter()
        for spot in self.spots:
            counted[spot.function] += spot.samples
        return counted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Where on a stack one is: in which function, at which own frame, in which call of it."""

    function: str | None = None
    frame: str = ""
    lines: tuple[int, ...] = ()
    call: str | None = None


def read_profile(content: bytes) -> Profile:
    """A profile as GetProfile answers it, packed or not; ProfileError if it is none."""
    try:
        plain = gzip.decompress(content) if content.startswith(_GZIP) else content
        document = json.loads(plain)
    except (OSError, EOFError, ValueError, RecursionError) as error:
        raise ProfileError(f"it is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("callgraph"), dict):
        raise ProfileError("it has no callgraph")
    start, end = document.get("start"), document.get("end")
    return Profile(
        root=document["callgraph"],
        start=None if start is None else float(start) / 1000,
        end=None if end is None else float(end) / 1000,
    )


def attributed(
    profile: Profile, *, handlers: Mapping[str, str], own: Collection[str]
) -> Attributed:
    """Every sample's spot.

    `handlers` has the function of each handler's frame (`route_request.handler:handle`), `own` the
    packages of the project's code. ProfileError where the graph is none.
    """
    walk = _Walk(handlers=handlers, own=frozenset(own))
    try:
        walk.down(profile.root, _Way(), 0)
    except (AttributeError, TypeError, ValueError) as error:
        raise ProfileError(f"its callgraph is malformed: {error}") from error
    return Attributed(spots=tuple(walk.spots.values()), beside=walk.beside)


@dataclass(slots=True, kw_only=True)
class _Walk:
    handlers: Mapping[str, str]
    own: frozenset[str]
    spots: dict[tuple[str, str], Spot] = field(default_factory=dict)
    beside: int = 0

    def down(self, node: Mapping[str, Any], way: _Way, depth: int) -> None:
        """The samples of the node and of all below it are counted."""
        if depth > DEEPEST:
            raise ProfileError(f"its callgraph is deeper than {DEEPEST} frames")
        self._count(int(node.get("counts", {}).get(_WALL, 0)), way)
        for name, child in node.get("children", {}).items():
            self.down(child, self._next(way, str(name), child), depth + 1)

    def _next(self, way: _Way, name: str, node: Mapping[str, Any]) -> _Way:
        function = self.handlers.get(name) if way.function is None else way.function
        if function is None:
            return way
        if name.partition(":")[0].partition(".")[0] in self.own:
            lines = tuple(int(line) for line in node.get("line", ()))
            return _Way(function=function, frame=name, lines=lines)
        call = name if way.call is None else way.call
        return _Way(function=function, frame=way.frame, lines=way.lines, call=call)

    def _count(self, samples: int, way: _Way) -> None:
        if samples == 0:
            return
        if way.function is None:
            self.beside += samples
            return
        key = (way.function, way.frame)
        spot = self.spots.setdefault(key, Spot(function=way.function, frame=way.frame))
        spot.samples += samples
        spot.lines = _joined(spot.lines, way.lines)
        if way.call is not None:
            spot.calls[way.call] += samples


def _joined(lines: tuple[int, ...], more: tuple[int, ...]) -> tuple[int, ...]:
    """The first and the last of both, one where they are the same."""
    every = {*lines, *more}
    return tuple(sorted({min(every), max(every)})) if every else ()
