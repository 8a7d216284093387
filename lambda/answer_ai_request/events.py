"""HTTP API events (payload format 2.0) to requests of an AI service, and replies to answers."""

import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from tidegate.ai.callers import Callers, Content
from tidegate.ai.door import Reply, Request, route_of
from tidegate.ai.kind import Kind, Route
from tidegate.ai.openapi import KEY_PATTERN
from tidegate.ai.ports import Person
from tidegate.ai.problems import ProblemError, invalid, not_found
from tidegate.ai.typed import Member, members

_CORRELATION = re.compile(r"[A-Za-z0-9._-]{1,64}")


def correlation_of(event: Mapping[str, Any]) -> str:
    """The caller's own id of what this belongs to, or that of the request."""
    given = str(event.get("headers", {}).get("x-correlation-id", ""))
    if _CORRELATION.fullmatch(given):
        return given
    return str(event["requestContext"]["requestId"])


def request_in(event: Mapping[str, Any], kind: Kind, service: str) -> Request:
    """The request; ProblemError where it is none of this service."""
    http = event["requestContext"]["http"]
    below = str(event["rawPath"]).removeprefix(f"/ai/{service}/")
    found = route_of(kind, http["method"], below)
    if found is None:
        known = ", ".join(f"{r.method} /ai/{service}/{r.below}" for r in kind.routes)
        raise not_found(f"{http['method']} {event['rawPath']} is no route: {known}")
    route, in_path = found
    return Request(
        route=route,
        given=_given(event, route, in_path),
        caller=_caller(event, service),
        correlation=correlation_of(event),
        key=_key(event),
        person=_person(event) if route.callers is Callers.PEOPLE else None,
    )


def who_in(event: Mapping[str, Any], kind: Kind, service: str) -> str:
    """For whom the request is, as its route's field says; empty where none does."""
    try:
        request = request_in(event, kind, service)
    except ProblemError:
        return ""  # it is told of when it is answered
    field = request.route.who
    given = request.given if isinstance(request.given, Mapping) else {}
    found = None if field is None else given.get(field)
    return found if isinstance(found, str) else ""


def _person(event: Mapping[str, Any]) -> Person:
    """Whom the token is of: the API's authorizer has checked it."""
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
    name = claims.get("username") or claims.get("email") or claims["sub"]
    return Person(id=str(claims["sub"]), name=str(name))


def _given(event: Mapping[str, Any], route: Route, in_path: Mapping[str, str]) -> Any:
    if route.method == "POST":
        return _body(event)
    # What a page is called with is for its script: a code to sign in by, or why there is none.
    query = {} if route.gives is Content else event.get("queryStringParameters") or {}
    known = {member.name: member for member in members(route.takes)}
    return {name: _converted(text, known.get(name)) for name, text in {**query, **in_path}.items()}


def _converted(text: str, member: Member | None) -> Any:
    """The text as its field's type, or as it is: then the fault is told with all others."""
    if member is not None and member.type in {int, float}:
        try:
            return member.type(text)
        except ValueError:
            return text
    if member is not None and member.type is bool:
        return {"true": True, "false": False}.get(text, text)
    return text


def _body(event: Mapping[str, Any]) -> Any:
    text: str = event.get("body") or ""
    try:
        content = binascii.a2b_base64(text) if event.get("isBase64Encoded") else text
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise invalid(["the body is no JSON: send one object in UTF-8"]) from error


def _key(event: Mapping[str, Any]) -> str | None:
    given = event.get("headers", {}).get("idempotency-key")
    if given is not None and not re.fullmatch(KEY_PATTERN, given):
        allowed = "1 to 64 letters, digits, hyphens and underscores"
        raise invalid([f"the header Idempotency-Key must be {allowed}"])
    return None if given is None else str(given)


def _caller(event: Mapping[str, Any], service: str) -> str:
    """Who calls, as a hash: the role or user of the signature, or the subject of the token.

    Of pages, which anybody may read, it is the address.
    """
    context = event["requestContext"]
    known = context.get("authorizer", {})
    who = known.get("iam", {}).get("userArn") or known.get("jwt", {}).get("claims", {}).get("sub")
    who = who or context["http"].get("sourceIp")
    return hashlib.sha256(f"{service}\0{who}".encode()).hexdigest()[:32]


def render(reply: Reply, correlation: str) -> dict[str, Any]:
    """The HTTP answer."""
    headers = {"content-type": "application/json", "x-correlation-id": correlation}
    if reply.retry_after is not None:
        headers["retry-after"] = str(reply.retry_after)
    if reply.replayed:
        headers["x-tidegate-replayed"] = "true"
    body = json.dumps(reply.body, ensure_ascii=False)
    if reply.content is not None:
        headers |= {**reply.content.headers, "content-type": reply.content.media_type}
        body = reply.content.text
    return {
        "statusCode": reply.status,
        "headers": headers,
        "body": body,
        "isBase64Encoded": False,
    }
