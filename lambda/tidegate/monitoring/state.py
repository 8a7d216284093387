"""The state of a monitor: counts of open windows, evidence of closed ones, what was read.

It is one document, written as a whole: an object of captures is counted and remembered in the same
write, so that it counts exactly once wherever a process dies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.monitoring.counts import Window
from tidegate.monitoring.evidence import Bets
from tidegate.monitoring.quality import Quality

FORMAT = 1
RECENT_WINDOWS = 14
"""Closed windows whose counts are kept, to say how far a share has moved."""
POINTS_KEPT = 400
"""Closed windows whose figures are kept for charts: a year of days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A hypothesis that was refused: when first, and since which window probably."""

    name: str
    window: int
    since: int

    def to_json(self) -> dict[str, Any]:
        """The finding in JSON types."""
        return {"name": self.name, "window": self.window, "since": self.since}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Found":
        """The inverse of `to_json`."""
        return cls(name=data["name"], window=data["window"], since=data["since"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One closed window: requests, how far each feature was from the baseline, and evidence.

    Distances are the largest that any share moved; evidence is, by family, in parts of what a
    single hypothesis needs.
    """

    window: int
    requests: int
    distances: Mapping[str, float]
    reached: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """The point in JSON types."""
        return {
            "window": self.window,
            "requests": self.requests,
            "distances": {name: round(one, 4) for name, one in self.distances.items()},
            "reached": {name: round(one, 3) for name, one in self.reached.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Point":
        """The inverse of `to_json`."""
        return cls(
            window=data["window"],
            requests=data["requests"],
            distances=data["distances"],
            reached=data["reached"],
        )


@dataclass(slots=True, kw_only=True)
class Totals:
    """What was read so far, since the baseline became this one."""

    requests: int = 0
    unreadable: int = 0
    """Captured lines without a request that the plan could read."""
    repeated: int = 0
    late: int = 0
    """Requests of windows that had been closed: they count in the one after."""
    objects: int = 0

    def to_json(self) -> dict[str, int]:
        """The totals in JSON types."""
        return {
            "requests": self.requests,
            "unreadable": self.unreadable,
            "repeated": self.repeated,
            "late": self.late,
            "objects": self.objects,
        }


@dataclass(slots=True, kw_only=True)
class MonitorState:
    """All that is remembered. `closed_through` is the last window that was closed, None at first.

    `read` has the names of objects that were counted, by the hour that they lie under.
    """

    baseline: str
    closed_through: int | None = None
    windows: dict[int, Window] = field(default_factory=dict)
    bets: dict[str, Bets] = field(default_factory=dict)
    recent: list[Window] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    outcomes: list[tuple[int, float, float]] = field(default_factory=list)
    """Window, bad and good outcomes of those windows whose outcomes can all have come."""
    outcomes_through: int | None = None
    """The last window whose outcomes were judged, or the one before the first look."""
    quality: Quality = field(default_factory=Quality)
    found: list[Found] = field(default_factory=list)
    now: tuple[str, ...] = ()
    """The hypotheses that are refused at the moment, the most certain first."""
    told: tuple[str, ...] = ()
    """Those of the last event that was announced."""
    read: dict[int, set[str]] = field(default_factory=dict)
    looked_hour: int | None = None
    """The hour since the epoch of the last look that left nothing, or of the first one of all."""
    totals: Totals = field(default_factory=Totals)

    def to_json(self) -> dict[str, Any]:
        """The state in JSON types."""
        return {
            "format": FORMAT,
            "baseline": self.baseline,
            "closed_through": self.closed_through,
            "windows": [self.windows[index].to_json() for index in sorted(self.windows)],
            "bets": {name: self.bets[name].to_json() for name in sorted(self.bets)},
            "recent": [window.to_json() for window in self.recent],
            "points": [point.to_json() for point in self.points],
            "outcomes": [list(one) for one in self.outcomes],
            "outcomes_through": self.outcomes_through,
            "quality": self.quality.to_json(),
            "found": [one.to_json() for one in self.found],
            "now": list(self.now),
            "told": list(self.told),
            "read": {str(hour): sorted(names) for hour, names in sorted(self.read.items())},
            "looked_hour": self.looked_hour,
            "totals": self.totals.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "MonitorState":
        """The inverse of `to_json`."""
        if data["format"] != FORMAT:
            raise InvalidValueError([f"state is of format {data['format']}, allowed: {FORMAT}"])
        windows = [Window.from_json(one) for one in data["windows"]]
        return cls(
            baseline=data["baseline"],
            closed_through=data["closed_through"],
            windows={window.index: window for window in windows},
            bets={name: Bets.from_json(one) for name, one in data["bets"].items()},
            recent=[Window.from_json(one) for one in data["recent"]],
            points=[Point.from_json(one) for one in data["points"]],
            outcomes=[(window, bad, good) for window, bad, good in data["outcomes"]],
            outcomes_through=data["outcomes_through"],
            # States that were written before labels were joined have nothing of it.
            quality=Quality.from_json(data["quality"]) if "quality" in data else Quality(),
            found=[Found.from_json(one) for one in data["found"]],
            now=tuple(data["now"]),
            told=tuple(data["told"]),
            read={int(hour): set(names) for hour, names in data["read"].items()},
            looked_hour=data["looked_hour"],
            totals=Totals(**data["totals"]),
        )
