"""What a load balancer does with a request, followed without sockets."""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulator.loadbalancing import jwt
from emulator.loadbalancing.attributes import (
    BALANCER_ATTRIBUTES,
    GROUP_ATTRIBUTES,
    LISTENER_ATTRIBUTES,
)
from emulator.loadbalancing.front import Front, Invocation, Surroundings
from emulator.loadbalancing.keysets import KeySetError
from emulator.loadbalancing.messages import HttpRequest, HttpResponse
from emulator.loadbalancing.store import Entry, Store

BALANCER = "arn:aws:elasticloadbalancing:r:a:loadbalancer/app/b/1"
LISTENER = "arn:aws:elasticloadbalancing:r:a:listener/app/b/1/2"
FORWARD = {
    "Type": "forward",
    "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "g", "Weight": 1}]},
}
JWT = {"Type": "jwt-validation", "JwtValidationConfig": {"JwksEndpoint": "e", "Issuer": "i"}}


@dataclass
class World:
    """A listener with its surroundings; what functions are sent is kept."""

    unit: float = 0.0
    blocked: bool = False
    key_sets: bool = True
    done: Invocation = field(default_factory=lambda: Invocation(result={"statusCode": 200}))
    sent: list[tuple[str, Mapping[str, Any], str]] = field(default_factory=list)
    store: Store = field(default_factory=Store)

    def __post_init__(self) -> None:
        """One load balancer, one listener, two groups with a function each."""
        self.store.balancers[BALANCER] = Entry(
            arn=BALANCER, shape={}, attributes=dict(BALANCER_ATTRIBUTES)
        )
        self.store.listeners[LISTENER] = Entry(
            arn=LISTENER,
            shape={"LoadBalancerArn": BALANCER},
            attributes=dict(LISTENER_ATTRIBUTES),
        )
        for arn in ("g", "h"):
            self.store.groups[arn] = Entry(
                arn=arn,
                shape={"HealthCheckPath": "/ready"},
                attributes=dict(GROUP_ATTRIBUTES["lambda"]),
                targets=[{"Id": f"function-{arn}"}],
            )
        self.rule("default", FORWARD)

    def rule(self, priority: str, *actions: Any, conditions: tuple[Any, ...] = ()) -> None:
        """The listener has that rule."""
        arn = LISTENER.replace("listener", "listener-rule", 1) + f"/{priority}"
        shape = {"Priority": priority, "Conditions": list(conditions), "Actions": list(actions)}
        self.store.rules[arn] = Entry(arn=arn, shape=shape)

    async def keys(self, url: str, key_id: str) -> jwt.Keys:
        """No keys, or no key set."""
        if not self.key_sets:
            raise KeySetError(f"{url} {key_id}")
        return {}

    async def invoke(self, function: str, event: Any, group: str) -> Invocation:
        """What the function is said to answer."""
        self.sent.append((function, event, group))
        return self.done

    def ask(self, listener: str = LISTENER, **members: Any) -> HttpResponse:
        """The response to a request."""
        around = Surroundings(
            invoke=self.invoke,
            keys=self,
            blocks=lambda _balancer, _client: self.blocked,
            draw=lambda: self.unit,
            now=lambda: 0x65000000,
        )
        request = HttpRequest(**{"method": "GET", "path": "/", **members})
        return asyncio.run(Front(self.store, around).handle(listener, request))


def _header(response: HttpResponse, name: str) -> list[str]:
    return [value for key, value in response.headers if key == name]


def test_a_request_reaches_the_function_with_forwarding_headers() -> None:
    """Client, protocol, port and a new trace are added."""
    world = World()

    assert world.ask(client="127.0.0.9", port=443).status == 200

    function, event, group = world.sent[0]
    headers = event["headers"]
    assert (function, group) == ("function-g", "g")
    assert headers["x-forwarded-for"] == "127.0.0.9"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("https", "443")
    assert headers["x-amzn-trace-id"].startswith("Root=1-65000000-")


@pytest.mark.parametrize(
    ("mode", "then"),
    [("append", "10.0.0.1, 127.0.0.9"), ("preserve", "10.0.0.1"), ("remove", None)],
)
def test_forwarded_for_follows_its_mode(mode: str, then: str | None) -> None:
    """Appended to what came, kept as it came, or removed."""
    world = World()
    attributes = world.store.balancers[BALANCER].attributes
    attributes["routing.http.xff_header_processing.mode"] = mode

    world.ask(headers=(("x-forwarded-for", "10.0.0.1"),), client="127.0.0.9")

    assert world.sent[0][1]["headers"].get("x-forwarded-for") == then


def test_a_trace_that_came_is_continued() -> None:
    """The root stays, this hop is put before it."""
    world = World()

    world.ask(headers=(("x-amzn-trace-id", "Self=1-a;Root=1-b;k=v"),))

    trace = world.sent[0][1]["headers"]["x-amzn-trace-id"]
    assert trace.startswith("Self=1-65000000-")
    assert trace.endswith(";Root=1-b;k=v")


