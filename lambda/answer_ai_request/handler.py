"""POST and GET below /ai/SERVICE/: one request, answered in the shape that all services have.

The log has a line a request: its correlation id, route, status, time. Nothing of what was asked or
answered is in it, and of what fails unforeseen only where it did.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, replace
from typing import Any

from answer_ai_request.events import correlation_of, render, request_in, who_in
from tidegate.ai.door import Door, Reply, reply_to
from tidegate.ai.problems import ProblemError
from tidegate.ai.trace import where
from tidegate_aws.ai.world import Service, arms, door_service, kind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """The HTTP answer, how long it took, and whether it ended something well, if it did."""

    http: dict[str, Any]
    milliseconds: float
    helped: bool | None


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The HTTP answer."""
    drawn = arms()
    if drawn is None:
        return _answered(event, door_service()).http
    try:
        who = who_in(event, kind(), drawn.service)
        arm = drawn.draw(event.get("headers", {}), otherwise=who)
    except ProblemError as problem:
        correlation = correlation_of(event)
        return render(reply_to(problem, correlation), correlation)
    service = door_service(arm.slot)
    ports = replace(service.ports, on_trial=arm.on_trial)
    answer = _answered(event, replace(service, ports=ports))
    status = answer.http["statusCode"]
    named = drawn.count(arm, status=status, milliseconds=answer.milliseconds)
    if answer.helped is not None:
        drawn.conclude(arm, named, helped=answer.helped)
    return {**answer.http, "headers": {**answer.http["headers"], **named}}


def _answered(event: dict[str, Any], service: Service) -> _Answer:
    """What came of the request; the log has its line."""
    # Of the wall: the embedded cloud's own time may run much faster.
    correlation, began = correlation_of(event), time.perf_counter()
    reply, line, helped = _replied(event, service, correlation)
    took = 1000 * (time.perf_counter() - began)
    line |= {"why": reply.why} if reply.why else {}
    told = {"correlation_id": correlation, "status": reply.status, "milliseconds": round(took)}
    # In one write: two requests of one process never mix their lines.
    sys.stdout.write(f"{json.dumps({**told, **line})}\n")
    return _Answer(http=render(reply, correlation), milliseconds=took, helped=helped)


def _replied(
    event: dict[str, Any], service: Service, correlation: str
) -> tuple[Reply, dict[str, Any], bool | None]:
    line: dict[str, Any] = {}
    helped = None
    try:
        request = request_in(event, service.kind, service.ports.service)
        line = {"route": request.route.name, "caller": request.caller[:8]}
        limit = int(service.document["requests_per_minute"])
        reply = Door(ports=service.ports, requests_per_minute=limit).answer(request)
        if reply.status < 400 and not reply.replayed:
            helped = request.route.helped(reply.body)
    except ProblemError as problem:
        reply = reply_to(problem, correlation)
    except Exception as error:  # noqa: BLE001 - its message may quote what was asked
        line["failed"] = where(error)
        message = "the service failed: its log says where"
        reply = reply_to(ProblemError("internal", message, status=500), correlation)
    return reply, line, helped
