"""A round of traffic: requests are sent when they are due, and what was right is reported.

A round that falls behind sends what is due at once, and what its end leaves over not at all: late
traffic would be other traffic.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from tidegate.errors import TidegateError
from tidegate.ports import Clock
from tidegate.requests import Request, Traffic

REFUSED = frozenset({401, 403, 404})
"""Statuses that no request of ours should get: the front door does not know us, or the model."""


_ANSWERED = 200


class TrafficRefusedError(TidegateError):
    """The front door takes none of our requests, so that a release would wait for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An answer of the front door. `prediction_id` is None where no prediction was served."""

    status: int
    body: bytes
    prediction_id: str | None


class Door(Protocol):
    """The front door of a stage, from outside."""

    def ask(self, model: str, request: Request) -> Served:
        """Ask a model; a failed prediction is an answer with its status."""
        ...

    def report(self, prediction_id: str, *, wrong: bool) -> int:
        """Report an outcome; the status says whether it was credited."""
        ...


class Pool(Protocol):
    """Calls that run beside one another."""

    def submit(self, call: Callable[[], Counter[str]]) -> None:
        """The call runs soon; what it raises is raised by `join`."""
        ...

    def join(self) -> Counter[str]:
        """The sum of what all calls counted, once they are over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What a round needs. `pause` waits so many seconds of the cloud's clock."""

    door: Door
    clock: Clock
    pool: Pool
    pause: Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """From when to when, in seconds since the epoch; `started_at` is when the traffic began."""

    started_at: float
    begin: float
    end: float


def send_round(ports: Ports, traffic: Mapping[str, Traffic], when: Round) -> dict[str, Any]:
    """Counts of what was sent; TrafficRefusedError when the front door took nothing at all."""
    left = 0
    due = [
        (moment, model, request)
        for model, each in traffic.items()
        for moment, request in each.due(when.begin - when.started_at, when.end - when.started_at)
    ]
    for moment, model, request in sorted(due, key=lambda entry: entry[0]):
        early = when.started_at + moment - ports.clock.now()
        if early > 0:
            ports.pause(early)
        if ports.clock.now() >= when.end:
            left += 1
            continue
        ports.pool.submit(partial(_send, ports.door, model, request))
    counts = ports.pool.join()
    if counts["sent"] > 0 and counts["refused"] == counts["sent"]:
        raise TrafficRefusedError(
            f"the front door refused all {counts['sent']} requests: see its log; a new model may "
            "not be deployed, or this function may not call the API"
        )
    return {**counts, "left": left}


def _send(door: Door, model: str, request: Request) -> Counter[str]:
    """What became of one request, in counts of its own: calls run beside one another."""
    served = door.ask(model, request)
    counts = Counter(sent=1)
    if served.status in REFUSED:
        counts["refused"] = 1
    elif served.status >= 400:
        counts["failed"] = 1
    # A ticket (202) is no answer: what will come is not waited for, and has no outcome from here.
    wrong = request.wrong(served.body) if served.status == _ANSWERED else None
    if wrong is None or served.prediction_id is None:
        return counts
    credited = door.report(served.prediction_id, wrong=wrong) < 300
    counts.update(outcomes=int(credited), wrong=int(wrong))
    return counts
