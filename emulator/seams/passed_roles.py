"""`iam:PassRole`: whoever hands a role to a service must be allowed to.

ministack authorizes the action of a request, and asks nothing about the roles in it. Its own
services call one another beneath this layer; what a stack passes is asked in
`cloudformation_roles`.

Seams: `app.SERVICE_HANDLERS`; `iam_actions.extract_iam_action` and `access_denied_response`.
"""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_actions, iam_evaluator, responses, router

from emulator.passed_roles import PASSED, SERVICES, passed

Handler = Callable[..., Awaitable[Any]]


def attach() -> None:
    """Requests that pass a role are refused without `iam:PassRole` on it."""
    for service in sorted(app.SERVICE_HANDLERS):
        if iam_actions.SERVICE_TO_IAM_NAMESPACE.get(service) in SERVICES:
            app.SERVICE_HANDLERS[service] = _asking(service, app.SERVICE_HANDLERS[service])


def _asking(service: str, original: Handler) -> Handler:
    async def answer(  # noqa: PLR0917 - ministack's signature
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
    ) -> Any:
        action = iam_actions.extract_iam_action(service, method, path, headers, body, query)
        document = _document(headers, body) if action in PASSED else {}
        for role, principal in passed(action or "", document):
            key = router.extract_access_key_id(headers, query)
            denied = iam_evaluator.enforce(
                key,
                "iam:PassRole",
                "iam",
                responses.get_region(),
                resource_arn=role,
                service_context={"iam:PassedToService": principal},
            )
            if denied is not None:
                return _refusal(service, role, headers, denied)
        return await original(method, path, headers, body, query)

    return answer


def _document(headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """The request's members, from JSON or a form; none of a body that is neither."""
    if "x-www-form-urlencoded" in headers.get("content-type", ""):
        form = parse_qs(body.decode("utf-8", errors="replace"))
        return {name: values[0] for name, values in form.items()}
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _refusal(service: str, role: str, headers: Mapping[str, str], denied: Any) -> Any:
    request = str(uuid.uuid4())
    if isinstance(denied, iam_evaluator.AuthError):
        return iam_actions.access_denied_response(
            service,
            "iam:PassRole",
            "",
            request,
            error_code=denied.code,
            message=denied.message,
            headers=dict(headers),
        )
    return iam_actions.access_denied_response(
        service,
        "iam:PassRole",
        denied.principal_arn,
        request,
        headers=dict(headers),
        resource_arn=role,
        explicit_deny=denied.decision == "Deny",
    )
