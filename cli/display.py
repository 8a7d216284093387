"""Three ways to show a release that is being watched: a live screen, lines, JSON lines.

A screen is for terminals; where output goes to a file, a pipe or the log of a CI, each change is a
line, and `--json` makes each change a document.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live

from cli.output import CONSOLE, print_json_line, say
from cli.screen import release_line, release_panel
from tidegate.view import ReleaseView


class Form(StrEnum):
    """How changes of a release are shown."""

    SCREEN = "screen"
    LINES = "lines"
    JSON = "json"


Show = Callable[[ReleaseView], None]
Clock = Callable[[], float]
_HISTORY = ("points", "log")


def form_for(*, json_output: bool) -> Form:
    """What suits whoever reads standard output."""
    if json_output:
        return Form.JSON
    return Form.SCREEN if CONSOLE.is_terminal else Form.LINES


@contextmanager
def shown(form: Form, *, clock: Clock) -> Iterator[Show]:
    """A function that shows the release as it is now, while the block runs."""
    if form is Form.SCREEN:
        with Live(console=CONSOLE, refresh_per_second=4) as live:
            yield lambda view: live.update(release_panel(view, now=clock()))
    elif form is Form.JSON:
        yield each_change(lambda view: print_json_line(summary(view)), summary)
    else:
        yield each_change(lambda view: say(release_line(view, now=clock())), _standing)


@contextmanager
def live_or_lines(above: Callable[[], RenderableType], *, clock: Clock) -> Iterator[Show]:
    """Like `shown`, with something of one's own above the panel where there is a screen."""
    if not CONSOLE.is_terminal:
        yield each_change(lambda view: say(release_line(view, now=clock())), _standing)
        return
    with Live(console=CONSOLE, refresh_per_second=4, transient=True) as live:
        yield lambda view: live.update(Group(above(), release_panel(view, now=clock())))


def each_change(show: Show, key: Callable[[ReleaseView], Any]) -> Show:
    """A function that shows a view only when its key differs from the one shown before."""
    last: list[Any] = []

    def changed(view: ReleaseView) -> None:
        now = key(view)
        if last != [now]:
            last[:] = [now]
            show(view)

    return changed


def summary(view: ReleaseView) -> dict[str, Any]:
    """The view in JSON types without its history, which would be repeated with every change."""
    return {name: value for name, value in view.to_json().items() if name not in _HISTORY}


def _standing(view: ReleaseView) -> tuple[Any, ...]:
    return (view.phase, view.step, view.verdict, view.reason, view.paused, view.halted)
