"""What a report of costs is made of, and who tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cli.profiling.costs import Billed
from cli.profiling.samples import Profile
from cli.profiling.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfiledFunction:
    """A function that runs under the agent; `handler` is its own, `package.handler.handle`."""

    name: str
    handler: str
    memory_megabytes: int
    architecture: str

    @property
    def package(self) -> str:
        """The package of its own handler."""
        return self.handler.partition(".")[0]

    @property
    def frame(self) -> str:
        """What the agent calls its own handler."""
        module, _, name = self.handler.rpartition(".")
        return f"{module}:{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A recommendation of the profiler: how much of all samples it is about, and what to do."""

    name: str
    percent: float
    steps: str
    frames: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """In JSON types."""
        return {
            "name": self.name,
            "percent_of_samples": self.percent,
            "steps": self.steps,
            "frames": list(self.frames),
        }


class Profiler(Protocol):
    """Tells what a group's functions were seen at."""

    def profile(self, group: str, window: Window) -> Profile | None:
        """The aggregated profile of the window; None where there is none yet."""
        ...

    def advice(self, group: str, window: Window) -> tuple[Advice, ...]:
        """What it recommends for that window."""
        ...


class Functions(Protocol):
    """Tells which functions there are."""

    def profiled(self, group: str) -> tuple[ProfiledFunction, ...]:
        """Those that post to the group, by name."""
        ...


class Bills(Protocol):
    """Tells what Lambda counted."""

    def billed(self, functions: Sequence[ProfiledFunction], window: Window) -> tuple[Billed, ...]:
        """Requests and seconds of each function in the window, which is on the grid."""
        ...
