"""What a load balancer does with one request: web ACL, rules, actions, target.

It knows no sockets. What it needs of the cloud (functions, key sets, web ACLs, chance, time) is
handed in, so that a request can be followed without any of them.
"""

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from emulator.loadbalancing import jwt
from emulator.loadbalancing.actions import FIXED, FORWARD, JWT, REDIRECT
from emulator.loadbalancing.attributes import response_headers
from emulator.loadbalancing.conditions import satisfied
from emulator.loadbalancing.instance_groups import INSTANCE
from emulator.loadbalancing.instance_targets import (
    NO_INSTANCES,
    Instances,
    forwarded,
    probed,
)
from emulator.loadbalancing.keysets import KeySetError
from emulator.loadbalancing.lambda_target import event_for, health_event, response_from
from emulator.loadbalancing.messages import (
    SERVER,
    HttpRequest,
    HttpResponse,
    Refusal,
    error_page,
)
from emulator.loadbalancing.store import Entry, Json, Store

_log = logging.getLogger(__name__)

MULTI_VALUE = "lambda.multi_value_headers.enabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """How a function ended; `refused` says why it could not or did not answer."""

    result: Any = None
    refused: str | None = None


class KeySource(Protocol):
    """Key sets of token issuers."""

    async def keys(self, url: str, key_id: str) -> jwt.Keys:
        """The endpoint's keys; KeySetError if it cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What handling a request takes of the cloud."""

    invoke: Callable[[str, Json, str], Awaitable[Invocation]]
    """Function ARN, event, target group ARN."""
    keys: KeySource
    blocks: Callable[[str, str], bool]
    """Whether the load balancer's web ACL blocks a request of a client, which it counts."""
    draw: Callable[[], float]
    now: Callable[[], float]
    """The wall's Unix time, on which tokens are made."""
    instances: Instances = NO_INSTANCES
    """The instances that are targets, and what they answer."""


class Front:
    """Handles the requests of all listeners."""

    def __init__(self, store: Store, around: Surroundings) -> None:
        self._store = store
        self._around = around
        self._turns: dict[str, int] = {}
        self.routed: Callable[[Entry], list[Json]] = lambda group: group.targets
        """The targets of a group that get requests; health checks say so."""

    async def handle(self, listener_arn: str, request: HttpRequest) -> HttpResponse:
        """The response; every failure is one, with the status that the user guide names."""
        listener = self._store.listeners.get(listener_arn)
        if listener is None:
            return error_page(503)
        try:
            response = await self._respond(listener, request)
        except Refusal as refusal:
            _log.info("%s %s: %s %s", request.method, request.path, refusal.status, refusal.reason)
            response = error_page(refusal.status)
        added = response_headers(listener.attributes)
        if listener.attributes["routing.http.response.server.enabled"] == "true":
            added["Server"] = SERVER
        return response.with_headers(added)

    async def probe(self, group: Entry, target: Json) -> int | None:
        """The status code of one health check, None if the target did not answer."""
        if group.shape.get("TargetType") == INSTANCE:
            return await probed(self._around.instances, group, target)
        multi = group.attributes[MULTI_VALUE]
        event = health_event(group.shape["HealthCheckPath"], group.arn, multi_value=multi)
        try:
            done = await self._around.invoke(target["Id"], event, group.arn)
            if done.refused is not None:
                return None
            return response_from(done.result, multi_value=multi).status
        except Refusal:
            return None

    async def _respond(self, listener: Entry, request: HttpRequest) -> HttpResponse:
        balancer = self._store.balancers[listener.shape["LoadBalancerArn"]]
        if request.values("upgrade"):
            raise Refusal(400, "web sockets are not supported for functions")
        if self._around.blocks(balancer.arn, request.client):
            raise Refusal(403, "blocked by the web ACL")
        for rule in self._store.rules_of(listener.arn):
            if all(satisfied(condition, request) for condition in rule.shape["Conditions"]):
                forwarded = _with_forwarding(request, balancer.attributes, self._around.now())
                return await self._act(rule.shape["Actions"], forwarded)
        raise Refusal(503, "no rule fits")

    async def _act(self, actions: Sequence[Json], request: HttpRequest) -> HttpResponse:
        for action in actions:
            match action["Type"]:
                case kind if kind == JWT:
                    await self._verify(action["JwtValidationConfig"], request)
                case kind if kind == FIXED:
                    return fixed(action["FixedResponseConfig"])
                case kind if kind == REDIRECT:
                    return redirected(action["RedirectConfig"], request)
                case kind if kind == FORWARD:
                    return await self._forward(action["ForwardConfig"], request)
        raise Refusal(503, "no action answers")

    async def _verify(self, config: Json, request: HttpRequest) -> None:
        """Nothing happens if the request's token is valid; 401 if not, 500 if that is unknown."""
        sent = request.values("authorization")
        try:
            token = jwt.token_in(sent[-1] if sent else None)
            keys = await self._around.keys.keys(config["JwksEndpoint"], token.key_id)
            jwt.verify(token, keys, config, self._around.now())
        except jwt.TokenError as error:
            raise Refusal(401, str(error)) from error
        except KeySetError as error:
            _log.warning("a token could not be verified: %s", error)
            raise Refusal(500, str(error)) from error

    async def _forward(self, config: Json, request: HttpRequest) -> HttpResponse:
        group = self._drawn(config["TargetGroups"])
        if group is None or not group.targets:
            raise Refusal(503, "the target group has no registered targets")
        if group.shape.get("TargetType") == INSTANCE:
            return await forwarded(self._around.instances, self._next_of(group), request)
        multi = group.attributes[MULTI_VALUE]
        event = event_for(request, group.arn, multi_value=multi)
        done = await self._around.invoke(group.targets[0]["Id"], event, group.arn)
        if done.refused is not None:
            raise Refusal(502, done.refused)
        return response_from(done.result, multi_value=multi)

    def _next_of(self, group: Entry) -> Json:
        """The group's instances take turns (algorithm round_robin)."""
        targets = self.routed(group)
        turn = self._turns.get(group.arn, 0)
        self._turns[group.arn] = turn + 1
        return targets[turn % len(targets)]

    def _drawn(self, weighted: Sequence[Json]) -> Entry | None:
        """A target group by weight; none when all weights are 0."""
        left = self._around.draw() * sum(group["Weight"] for group in weighted)
        for group in weighted:
            left -= group["Weight"]
            if left < 0:
                return self._store.groups.get(group["TargetGroupArn"])
        return None


