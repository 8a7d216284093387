"""Watching a release until there is nothing more to wait for without an operator."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cli.deployed import Deployed
from cli.display import Form, shown
from cli.executions import Ending
from cli.exits import EXIT_OF_PHASE, CommandError, Exit, InterruptedCommandError
from cli.output import note
from tidegate.errors import NotFoundError
from tidegate.release import Phase
from tidegate.strategies import Mechanism
from tidegate.view import ReleaseView

APPEAR_SECONDS = 30.0
"""How long the machine may take to open a release before we say that something is wrong."""

_LOOKS_PER_PULSE = 8
"""Whether the release machine's execution still runs is asked this rarely; a deploy has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How watching passes the time, in seconds of the wall's clock."""

    wait: Callable[[float], object] = threading.Event().wait
    now: Callable[[], float] = time.monotonic


PACE = Pace()


def exit_of(view: ReleaseView) -> Exit:
    """The exit code that says how a release stands; 0 while it is on its way."""
    if view.over:
        return EXIT_OF_PHASE[view.phase]
    return Exit.UNDECIDED if view.halted is not None or _held(view) else Exit.OK


def finished(view: ReleaseView) -> bool:
    """Whether there is nothing more to wait for without an operator.

    A pause holds steps back, never a way back; a halted release is first brought to safety.
    """
    if view.halted is not None:
        return view.over or view.restored_at is not None
    return view.over or _held(view)


def _held(view: ReleaseView) -> bool:
    return view.paused is not None and view.phase in {Phase.SHIFTING, Phase.BAKING}


def watch_release(deployed: Deployed, release_id: str, *, form: Form, pace: Pace = PACE) -> Exit:
    """Show a release until it is over, or nothing but an operator moves it; its exit code."""
    try:
        view = first_view(deployed, release_id, pace=pace)
        with shown(form, clock=deployed.target.clock.now) as show:
            view = _until_finished(deployed, view, show=show, pace=pace)
    except KeyboardInterrupt as stop:
        raise InterruptedCommandError(
            f"stopped watching, the release goes on: 'tidegate release watch {release_id}' shows "
            f"it again, 'tidegate release abort {release_id}' takes it back"
        ) from stop
    if not finished(view):
        return _left_alone(deployed, view)
    _advise(view)
    return exit_of(view)


def _until_finished(
    deployed: Deployed, view: ReleaseView, *, show: Callable[[ReleaseView], None], pace: Pace
) -> ReleaseView:
    looks, unattended = 0, False
    show(view)
    while not finished(view):
        pace.wait(deployed.target.refresh_seconds)
        epoch = view.epoch
        view = deployed.glance(view.release_id)
        show(view)
        looks += 1
        if looks % _LOOKS_PER_PULSE == 0 and view.mechanism != Mechanism.GUARDRAIL:
            gone = not deployed.executions.running(release_id=view.release_id, epoch=view.epoch)
            if gone and unattended and epoch == view.epoch:
                return deployed.glance(view.release_id)
            unattended = gone
    return view


def _left_alone(deployed: Deployed, view: ReleaseView) -> Exit:
    ending = deployed.endings.ending(release_id=view.release_id, epoch=view.epoch)
    said = "" if ending is None else f" ({ending})"
    note(
        f"no execution works on {view.release_id} any more{said}: traffic stays as it is; "
        f"'tidegate release resume {view.release_id}' goes on from its record, "
        f"'tidegate release abort {view.release_id}' takes it back"
    )
    return Exit.UNDECIDED


def _advise(view: ReleaseView) -> None:
    if view.over:
        note(f"'tidegate release report {view.release_id}' writes it down with charts")
        return
    verbs = "resume, promote or abort" if view.halted is None else "resume or abort"
    note(f"it waits for you: tidegate release {verbs} {view.release_id}")


def first_view(deployed: Deployed, release_id: str, *, pace: Pace = PACE) -> ReleaseView:
    """The view as soon as the machine has opened the release; CommandError if it refuses."""
    deadline = pace.now() + APPEAR_SECONDS
    while True:
        ending = deployed.endings.ending(release_id=release_id, epoch=1)
        try:
            return deployed.glance(release_id)
        except NotFoundError as error:
            refusal = _refusal(release_id, ending, late=pace.now() >= deadline)
            if refusal is not None:
                raise refusal from error
        pace.wait(min(0.1, deployed.target.refresh_seconds))


def _refusal(release_id: str, ending: Ending | None, *, late: bool) -> CommandError | None:
    if ending is not None:
        return CommandError(
            f"release {release_id} was refused by the release machine: {ending}", code=Exit.REFUSED
        )
    if late:
        return CommandError(
            f"release {release_id} was not opened in {APPEAR_SECONDS:.0f} s: its execution "
            f"{release_id}-e1 still runs, or there is none; look at it in Step Functions"
        )
    return None
