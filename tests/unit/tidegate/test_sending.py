"""A round of traffic."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.fakes import FakeClock
from tidegate.requests import Request, Traffic, TrafficKind
from tidegate.sending import Ports, Round, Served, TrafficRefusedError, send_round


@dataclass
class FakeDoor:
    """A door that answers one thing, and takes `seconds` for it."""

    clock: FakeClock
    served: Served = field(
        default_factory=lambda: Served(status=200, body=b'{"label":"late"}', prediction_id="p")
    )
    seconds: float = 0.0
    asked: list[float] = field(default_factory=list)
    reported: list[bool] = field(default_factory=list)

    def ask(self, model: str, request: Request) -> Served:
        """Answer."""
        self.asked.append(self.clock.at)
        self.clock.at += self.seconds
        return self.served

    def report(self, prediction_id: str, *, wrong: bool) -> int:
        """Take the outcome."""
        self.reported.append(wrong)
        return 202


@dataclass
class AtOnce:
    """Calls run where they are submitted."""

    counts: Counter[str] = field(default_factory=Counter)

    def submit(self, call: Callable[[], Counter[str]]) -> None:
        """Run it."""
        self.counts += call()

    def join(self) -> Counter[str]:
        """Nothing is left."""
        return self.counts


def _send(door: FakeDoor, *, expect: dict[str, str], seconds: float = 10.0) -> dict[str, int]:
    clock = door.clock

    def pause(amount: float) -> None:
        clock.at += amount

    traffic = Traffic(
        kind=TrafficKind.SYNTHETIC,
        requests=(Request(body=b"{}", expect=expect),),
        requests_per_minute=60,
    )
    begin = clock.at
    ports = Ports(door=door, clock=clock, pool=AtOnce(), pause=pause)
    when = Round(started_at=begin, begin=begin, end=begin + seconds)
    return send_round(ports, {"flights": traffic}, when)


def test_requests_are_sent_when_they_are_due():
    """One a second, and none of the next round."""
    door = FakeDoor(FakeClock())
    begin = door.clock.at
    assert _send(door, expect={})["sent"] == 10
    assert [moment - begin for moment in door.asked] == pytest.approx(list(range(10)))


def test_what_was_right_is_reported():
    """From what the file expects."""
    door = FakeDoor(FakeClock())
    counts = _send(door, expect={"/label": "on-time"})
    assert (counts["outcomes"], counts["wrong"], set(door.reported)) == (10, 10, {True})


def test_a_failed_prediction_has_no_outcome():
    """There is no prediction to be right or wrong."""
    door = FakeDoor(FakeClock(), served=Served(status=500, body=b"", prediction_id=None))
    counts = _send(door, expect={"/label": "late"})
    assert (counts["failed"], door.reported) == (10, [])


def test_a_ticket_has_no_outcome():
    """What an asynchronous model will answer is not in it."""
    door = FakeDoor(FakeClock(), served=Served(status=202, body=b"{}", prediction_id="p"))
    counts = _send(door, expect={"/label": "late"})
    assert (counts["sent"], counts.get("failed", 0), door.reported) == (10, 0, [])


def test_a_round_that_falls_behind_leaves_the_rest():
    """Late traffic would be other traffic."""
    door = FakeDoor(FakeClock(), seconds=3.0)
    counts = _send(door, expect={})
    assert counts["sent"] + counts["left"] == 10
    assert counts["left"] > 0


def test_a_door_that_refuses_everything_is_told():
    """A release without evidence would wait for nothing."""
    door = FakeDoor(FakeClock(), served=Served(status=403, body=b"", prediction_id=None))
    with pytest.raises(TrafficRefusedError, match="refused all 10"):
        _send(door, expect={})