def fixed(config: Mapping[str, Any]) -> HttpResponse:
    """A fixed response."""
    return HttpResponse(
        status=int(config["StatusCode"]),
        headers=(("Content-Type", config.get("ContentType", "text/plain")),),
        body=config.get("MessageBody", "").encode(),
        by_balancer=True,
    )


def redirected(config: Mapping[str, Any], request: HttpRequest) -> HttpResponse:
    """A redirect; `#{protocol}` and its kin stand for what was asked for."""
    asked = {
        "protocol": request.protocol.lower(),
        "host": request.host,
        "port": str(request.port),
        "path": request.path.lstrip("/"),
        "query": request.query,
    }

    def filled(member: str, default: str) -> str:
        text = str(config.get(member, default))
        for name, value in asked.items():
            text = text.replace(f"#{{{name}}}", value)
        return text

    protocol = filled("Protocol", "#{protocol}").lower()
    query = filled("Query", "#{query}")
    where = f"{filled('Host', '#{host}')}:{filled('Port', '#{port}')}{filled('Path', '/#{path}')}"
    location = f"{protocol}://{where}" + (f"?{query}" if query else "")
    return HttpResponse(
        status=int(str(config["StatusCode"]).removeprefix("HTTP_")),
        headers=(("Location", quote(location, safe=":/?#[]@!$&'()*+,;=%-._~")),),
        by_balancer=True,
    )


def _with_forwarding(
    request: HttpRequest, attributes: Mapping[str, str], now_seconds: float
) -> HttpRequest:
    """The request as a target sees it ("HTTP headers and Application Load Balancers")."""
    mode = attributes["routing.http.xff_header_processing.mode"]
    came = request.values("x-forwarded-for")
    replaced = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-amzn-trace-id"}
    kept = [(name, value) for name, value in request.headers if name not in replaced]
    if mode == "preserve":
        kept += [("x-forwarded-for", value) for value in came]
    elif mode == "append":
        kept.append(("x-forwarded-for", ", ".join([*came, request.client])))
    kept.append(("x-forwarded-proto", request.protocol.lower()))
    kept.append(("x-forwarded-port", str(request.port)))
    kept.append(("x-amzn-trace-id", _trace(request.values("x-amzn-trace-id"), now_seconds)))
    return HttpRequest(
        method=request.method,
        path=request.path,
        query=request.query,
        headers=tuple(kept),
        body=request.body,
        client=request.client,
        protocol=request.protocol,
        port=request.port,
    )


def _trace(sent: Sequence[str], now_seconds: float) -> str:
    """A new root, or the client's with this hop before it ("Request tracing", user guide)."""
    own = f"1-{int(now_seconds):08x}-{uuid.uuid4().hex[:24]}"
    fields = [
        part for part in (sent[-1].split(";") if sent else []) if not part.startswith("Self=")
    ]
    if any(part.startswith("Root=") for part in fields):
        return ";".join([f"Self={own}", *fields])
    return ";".join([f"Root={own}", *fields])