def test_rules_are_tried_by_priority_before_the_default() -> None:
    """Priorities are numbers: 9 comes before 10."""
    world = World()
    fixed = [
        {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": code}}
        for code in ("210", "209")
    ]
    everything = ({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a*"]}},)
    world.rule("10", fixed[0], conditions=everything)
    world.rule("9", fixed[1], conditions=everything)

    assert [world.ask(path=path).status for path in ("/a", "/b")] == [209, 200]


@pytest.mark.parametrize(
    ("unit", "function"), [(0.0, "function-h"), (0.29, "function-h"), (0.31, "function-g")]
)
def test_a_forward_draws_by_weight(unit: float, function: str) -> None:
    """3 of 10 go to the first; weight 0 gets nothing."""
    world = World(unit=unit)
    groups = [("g", 0), ("h", 3), ("g", 7)]
    listed = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in groups]
    world.rule("default", {"Type": "forward", "ForwardConfig": {"TargetGroups": listed}})

    world.ask()

    assert world.sent[0][0] == function


@pytest.mark.parametrize(
    ("refused", "status"), [("throttled", 502), ("failed", 502), ("no permission", 502)]
)
def test_a_function_that_does_not_answer_is_502(refused: str, status: int) -> None:
    """The reason is not the client's business."""
    response = World(done=Invocation(refused=refused)).ask()

    assert response.status == status
    assert refused.encode() not in response.body
    assert response.by_balancer


def test_without_a_target_there_is_503() -> None:
    """Nothing is registered, or all weights are 0."""
    world = World()
    world.store.groups["g"].targets = []
    assert world.ask().status == 503

    listed = [{"TargetGroupArn": "h", "Weight": 0}]
    world.rule("default", {"Type": "forward", "ForwardConfig": {"TargetGroups": listed}})
    assert world.ask().status == 503


def test_a_blocked_client_is_403_before_anything_else() -> None:
    """No rule is tried and no function invoked."""
    world = World(blocked=True)

    assert world.ask().status == 403
    assert world.sent == []


def test_web_sockets_are_400() -> None:
    """Functions cannot hold a connection."""
    assert World().ask(headers=(("upgrade", "websocket"),)).status == 400


def test_a_deleted_listener_is_503() -> None:
    """A connection may outlive it for a moment."""
    assert World().ask(listener="gone").status == 503


def _token() -> str:
    parts = ({"alg": "RS256", "kid": "k"}, {"iss": "i", "exp": 9e9})
    encoded = [
        base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts
    ]
    return f"Bearer {'.'.join(encoded)}.c2ln"


@pytest.mark.parametrize(
    ("headers", "key_sets", "status"),
    [
        ((), True, 401),
        ((("authorization", "Bearer nonsense"),), True, 401),
        ((("authorization", _token()),), True, 401),
        ((("authorization", _token()),), False, 500),
        ((), False, 401),
    ],
)
def test_a_request_without_a_valid_token_goes_no_further(
    *, headers: tuple[tuple[str, str], ...], key_sets: bool, status: int
) -> None:
    """401 if it is missing or wrong, 500 if nobody can tell."""
    world = World(key_sets=key_sets)
    world.rule("default", JWT, FORWARD)

    assert world.ask(headers=headers).status == status
    assert world.sent == []


def test_a_redirect_fills_in_what_was_asked_for() -> None:
    """The usual way from HTTP to HTTPS keeps host, path and query."""
    world = World()
    config = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    world.rule("default", {"Type": "redirect", "RedirectConfig": config})

    response = world.ask(
        path="/a", query="b=1", protocol="HTTP", port=80, headers=(("host", "x.example.com:8080"),)
    )

    assert response.status == 301
    assert _header(response, "Location") == ["https://x.example.com:443/a?b=1"]


def test_a_fixed_response_is_given_as_it_is() -> None:
    """With the load balancer's server header, unless that is off."""
    world = World()
    config = {"StatusCode": "418", "ContentType": "text/html", "MessageBody": "<p>no</p>"}
    world.rule(
        "default",
        {"Type": "fixed-response", "FixedResponseConfig": {**config, "StatusCode": "404"}},
    )

    response = world.ask()
    assert (response.status, response.body) == (404, b"<p>no</p>")
    assert _header(response, "Server") == ["awselb/2.0"]

    attributes = world.store.listeners[LISTENER].attributes
    attributes["routing.http.response.server.enabled"] = "false"
    assert _header(world.ask(), "Server") == []


def test_a_listener_adds_its_response_headers() -> None:
    """In place of the target's own of that name."""
    world = World(
        done=Invocation(
            result={"statusCode": 200, "headers": {"strict-transport-security": "max-age=1"}}
        )
    )
    attributes = world.store.listeners[LISTENER].attributes
    attributes["routing.http.response.strict_transport_security.header_value"] = "max-age=9"

    response = world.ask()

    assert _header(response, "Strict-Transport-Security") == ["max-age=9"]
    assert _header(response, "strict-transport-security") == []
