"""The routes of a project's services, as OpenAPI 3.1 describes routes."""

import re
from collections.abc import Mapping
from typing import Any

from tidegate.ai.callers import Callers, Content
from tidegate.ai.kind import Kind, Route
from tidegate.ai.schemas import schema
from tidegate.ai.typed import members

KEY_PATTERN = r"[A-Za-z0-9_-]{1,64}"
"""What an idempotency key looks like."""

_PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "correlation_id"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "correlation_id": {"type": "string"},
                "faults": {"type": "array", "items": {"type": "string"}},
                "retry_after_seconds": {"type": "integer"},
            },
        }
    },
}
_GATEWAY: Mapping[str, Any] = {
    "type": "object",
    "required": ["message"],
    "properties": {"message": {"type": "string"}},
}
"""How API Gateway itself refuses, before a service is asked."""
_REFUSALS: Mapping[int, str] = {
    400: "The request does not say what it must: all faults are named",
    403: "The request has no signature, or no token, that may call this",
    404: "What is asked for is not there",
    409: "A request with this idempotency key is under way",
    413: "The body is larger than the door takes",
    422: "The service cannot do this, or the idempotency key was used for another request",
    429: "The caller has had its requests of this minute",
    502: "AWS's service failed or refused",
    503: "AWS's service has too many requests",
}


def openapi(title: str, services: Mapping[str, Kind]) -> Mapping[str, Any]:
    """The document that describes the routes of these services, by their names in the project."""
    paths: dict[str, dict[str, Any]] = {}
    for name, kind in services.items():
        for route in kind.routes:
            path = paths.setdefault(f"/ai/{name}/{route.below}", {})
            path[route.method.lower()] = _operation(name, kind, route)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM, "Gateway": _GATEWAY},
            "securitySchemes": {
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "AWS Signature Version 4, or a bearer token (front_door)",
                },
                "person": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token of a person who signed in to the service",
                },
            },
        },
        "security": [{"signature": []}],
    }


def _operation(service: str, kind: Kind, route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": f"{service}-{route.name}",
        "summary": route.says,
        "tags": [f"{service} ({kind.title})"],
        "responses": {
            str(route.status): {
                "description": "Done",
                "content": _given(route),
            },
            **{str(status): _refusal(status, said) for status, said in _REFUSALS.items()},
        },
    }
    if route.callers is Callers.PEOPLE:
        found["responses"] |= {
            "401": _refusal(401, "The request has no token of a person"),
            "403": _refusal(403, "Who signed in may not do this any more", shape="Problem"),
        }
    if route.callers is not Callers.APPLICATIONS:
        found["security"] = [{"person": []}] if route.callers is Callers.PEOPLE else []
    if route.method == "POST":
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema(route.takes)}},
        }
        found["parameters"] = [_KEY]
    else:
        found["parameters"] = [*_path_parameters(route), *_query_parameters(route)]
    return found


def _given(route: Route) -> Mapping[str, Any]:
    if route.gives is Content:
        return {"text/*": {"schema": {"type": "string"}}}
    return {"application/json": {"schema": schema(route.gives)}}


_OF_GATEWAY = frozenset({401, 403, 413})
"""Statuses of API Gateway alone."""
_KEY: Mapping[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The caller's own name of the request: repeated, it has the same answer a day",
    "schema": {"type": "string", "pattern": f"^{KEY_PATTERN}$"},
}


def _refusal(status: int, said: str, *, shape: str | None = None) -> Mapping[str, Any]:
    usual = "Gateway" if status in _OF_GATEWAY else "Problem"
    name = usual if shape is None else shape
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"description": said, "content": content}


def _in_path(route: Route) -> list[str]:
    return re.findall(r"\{(\w+)\}", route.below)


def _path_parameters(route: Route) -> list[Mapping[str, Any]]:
    said = schema(route.takes)["properties"]
    return [
        {"name": name, "in": "path", "required": True, "schema": said[name]}
        for name in _in_path(route)
    ]


def _query_parameters(route: Route) -> list[Mapping[str, Any]]:
    said = schema(route.takes)["properties"]
    inside = set(_in_path(route))
    return [
        {
            "name": member.name,
            "in": "query",
            "required": member.required,
            "schema": said[member.name],
        }
        for member in members(route.takes)
        if member.name not in inside
    ]
