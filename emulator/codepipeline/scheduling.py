"""Which execution enters a stage next, and which are superseded. Pure.

AWS CodePipeline user guide, "How pipeline executions work": one execution is in a stage at a time.
SUPERSEDED: a newer execution that arrives replaces those that wait. QUEUED: they wait in turn.
"""

from collections.abc import Sequence
from typing import TypeVar

from emulator.codepipeline.declaration import Mode

T = TypeVar("T")


def arrive(waiting: Sequence[T], arriving: T, mode: Mode) -> tuple[list[T], list[T]]:
    """Who waits after the arrival, in their order, and who was superseded by it."""
    if mode is Mode.SUPERSEDED:
        return [arriving], list(waiting)
    return [*waiting, arriving], []


def next_in(waiting: Sequence[T], *, occupied: bool, enabled: bool) -> T | None:
    """Who enters now; None while the stage is taken or its transition disabled."""
    if occupied or not enabled or not waiting:
        return None
    return waiting[0]
