"""One request at the door of a service: counted, read, answered once, in its own types."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tidegate.ai.callers import Content
from tidegate.ai.kind import Kind, Route
from tidegate.ai.ledger import Answered
from tidegate.ai.ports import Person, ServicePorts
from tidegate.ai.problems import CallError, ProblemError, invalid, not_found, of_call
from tidegate.ai.typed import read, to_json
from tidegate.errors import ConflictError, InvalidValueError, NotFoundError

MOST_SECONDS = 30
"""How long a request may take: the HTTP API gives up then (API Gateway quotas)."""
_KEPT_BYTES = 300_000
"""The largest answer that is kept for an idempotency key; an item has 400 KB at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came. `given` are the fields of body, query and path; `caller` is a hash, no name.

    `key` is the caller's own name of the request (Idempotency-Key), if it has one; `person` is who
    signed in, on routes of people.
    """

    route: Route
    given: Any
    caller: str
    correlation: str
    key: str | None = None
    person: Person | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back: a status and a body in JSON types, or other content."""

    status: int
    body: Mapping[str, Any]
    retry_after: int | None = None
    replayed: bool = False
    """Whether the same request was answered before, and this is that answer."""
    why: str = ""
    """What of AWS stood in the way, for the log: operation and code."""
    content: Content | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What answers: the ports of one service, and how many requests a caller has a minute."""

    ports: ServicePorts
    requests_per_minute: int

    def answer(self, request: Request) -> Reply:
        """The answer, or the problem in the one shape that all have."""
        try:
            self._count(request)
            asked = _read(request)
            if request.key is None or request.route.method != "POST":
                return self._answered(request, asked)
            return self._once(request, asked, request.key)
        except ProblemError as problem:
            return reply_to(problem, request.correlation)

    def _count(self, request: Request) -> None:
        now = self.ports.clock.now()
        came = self.ports.ledger.count(request.caller, minute=int(now // 60))
        if came > self.requests_per_minute:
            message = (
                f"{self.requests_per_minute} requests a minute are all that a caller has: "
                "wait, or have requests_per_minute raised"
            )
            wait = 60 - int(now % 60)
            raise ProblemError("too-many-requests", message, status=429, retry_after=wait)

    def _answered(self, request: Request, asked: Any) -> Reply:
        ports = replace(self.ports, person=request.person)
        try:
            answer = request.route.answer(asked, ports)
        except CallError as error:
            raise of_call(error) from error
        except NotFoundError as error:
            raise not_found(str(error)) from error
        if isinstance(answer, Content):
            return Reply(status=request.route.status, body={}, content=answer)
        return Reply(status=request.route.status, body=to_json(answer))

    def _once(self, request: Request, asked: Any, key: str) -> Reply:
        """The answer that this key has had already, or one that it has from now on."""
        name = _digest(request.route.name, request.caller, key)
        digest = _digest(json.dumps(request.given, sort_keys=True))
        now = self.ports.clock.now()
        before = self.ports.ledger.answered(name)
        if before is not None:
            if before.digest != digest:
                message = "this idempotency key was used for another request: take a new one"
                raise ProblemError("idempotency-key-reused", message, status=422)
            if before.body is not None:
                return Reply(status=before.status, body=json.loads(before.body), replayed=True)
            if now < before.began_at + MOST_SECONDS:
                raise _under_way()
        begun = Answered(name=name, digest=digest, began_at=now, revision=_next(before))
        self._keep(begun, after=before)
        try:
            reply = self._answered(request, asked)
        except ProblemError:
            # Not an answer to keep: whoever repeats the request now gets another try.
            self._keep(replace(begun, began_at=0.0, revision=begun.revision + 1), after=begun)
            raise
        body = json.dumps(reply.body)
        if len(body.encode()) <= _KEPT_BYTES:
            over = replace(begun, status=reply.status, body=body, revision=begun.revision + 1)
            self._keep(over, after=begun)
        return reply

    def _keep(self, answered: Answered, *, after: Answered | None) -> None:
        try:
            self.ports.ledger.save_answer(answered, after=after)
        except ConflictError as error:
            raise _under_way() from error


def reply_to(problem: ProblemError, correlation: str) -> Reply:
    """What a caller is told of a problem."""
    cause = problem.__cause__
    return Reply(
        status=problem.status,
        body=problem.to_json(correlation),
        retry_after=problem.retry_after,
        why=f"{cause.operation}: {cause.code}" if isinstance(cause, CallError) else "",
    )


def _read(request: Request) -> Any:
    try:
        return read(request.route.takes, request.given, what="the request")
    except InvalidValueError as error:
        raise invalid(error.faults) from error


def _under_way() -> ProblemError:
    message = "a request with this idempotency key is under way: ask again for its answer"
    return ProblemError("under-way", message, status=409, retry_after=2)


def _next(before: Answered | None) -> int:
    return 0 if before is None else before.revision + 1


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def route_of(kind: Kind, method: str, below: str) -> tuple[Route, Mapping[str, str]] | None:
    """The route of a path below /ai/SERVICE/, and the fields in the path."""
    for route in kind.routes:
        fields = _match(route.below.split("/"), below.split("/"))
        if route.method == method and fields is not None:
            return route, fields
    return None


def _match(wanted: list[str], given: list[str]) -> Mapping[str, str] | None:
    if len(wanted) != len(given):
        return None
    fields: dict[str, str] = {}
    for pattern, part in zip(wanted, given, strict=True):
        if pattern.startswith("{"):
            fields[pattern.strip("{}")] = part
        elif pattern != part:
            return None
    return fields
