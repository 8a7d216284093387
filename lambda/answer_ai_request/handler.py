"""POST and GET below /ai/SERVICE/: one request, answered in the shape that all services have.

The log has a line a request: its correlation id, route, status, time. Nothing of what was asked or
answered is in it, and of what fails unforeseen only where it did.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from answer_ai_request.events import correlation_of, render, request_in
from tidegate.ai.door import Door, Reply, reply_to
from tidegate.ai.problems import ProblemError
from tidegate.ai.trace import where
from tidegate_aws.ai.world import Service, arms, door_service


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The HTTP answer."""
    drawn = arms()
    if drawn is None:
        return _answered(event, door_service())[0]
    try:
        arm = drawn.draw(event.get("headers", {}))
    except ProblemError as problem:
        correlation = correlation_of(event)
        return render(reply_to(problem, correlation), correlation)
    answer, took = _answered(event, door_service(arm.slot))
    named = drawn.count(arm, status=answer["statusCode"], milliseconds=took)
    return {**answer, "headers": {**answer["headers"], **named}}


def _answered(event: dict[str, Any], service: Service) -> tuple[dict[str, Any], float]:
    """The HTTP answer and the milliseconds that it took; the log has its line."""
    # Of the wall: the embedded cloud's own time may run much faster.
    correlation, began = correlation_of(event), time.perf_counter()
    reply, line = _replied(event, service, correlation)
    took = 1000 * (time.perf_counter() - began)
    line |= {"why": reply.why} if reply.why else {}
    told = {"correlation_id": correlation, "status": reply.status, "milliseconds": round(took)}
    # In one write: two requests of one process never mix their lines.
    sys.stdout.write(f"{json.dumps({**told, **line})}\n")
    return render(reply, correlation), took


def _replied(
    event: dict[str, Any], service: Service, correlation: str
) -> tuple[Reply, dict[str, Any]]:
    line: dict[str, Any] = {}
    try:
        request = request_in(event, service.kind, service.ports.service)
        line = {"route": request.route.name, "caller": request.caller[:8]}
        limit = int(service.document["requests_per_minute"])
        reply = Door(ports=service.ports, requests_per_minute=limit).answer(request)
    except ProblemError as problem:
        reply = reply_to(problem, correlation)
    except Exception as error:  # noqa: BLE001 - its message may quote what was asked
        line["failed"] = where(error)
        message = "the service failed: its log says where"
        reply = reply_to(ProblemError("internal", message, status=500), correlation)
    return reply, line
