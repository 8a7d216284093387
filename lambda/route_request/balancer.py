"""A load balancer's events in the words of HTTP APIs, and answers in the words of a load balancer.

A Lambda target takes 1 MB in and gives 1 MB out (Elastic Load Balancing user guide, "Use Lambda
functions as targets of an Application Load Balancer"). What is larger gets an answer that says
where to send it. Health checks are answered here and leave no line in the request log.
"""

import json
import sys
from collections.abc import Callable, Mapping

from route_request.events import refusal
from tidegate.untyped import Any

MOST_BYTES = 1_000_000
_MODELS, _PREDICTIONS, _HEALTH = "models", "predictions", "health"
_OTHERWISE = (
    "send it by the asynchronous way: host the model with hosting.asynchronous, which takes inputs "
    "from S3 and puts answers there"
)


def is_balancer_event(event: Mapping[str, Any]) -> bool:
    """Whether a load balancer sent this event, and not an HTTP API."""
    return "elb" in event.get("requestContext", {})


def answer_balancer(
    event: Mapping[str, Any],
    predict: Callable[[dict[str, Any]], dict[str, Any]],
    is_healthy: Callable[[str], bool],
) -> dict[str, Any]:
    """The load balancer's answer: a prediction, the health of a model's track, or a refusal."""
    model, what = _asked(str(event["path"]))
    if what == _HEALTH and event["httpMethod"] == "GET":
        return _answer(_health(model, is_healthy(model)))
    if what != _PREDICTIONS:
        return _answer(refusal(404, f"no such path: POST /{_MODELS}/MODEL/{_PREDICTIONS}"))
    if event["httpMethod"] != "POST":
        return _answer(refusal(405, "predictions are asked for by POST", {"allow": "POST"}))
    size = _body_bytes(event)
    if size > MOST_BYTES:
        why = f"the request has {size} bytes, this way takes {MOST_BYTES}: {_OTHERWISE}"
        return _answer(refusal(413, why))
    return _answer(_fitting(predict(_as_http_api(event, model))), event)


def _asked(path: str) -> tuple[str, str]:
    parts = path.strip("/").split("/")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == _MODELS else ("", "")


def _body_bytes(event: Mapping[str, Any]) -> int:
    """The size of the body that the client sent; base64 has four characters for three bytes."""
    body: str = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return len(body.encode())
    return len(body) * 3 // 4 - body[-2:].count("=")


def _as_http_api(event: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Names of headers are lower case in both."""
    return {
        "pathParameters": {"model": model},
        "headers": event.get("headers") or {},
        "body": event.get("body") or "",
        "isBase64Encoded": bool(event.get("isBase64Encoded")),
    }


def _fitting(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, or why it cannot be given: the load balancer would only say 502."""
    size = len(json.dumps(answer))
    if size <= MOST_BYTES:
        return answer
    kept = {k: v for k, v in answer["headers"].items() if k.startswith("x-tidegate-")}
    why = f"the answer has {size} bytes, this way takes {MOST_BYTES}: {_OTHERWISE}"
    return refusal(502, why, kept)


def _health(model: str, healthy: bool) -> dict[str, Any]:  # noqa: FBT001 - told, not chosen
    if healthy:
        return refusal(200, f"the track of {model} is in service")
    # Not in the request log, where it would be taken for a request.
    sys.stderr.write(f"health: the track of {model} is not in service\n")
    return refusal(503, f"the track of {model} is not in service")


def _answer(answer: dict[str, Any], event: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """In the words of a load balancer, with the id by which its access log names the request."""
    headers = dict(answer["headers"])
    for cookie in answer.get("cookies", ()):
        headers["set-cookie"] = cookie
    trace = "" if event is None else (event.get("headers") or {}).get("x-amzn-trace-id", "")
    if trace:
        headers["x-tidegate-request-id"] = trace
    return {
        "statusCode": answer["statusCode"],
        "headers": headers,
        "body": answer["body"],
        "isBase64Encoded": answer["isBase64Encoded"],
    }
