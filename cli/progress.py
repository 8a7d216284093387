"""What a deployment is doing, told as it happens: on standard error, for people."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.markup import escape
from rich.status import Status

from cli.output import ERRORS, note
from emulator.deployer import StackEvent

OnEvent = Callable[[StackEvent], None]


@dataclass(slots=True, kw_only=True)
class Progress:
    """Tells stages and stack events with the seconds since it was made."""

    tell: Callable[[str], None]
    fail: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)
    done: int = 0

    def __post_init__(self) -> None:
        """The seconds count from here."""
        self.began = self.clock()

    def stage(self, what: str) -> None:
        """Something began that may take a while."""
        self.tell(f"{self._elapsed()}  {what}")

    def event(self, event: StackEvent) -> None:
        """A stack's resource came to rest, well or not; what only begins is not told."""
        line = f"{self._elapsed()}  {event.stack_name}  {event.status}  {event.resource_type}"
        if event.status.endswith("_FAILED"):
            self.fail(f"{line} {event.logical_id}: {event.reason}")
        elif event.status.endswith("_COMPLETE"):
            self.done += 1
            self.tell(f"{line} {event.logical_id} ({self.done} done)")

    def _elapsed(self) -> str:
        return f"{self.clock() - self.began:6.1f} s"


@contextmanager
def progress() -> Iterator[Progress]:
    """One line that changes on a terminal, a line an event elsewhere; failures stay in both."""
    if not ERRORS.is_terminal:
        yield Progress(tell=note, fail=note)
        return
    with Status("", console=ERRORS) as status:
        yield Progress(tell=lambda text: status.update(escape(text)), fail=note)


QUIET = Progress(tell=lambda _: None, fail=lambda _: None)
"""For callers that tell a story of their own."""
