"""AWS's REST-JSON protocol from the service's side, as botocore's model of the service binds it.

Members of a request are in the path, the query, headers and the body; those of an answer in
headers, the status and the body. Inside, a blob of a JSON body stays Base64 text, one that is the
whole body (`payload`) is bytes, and moments are Unix seconds.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

from botocore.model import (
    ListShape,
    MapShape,
    NoShapeFoundError,
    OperationModel,
    ServiceModel,
    Shape,
    StructureShape,
)
from botocore.utils import parse_timestamp

from emulator import apimodels
from emulator.jsonapi import Json
from emulator.seams.services import Request, Response

_JSON = "application/json"
_BYTES = "application/octet-stream"
_THROTTLES = frozenset({"ThrottlingException", "TooManyRequestsException"})
_LABEL = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Route:
    """Where one operation is: its method, and the pattern of its path."""

    operation: str
    method: str
    pattern: re.Pattern[str]
    rank: tuple[tuple[bool, ...], ...]
    """Literal parts come before labels: `/bots/list` before `/bots/{id}`."""


class RestJson:
    """The protocol of one service."""

    denied_status = 403

    def __init__(self, service: str) -> None:
        self._model: ServiceModel = apimodels.service_model(service)

    def operation_at(self, method: str, path: str, _headers: Mapping[str, str]) -> str | None:
        """The operation whose method and path these are."""
        for route in self._routes:
            if route.method == method and route.pattern.fullmatch(path):
                return route.operation
        return None

    def members(self, request: Request, operation: str) -> Json:
        """The request's members, of wherever they are bound; ValueError if one can't be read."""
        shape = self._model.operation_model(operation).input_shape
        if shape is None:
            return {}
        found = {
            name: value
            for name, member in shape.members.items()
            if (value := self._bound(name, member, request, operation)) is not None
        }
        return {**_body_members(shape, request), **found}

    def response(self, operation: str, answer: Json) -> Response:
        """The answer, each member where the model binds it."""
        model = self._model.operation_model(operation)
        status = int(model.http.get("responseCode", 200))
        shape = model.output_shape
        if shape is None:
            return Response(status=status, headers={}, body=b"")
        headers: dict[str, str] = {}
        for name, member in shape.members.items():
            where = member.serialization.get("location")
            if answer.get(name) is None:
                continue
            if where == "header":
                headers[_wire(name, member)] = _header_text(member, answer[name])
            elif where == "headers":
                prefix = _wire(name, member)
                headers |= {f"{prefix}{key}": str(value) for key, value in answer[name].items()}
            elif where == "statusCode":
                status = int(answer[name])
        content_type, body = _answer_body(shape, answer)
        return Response(
            status=status,
            headers=headers if "Content-Type" in headers else {**headers, **content_type},
            body=body,
        )

    def refusal(self, code: str, message: str, status: int) -> Response:
        """The error with the status that the model gives it; another is as AWS's front ends do."""
        told = json.dumps({"message": message}).encode()
        headers = {"Content-Type": _JSON, "x-amzn-ErrorType": code}
        return Response(status=self._status(code, status), headers=headers, body=told)

    def _status(self, code: str, status: int) -> int:
        try:
            known = self._model.shape_for(code).metadata.get("error", {}).get("httpStatusCode")
        except NoShapeFoundError:
            known = 429 if code in _THROTTLES else None
        return status if known is None else int(known)

    @cached_property
    def _routes(self) -> Sequence[_Route]:
        models = map(self._model.operation_model, self._model.operation_names)
        return sorted(map(_route, models), key=lambda route: route.rank)

    def _bound(self, name: str, shape: Shape, request: Request, operation: str) -> Any:
        """The member's value outside of the body, None if it is not there."""
        where, wire = shape.serialization.get("location"), _wire(name, shape)
        if where == "uri":
            return _of_text(shape, self._labels(request, operation)[wire], "iso8601")
        if where == "querystring":
            return _of_query(shape, wire, request.query)
        if where == "header":
            text = request.headers.get(wire.lower())
            return None if text is None else _of_header(shape, text)
        if where == "headers":
            return _of_prefix(wire.lower(), request.headers) or None
        return None

    def _labels(self, request: Request, operation: str) -> Mapping[str, str]:
        pattern = next(route.pattern for route in self._routes if route.operation == operation)
        match = pattern.fullmatch(request.raw_path or quote(request.path))
        if match is None:
            raise ValueError(f"{request.path} is no path of {operation}")
        return {name: unquote(text) for name, text in match.groupdict().items()}


def _route(model: OperationModel) -> _Route:
    path = model.http["requestUri"].partition("?")[0]
    written, end = "", 0
    for label in _LABEL.finditer(path):
        written += re.escape(path[end : label.start()])
        written += f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})"
        end = label.end()
    written += re.escape(path[end:].rstrip("/"))
    return _Route(
        operation=model.name,
        method=model.http["method"],
        # AWS's front ends take a path with and without its last slash.
        pattern=re.compile(f"{written}/?"),
        rank=tuple((bool(_LABEL.search(part)), part.endswith("+}")) for part in path.split("/")),
    )


