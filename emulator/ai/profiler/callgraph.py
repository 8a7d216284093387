"""Call graphs as agents post them: frames by name, with samples, file and lines. Pure.

The format is that of AWS's open agent for Python (`codeguru_profiler_agent`, `sdk_reporter/
profile_encoder.py`): `children` by frame, `counts.WALL_TIME` samples whose top is the frame, `file`
and `line` (one, or first and last).
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.jsonapi import Json

DEEPEST = 1_000
LARGEST_BYTES = 50_000_000
_WALL = "WALL_TIME"


class ProfileError(ValueError):
    """What was posted is no profile."""


@dataclass(kw_only=True, slots=True)
class Node:
    """One frame in one place of the graph."""

    samples: int = 0
    file: str | None = None
    lines: tuple[int, ...] = ()
    children: dict[str, "Node"] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Samples in which the frame is on the stack."""
        return self.samples + sum(child.total for child in self.children.values())

    def to_json(self, depth: int | None = None) -> Json:
        """In the agent's format; below `depth` samples count for the deepest frame shown."""
        cut = depth is not None and depth <= 0
        samples = self.total if cut else self.samples
        told: Json = {}
        if samples:
            told["counts"] = {_WALL: samples}
        if self.file is not None:
            told["file"] = self.file
        if self.lines:
            told["line"] = list(self.lines)
        if self.children and not cut:
            below = None if depth is None else depth - 1
            told["children"] = {
                name: child.to_json(below) for name, child in sorted(self.children.items())
            }
        return told


def read_profile(content: bytes) -> Node:
    """The root of a posted profile, JSON that may be packed by gzip; ProfileError if it is none."""
    try:
        plain = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        document = json.loads(plain[:LARGEST_BYTES])
    except (OSError, EOFError, ValueError, RecursionError) as error:
        raise ProfileError(f"the profile is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("callgraph"), dict):
        raise ProfileError("the profile has no callgraph")
    return _node(document["callgraph"], 0)


def _node(told: Mapping[str, Any], depth: int) -> Node:
    if depth > DEEPEST:
        raise ProfileError(f"the callgraph is deeper than {DEEPEST} frames")
    try:
        return Node(
            samples=int(told.get("counts", {}).get(_WALL, 0)),
            file=None if told.get("file") is None else str(told["file"]),
            lines=tuple(int(line) for line in told.get("line", ())),
            children={
                str(name): _node(child, depth + 1)
                for name, child in told.get("children", {}).items()
            },
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise ProfileError(f"the callgraph is malformed: {error}") from error


def merged(roots: Iterable[Node]) -> Node:
    """One graph of all: samples are added, lines are the first to the last."""
    whole = Node()
    for root in roots:
        _merge(whole, root)
    return whole


def _merge(into: Node, other: Node) -> None:
    into.samples += other.samples
    into.file = other.file if into.file is None else into.file
    lines = sorted({*into.lines, *other.lines})
    into.lines = tuple(lines if len(lines) < 2 else (lines[0], lines[-1]))
    for name, child in other.children.items():
        _merge(into.children.setdefault(name, Node()), child)


def stacks(root: Node, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every frame with the names on the way to it."""
    for name, child in root.children.items():
        way = (*names, name)
        yield way, child
        yield from stacks(child, way)
