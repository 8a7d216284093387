"""Requests as events for a function, and a function's result as a response.

After "Use Lambda functions as targets" of the user guide: the last of repeated headers and query
parameters counts unless multi-value headers are on, nothing is URL-decoded, and a body is text
only for the types listed there and without a content encoding.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any

from emulator.loadbalancing.messages import Headers, HttpRequest, HttpResponse, Refusal

Json = dict[str, Any]

LONGEST_BODY_BYTES = 1024 * 1024
LONGEST_RESPONSE_BYTES = 1024 * 1024
_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_OWN = _HOP_BY_HOP | {"content-length"}


def event_for(request: HttpRequest, group_arn: str, *, multi_value: str) -> Json:
    """The event for a request; Refusal (413) if its body is too large for a function."""
    if len(request.body) > LONGEST_BODY_BYTES:
        raise Refusal(413, f"the body has over {LONGEST_BODY_BYTES} bytes")
    body, encoded = _event_body(request)
    pairs = [part.partition("=")[::2] for part in request.query.split("&") if part]
    event: Json = {
        "requestContext": {"elb": {"targetGroupArn": group_arn}},
        "httpMethod": request.method,
        "path": request.path,
    }
    if multi_value == "true":
        event["multiValueQueryStringParameters"] = _gathered(pairs)
        event["multiValueHeaders"] = _gathered(request.headers)
    else:
        event["queryStringParameters"] = dict(pairs)
        event["headers"] = dict(request.headers)
    return {**event, "body": body, "isBase64Encoded": encoded}


def health_event(path: str, group_arn: str, *, multi_value: str) -> Json:
    """The event of a health check."""
    request = HttpRequest(
        method="GET", path=path, headers=(("user-agent", "ELB-HealthChecker/2.0"),)
    )
    return event_for(request, group_arn, multi_value=multi_value)


def response_from(result: Any, *, multi_value: str) -> HttpResponse:
    """The response that a function's result says; Refusal (502) if it says none."""
    if len(json.dumps(result).encode()) > LONGEST_RESPONSE_BYTES:
        raise Refusal(502, f"the function's response has over {LONGEST_RESPONSE_BYTES} bytes")
    if not isinstance(result, dict):
        raise Refusal(502, "the function's response is no object")
    status = result.get("statusCode")
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise Refusal(502, f"the function's statusCode is {status!r}")
    return HttpResponse(status=status, headers=_headers(result, multi_value), body=_body(result))


def _event_body(request: HttpRequest) -> tuple[str, bool]:
    if not request.body:
        return "", False
    text = _plain_text(request)
    return (base64.b64encode(request.body).decode(), True) if text is None else (text, False)


def _plain_text(request: HttpRequest) -> str | None:
    """The body as text; None if it is to be encoded, also when it only calls itself text."""
    kinds = request.values("content-type")
    if request.values("content-encoding") or not kinds:
        return None
    if not kinds[-1].lower().startswith(_TEXT_TYPES):
        return None
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        return None


def _headers(result: Mapping[str, Any], multi_value: str) -> Headers:
    if multi_value == "true":
        given = result.get("multiValueHeaders") or {}
        pairs = [(name, value) for name, values in given.items() for value in values]
    else:
        pairs = list((result.get("headers") or {}).items())
    return tuple((name, _text(value)) for name, value in pairs if name.lower() not in _OWN)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise Refusal(502, "the function's body is no text")
    if result.get("isBase64Encoded") is not True:
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise Refusal(502, "the function's body is not base64") from error


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    gathered: dict[str, list[str]] = {}
    for name, value in pairs:
        gathered.setdefault(name, []).append(value)
    return gathered
