"""Services of our own, served by the same front door as ministack's.

A `Service` says which requests are its own, what each of them needs permission for, and how it is
answered. The front door checks signature and policies before the handler sees the request; a
handler can therefore not be reached without permission. It runs on the event loop: anything that
blocks belongs in `asyncio.to_thread`.
"""

import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote

from ministack.core import iam_actions, iam_evaluator, responses, router, sigv4

from emulator.seams.asgi import Application, Receive, Scope, Send

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One authenticated request: header names in lower case, body as sent.

    `raw_path` is the path as it was sent, percent-encoded, where a part of it may hold a slash.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: bytes
    region: str
    account: str
    request_id: str
    raw_path: str = ""

    @property
    def operation(self) -> str:
        """The operation of a JSON-protocol request (`X-Amz-Target: SageMaker.X` -> `X`), or ""."""
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    def json(self) -> dict[str, Any]:
        """The body as an object; an absent body is an empty one; ValueError if it is none."""
        parsed = json.loads(self.body or b"{}")
        if not isinstance(parsed, dict):
            raise ValueError(f"a JSON object was expected, got {type(parsed).__name__}")  # noqa: TRY004 - one error for bad input
        return parsed


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What goes back; `Content-Length`, `Date` and the request id are added by the front door."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """One IAM question: may the caller do `action` on `resource`, given these condition keys."""

    action: str
    resource: str = "*"
    context: Mapping[str, Any] = field(default_factory=dict)


def _json_refusal(code: str, message: str, status: int) -> Response:
    return error_response(code, message, status=status)


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A service of ours.

    `signing_name` is the service in the request's credential scope (`sagemaker` for both
    `sagemaker` and `sagemaker-runtime`); `claims` tells, of those, which are this service's, by
    method, path as sent and headers.
    `permissions` lists everything the request needs (all of it), before the handler runs.
    `denied_status` is the HTTP status of AccessDeniedException: 400 in JSON 1.x, 403 in REST.
    `refuse` words a refusal (code, message, HTTP status) in the service's protocol.
    """

    name: str
    signing_name: str
    claims: Callable[[str, str, Mapping[str, str]], bool]
    permissions: Callable[[Request], Sequence[Permission]]
    handle: Callable[[Request], Awaitable[Response]]
    denied_status: int = 400
    refuse: Callable[[str, str, int], Response] = _json_refusal


_services: dict[str, list[Service]] = {}


def register_service(service: Service) -> None:
    """Requests that `service` claims are answered by it; ValueError if its name is taken."""
    known = _services.setdefault(service.signing_name, [])
    if any(other.name == service.name for other in known):
        raise ValueError(f"a service is already registered, got {service.name!r}: register it once")
    known.append(service)


def unregister_service(name: str) -> None:
    """No request reaches the service called `name` any more."""
    for known in _services.values():
        known[:] = [service for service in known if service.name != name]


def json_response(
    body: Mapping[str, Any], *, status: int = 200, content_type: str = "application/x-amz-json-1.1"
) -> Response:
    """A JSON answer."""
    headers = {"Content-Type": content_type}
    return Response(status=status, headers=headers, body=json.dumps(body).encode())


def error_response(code: str, message: str, *, status: int = 400) -> Response:
    """An error as AWS's JSON protocols send it, its code in body and header."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
    body = json.dumps({"__type": code, "message": message}).encode()
    return Response(status=status, headers=headers, body=body)


def front_door(application: Application) -> Application:
    """Requests for registered services are answered by them, all others by `application`."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        headers = _headers(scope)
        service = _claimed_by(scope, headers)
        if service is None:
            await application(scope, receive, send)
            return
        response = await _answer(service, scope, headers, await _body(receive))
        await _send(send, response)

    return serve


def _headers(scope: Scope) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        value = sigv4.decode_header_value(raw_value)
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _claimed_by(scope: Scope, headers: Mapping[str, str]) -> Service | None:
    _, found, credential = headers.get("authorization", "").partition("Credential=")
    parts = credential.split("/", 4) if found else []
    if len(parts) < 5:
        return None
    for service in _services.get(parts[3], ()):
        if service.claims(scope["method"], _raw_path(scope), headers):
            return service
    return None


def _raw_path(scope: Scope) -> str:
    """The path as it was sent."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    return raw.decode("latin-1")


async def _body(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _pinned(scope: Scope, headers: Mapping[str, str], body: bytes) -> Request:
    """The request, with ministack's per-request context (tenant, region, signature) set for it."""
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    access_key = router.extract_access_key_id(headers, query)
    tenant = iam_evaluator.find_iam_access_key_account(access_key) or access_key
    region = router.extract_region(headers, query)
    client = (scope.get("client") or ("127.0.0.1",))[0]
    responses.set_request_client_ip(client)
    responses.set_request_account_id(tenant)
    responses.set_request_region(region)
    raw_path = _raw_path(scope)
    iam_evaluator.pin_request_origin(client, True)
    iam_evaluator.pin_signed_request(scope["method"], raw_path, query, scope["headers"])
    iam_evaluator.pin_signed_body(body)
    return Request(
        method=scope["method"],
        path=scope["path"],
        headers=headers,
        query=query,
        body=body,
        region=region,
        account=responses.get_account_id(),
        request_id=str(uuid.uuid4()),
        raw_path=raw_path,
    )


def _refusal(service: Service, request: Request) -> Response | None:
    """What is answered instead, when the signature is bad or a permission is missing."""
    access_key = router.extract_access_key_id(request.headers, request.query)
    try:
        wanted = service.permissions(request)
    except ValueError as error:
        return service.refuse("SerializationException", str(error), 400)
    if not wanted:
        failure = iam_evaluator.check_credentials(access_key, service.signing_name)
        return _authentication_failure(service, request, failure) if failure else None
    for permission in wanted:
        denied = iam_evaluator.enforce(
            access_key,
            permission.action,
            service.signing_name,
            request.region,
            resource_arn=permission.resource,
            service_context=dict(permission.context),
        )
        if isinstance(denied, iam_evaluator.AuthError):
            return _authentication_failure(service, request, denied)
        if denied:
            message = iam_actions.identity_denial_message(
                permission.action,
                denied.principal_arn,
                permission.resource,
                denied.decision == "Deny",
            )
            return service.refuse("AccessDeniedException", message, service.denied_status)
    return None


def _authentication_failure(service: Service, request: Request, failure: Any) -> Response:
    status, headers, body = iam_actions.access_denied_response(
        service.signing_name,
        "",
        "",
        request.request_id,
        error_code=failure.code,
        message=failure.message,
        headers=request.headers,
    )
    return Response(status=status, headers=headers, body=body)


async def _answer(
    service: Service, scope: Scope, headers: Mapping[str, str], body: bytes
) -> tuple[Request, Response]:
    request = _pinned(scope, headers, body)
    refusal = _refusal(service, request)
    if refusal is not None:
        return request, refusal
    try:
        return request, await service.handle(request)
    except Exception:  # noqa: BLE001 - a client must get an answer
        _log.exception("%s failed on %s %s", service.name, request.method, request.path)
        message = "the embedded cloud failed, see its log"
        return request, service.refuse("InternalFailure", message, 500)


async def _send(send: Send, answer: tuple[Request, Response]) -> None:
    request, response = answer
    headers = [(k.lower().encode(), v.encode()) for k, v in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    headers.append((b"x-amzn-requestid", request.request_id.encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
