"""Requests at the door: counted, read, answered once, and every problem in one shape."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

import pytest

from tests.ai_fakes import FakeTime, fake_ports
from tidegate.ai.door import Door, Reply, Request, route_of
from tidegate.ai.kind import Kind, Rights, Route
from tidegate.ai.limits import Length
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, ThrottledError, unusable
from tidegate.errors import NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question."""

    text: Annotated[str, Length(least=1, most=5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer."""

    text: str


@dataclass(frozen=True, kw_only=True)
class NoSettings:
    """None."""


Answer = Callable[[Asked, ServicePorts], Said]


@dataclass
class World:
    """A door whose one route answers as it is told."""

    answer: Answer = lambda asked, _ports: Said(text=asked.text.upper())
    limit: int = 100

    def __post_init__(self) -> None:
        """The ports are fakes."""
        self.answered: list[str] = []
        self.route = Route(name="say", says="", takes=Asked, gives=Said, answer=self._answer)
        self.kind = Kind(
            name="test",
            title="",
            job="",
            settings=NoSettings,
            routes=(self.route,),
            door=lambda _settings, _place: Rights(),
        )
        self.clock = FakeTime()
        self.ports = replace(fake_ports(self.kind), clock=self.clock)
        self.door = Door(ports=self.ports, requests_per_minute=self.limit)

    def _answer(self, asked: Asked, ports: ServicePorts) -> Said:
        self.answered.append(asked.text)
        return self.answer(asked, ports)

    def ask(self, given: Any, *, key: str | None = None, caller: str = "ada") -> Reply:
        """What comes back."""
        request = Request(route=self.route, given=given, caller=caller, correlation="c1", key=key)
        return self.door.answer(request)


def code(reply: Reply) -> Any:
    """The problem's code."""
    return reply.body["error"]["code"]


def test_a_request_is_answered() -> None:
    """In the types of its route."""
    assert World().ask({"text": "hi"}) == Reply(status=200, body={"text": "HI"})


def test_faults_are_named_and_nothing_is_asked() -> None:
    """All at once, with the correlation id."""
    world = World()
    reply = world.ask({"text": "longer", "more": 1})
    assert (reply.status, code(reply), world.answered) == (400, "invalid-request", [])
    assert reply.body["error"]["correlation_id"] == "c1"
    assert reply.body["error"]["faults"] == [
        "unknown field 'more': allowed: text",
        "text has 6 characters, must have at most 5",
    ]


def raising(error: Exception) -> Answer:
    """A route that fails so."""

    def answer(_asked: Asked, _ports: ServicePorts) -> Said:
        raise error

    return answer


@pytest.mark.parametrize(
    ("error", "status", "code_", "retry"),
    [
        (unusable("not so"), 422, "unusable-input", None),
        (NotFoundError("no x, only y"), 404, "not-found", None),
        (ThrottledError(operation="a:B", code="T", message="m"), 503, "busy", 5),
        (CallFailedError(operation="a:B", code="T", message="m"), 502, "service-failed", 5),
        (CallRefusedError(operation="a:B", code="T", message="m"), 502, "service-refused", None),
    ],
)
def test_each_problem_has_its_status(
    error: Exception, status: int, code_: str, retry: int | None
) -> None:
    """And says whether to try again."""
    reply = World(answer=raising(error)).ask({"text": "hi"})
    assert (reply.status, code(reply), reply.retry_after) == (status, code_, retry)


def test_what_aws_said_is_not_told() -> None:
    """Its message may quote what was asked."""
    error = CallRefusedError(operation="a:B", code="X", message="secret words")
    reply = World(answer=raising(error)).ask({"text": "hi"})
    assert "secret" not in str(reply.body)


def test_the_same_key_has_the_same_answer() -> None:
    """Without asking again, for a day."""
    world = World()
    first = world.ask({"text": "hi"}, key="k")
    again = world.ask({"text": "hi"}, key="k")
    assert (again.body, again.replayed, first.replayed) == (first.body, True, False)
    assert world.answered == ["hi"]


def test_keys_of_callers_are_apart() -> None:
    """Nobody reads another's answer by guessing a key."""
    world = World()
    world.ask({"text": "hi"}, key="k")
    assert world.ask({"text": "hi"}, key="k", caller="bob").replayed is False


def test_a_key_is_of_one_request() -> None:
    """Another body under it is refused."""
    world = World()
    world.ask({"text": "hi"}, key="k")
    reply = world.ask({"text": "ho"}, key="k")
    assert (reply.status, code(reply)) == (422, "idempotency-key-reused")


def test_a_request_under_way_is_not_begun_again() -> None:
    """Until it must be over; then another may."""
    world = World()
    seen: list[Reply] = []

    def answer(asked: Asked, _ports: ServicePorts) -> Said:
        if not seen:
            seen.append(world.ask({"text": "hi"}, key="k"))
        return Said(text=asked.text)

    world.answer = answer
    assert world.ask({"text": "hi"}, key="k").status == 200
    assert (seen[0].status, code(seen[0]), seen[0].retry_after) == (409, "under-way", 2)


def test_a_killed_request_may_be_begun_again() -> None:
    """30 s later: that long a request can last."""
    world = World(answer=raising(KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        world.ask({"text": "hi"}, key="k")
    world.answer = lambda asked, _ports: Said(text=asked.text)
    assert world.ask({"text": "hi"}, key="k").status == 409
    world.clock.pause(31)
    assert world.ask({"text": "hi"}, key="k").status == 200


def test_a_problem_is_not_kept_as_the_answer() -> None:
    """Whoever repeats the request gets another try at once."""
    world = World(answer=raising(ThrottledError(operation="a:B", code="T", message="m")))
    assert world.ask({"text": "hi"}, key="k").status == 503
    world.answer = lambda asked, _ports: Said(text=asked.text)
    assert world.ask({"text": "hi"}, key="k").status == 200


def test_a_caller_has_so_many_requests_a_minute() -> None:
    """Others have theirs, and the next minute is new."""
    world = World(limit=2)
    assert [world.ask({"text": "hi"}).status for _ in range(3)] == [200, 200, 429]
    assert world.ask({"text": "hi"}, caller="bob").status == 200
    refused = world.ask({"text": "hi"})
    assert refused.retry_after is not None
    assert 0 < refused.retry_after <= 60
    world.clock.pause(60)
    assert world.ask({"text": "hi"}).status == 200


def test_a_route_is_found_by_method_and_path() -> None:
    """With the fields in the path."""
    world = World()
    shown = replace(world.route, name="one", path="things/{text}", method="GET")
    kind = replace(world.kind, routes=(world.route, shown))
    assert route_of(kind, "POST", "say") == (world.route, {})
    assert route_of(kind, "GET", "things/abc") == (shown, {"text": "abc"})
    assert route_of(kind, "GET", "say") is None
    assert route_of(kind, "GET", "things/abc/more") is None