def _wire(name: str, shape: Shape) -> str:
    """What a member is called where it is sent."""
    wire: str = shape.serialization.get("name", name)
    return wire


def _of_text(shape: Shape, text: str, moments: str) -> Any:
    """A scalar that was sent as text; ValueError if it is none of the shape's type."""
    kind = shape.type_name
    if kind == "boolean":
        if text not in {"true", "false"}:
            raise ValueError(f"a boolean is true or false, got {text!r}")
        return text == "true"
    if kind in {"integer", "long"}:
        return int(text)
    if kind in {"float", "double"}:
        return float(text)
    if kind == "timestamp":
        return _seconds(text, shape.serialization.get("timestampFormat", moments))
    return text


def _seconds(text: str, how: str) -> float:
    return float(text) if how == "unixTimestamp" else parse_timestamp(text).timestamp()


def _of_query(shape: Shape, wire: str, query: Mapping[str, Sequence[str]]) -> Any:
    if isinstance(shape, MapShape):
        known = {name: list(values) for name, values in query.items() if name != wire}
        several = isinstance(shape.value, ListShape)
        return {name: values if several else values[0] for name, values in known.items()}
    if wire not in query:
        return None
    if isinstance(shape, ListShape):
        return [_of_text(shape.member, text, "iso8601") for text in query[wire]]
    return _of_text(shape, query[wire][0], "iso8601")


def _of_header(shape: Shape, text: str) -> Any:
    if isinstance(shape, ListShape):
        parts = (part.strip() for part in text.split(","))
        return [_of_text(shape.member, part, "rfc822") for part in parts]
    if shape.serialization.get("jsonvalue"):
        return base64.b64decode(text, validate=True).decode()
    return _of_text(shape, text, "rfc822")


def _of_prefix(prefix: str, headers: Mapping[str, str]) -> dict[str, str]:
    found = {name: text for name, text in headers.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): text for name, text in found.items()}


def _payload(shape: StructureShape) -> tuple[str, Shape] | None:
    """The member that is the whole body."""
    name = shape.serialization.get("payload")
    return None if name is None else (name, shape.members[name])


def _body_members(shape: StructureShape, request: Request) -> Json:
    payload = _payload(shape)
    if payload is None:
        read = _read(shape, request.json())
        return {
            name: value
            for name, value in read.items()
            if "location" not in shape.members[name].serialization
        }
    name, member = payload
    if not request.body:
        return {}
    if isinstance(member, StructureShape):
        return {name: _read(member, request.json())}
    return {name: request.body if member.type_name == "blob" else request.body.decode()}


def _is_document(shape: Shape) -> bool:
    return bool(getattr(shape, "is_document_type", False))


def _read(shape: Shape, value: Any) -> Any:
    """A part of a JSON body by the names of its shape; what has the wrong type stays as it is."""
    if _is_document(shape):
        return value
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        wires = {_wire(name, member): name for name, member in shape.members.items()}
        return {
            wires[wire]: _read(shape.members[wires[wire]], part)
            for wire, part in value.items()
            if wire in wires and part is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_read(shape.member, part) for part in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _read(shape.value, part) for key, part in value.items()}
    if shape.type_name == "timestamp" and isinstance(value, str):
        return parse_timestamp(value).timestamp()
    return value


def _answer_body(shape: StructureShape, answer: Json) -> tuple[dict[str, str], bytes]:
    payload = _payload(shape)
    if payload is not None:
        name, member = payload
        value = answer.get(name)
        if isinstance(member, StructureShape):
            return {"Content-Type": _JSON}, json.dumps(_written(member, value or {})).encode()
        return {"Content-Type": _BYTES}, b"" if value is None else value
    inside = {
        name: value
        for name, value in answer.items()
        if "location" not in shape.members[name].serialization
    }
    return {"Content-Type": _JSON}, json.dumps(_written(shape, inside)).encode()


def _written(shape: Shape, value: Any) -> Any:
    """A part of an answer by the names that are sent; None stays (in maps, which may be sparse)."""
    if value is None or _is_document(shape):
        return value
    if isinstance(shape, StructureShape):
        return {
            _wire(name, shape.members[name]): _written(shape.members[name], part)
            for name, part in value.items()
            if part is not None
        }
    if isinstance(shape, ListShape):
        return [_written(shape.member, part) for part in value]
    if isinstance(shape, MapShape):
        return {key: _written(shape.value, part) for key, part in value.items()}
    if shape.type_name == "timestamp":
        return _moment(value, shape.serialization.get("timestampFormat", "unixTimestamp"))
    return value


def _moment(seconds: float, how: str) -> Any:
    if how == "unixTimestamp":
        return seconds
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat().replace("+00:00", "Z") if how == "iso8601" else _rfc822(moment)


def _rfc822(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _header_text(shape: Shape, value: Any) -> str:
    if shape.type_name == "timestamp":
        return str(_moment(value, shape.serialization.get("timestampFormat", "rfc822")))
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.serialization.get("jsonvalue"):
        return base64.b64encode(str(value).encode()).decode()
    return str(value)
