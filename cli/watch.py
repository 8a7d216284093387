"""Watching a release until it is over, on a terminal or as one JSON document a change."""

import json
import threading

from rich.live import Live

from cli.deployed import Deployed
from cli.exits import EXIT_OF_PHASE, CommandError, Exit
from cli.output import CONSOLE
from cli.screen import release_panel
from tidegate.errors import NotFoundError
from tidegate.view import ReleaseView

REFRESH_SECONDS = 0.5
APPEAR_SECONDS = 30.0
_PAUSE = threading.Event()


def exit_of(view: ReleaseView) -> Exit:
    """The exit code that says how a release stands."""
    if view.paused is not None or view.halted is not None:
        return Exit.UNDECIDED
    return EXIT_OF_PHASE.get(view.phase, Exit.OK)


def watch_release(deployed: Deployed, release_id: str, *, json_output: bool) -> Exit:
    """Show a release until it is over, paused or halted; its exit code."""
    view = first_view(deployed, release_id)
    if json_output:
        return _watch_json(deployed, view)
    with Live(release_panel(view), console=CONSOLE, refresh_per_second=4) as live:
        while not finished(view):
            _PAUSE.wait(REFRESH_SECONDS)
            view = deployed.view(release_id)
            live.update(release_panel(view))
    return exit_of(view)


def finished(view: ReleaseView) -> bool:
    """Whether there is nothing more to wait for without an operator."""
    return view.over or view.paused is not None or view.halted is not None


def first_view(deployed: Deployed, release_id: str) -> ReleaseView:
    """The view as soon as the machine has opened the release; CommandError if it refuses."""
    waited = 0.0
    while True:
        try:
            return deployed.view(release_id)
        except NotFoundError as error:
            if waited >= APPEAR_SECONDS or not deployed.executions.running(
                release_id=release_id, epoch=1
            ):
                raise CommandError(
                    f"release {release_id} was refused by the machine: "
                    f"see its execution {release_id}-e1",
                    code=Exit.REFUSED,
                ) from error
        _PAUSE.wait(REFRESH_SECONDS / 5)
        waited += REFRESH_SECONDS / 5


def _watch_json(deployed: Deployed, view: ReleaseView) -> Exit:
    shown = ""
    while True:
        document = json.dumps(view.to_json(), sort_keys=True)
        if document != shown:
            print(document, flush=True)
            shown = document
        if finished(view):
            return exit_of(view)
        _PAUSE.wait(REFRESH_SECONDS)
        view = deployed.view(view.release_id)
