"""A run of a monitor: one look, then what it came to is told.

What is told follows from the stored state, and that it was told is stored too: a run that dies
between is made up for by the next. So a change of findings is told at least once, in order.
"""

from typing import Any, Protocol

from tidegate.metrics import Metric
from tidegate.monitoring.advance import Watched
from tidegate.monitoring.look import Looked, LookPorts, look
from tidegate.monitoring.view import metric_of, view_of
from tidegate.values import value


class Teller(Protocol):
    """Where a monitor's words go."""

    def keep(self, view: dict[str, Any]) -> None:
        """The view is what people and programs find."""
        ...

    def measure(self, metric: Metric) -> None:
        """The metric is CloudWatch's."""
        ...

    def announce(self, detail: dict[str, Any]) -> None:
        """The change of findings is an event on the bus."""
        ...


@value
class MonitorRun:
    """What is run: whose monitor, what of, and the world."""

    model: str
    watched: Watched
    look: LookPorts
    teller: Teller


def run_monitor(run: MonitorRun) -> tuple[dict[str, Any], Looked]:
    """The view after one look, kept and told."""
    stored, looked = look(run.look, run.watched)
    state = stored.state
    view = view_of(run.model, state, run.watched, at=run.look.now)
    run.teller.keep(view)
    run.teller.measure(metric_of(run.model, state, run.watched))
    if state.now != state.told:
        run.teller.announce(announcement(view, before=state.told, now=state.now))
        state.told = state.now
        run.look.store.write(stored)
    return view, looked


def announcement(
    view: dict[str, Any], *, before: tuple[str, ...], now: tuple[str, ...]
) -> dict[str, Any]:
    """The detail of the event: what is found, what is new and what has ceased."""
    return {
        "model": view["model"],
        "word": view["word"],
        "reason": view["reason"],
        "findings": list(now),
        "new": sorted(set(now) - set(before)),
        "ceased": sorted(set(before) - set(now)),
        "baseline": view["baseline"]["digest"],
        "at": view["at"],
    }
