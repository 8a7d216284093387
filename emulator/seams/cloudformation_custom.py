"""Custom resources: ministack calls the function and takes the answer, our protocol judges it.

Seam: `custom_resource.invoke_custom_resource`, on top of its `register_token`, `_response_url` and
`_pending`. Runs on a worker thread; it waits for the response.
"""

import contextvars
import threading
import uuid
from collections.abc import Mapping
from typing import Any

from emulator.cloudformation import custom_resources as protocol
from emulator.cloudformation.registry import PartlyCreatedError, Provisioned, ResourceError


def attach() -> None:
    """Custom resources follow CloudFormation's protocol."""
    from ministack.services.cloudformation import custom_resource  # noqa: PLC0415 - 45 modules

    custom_resource.invoke_custom_resource = invoke


def invoke(  # noqa: PLR0913, PLR0917 - ministack's signature
    request_type: str,
    logical_id: str,
    props: dict[str, Any],
    stack_name: str,
    stack_id: str,
    resource_type: str,
    physical_id: str | None = None,
    old_props: dict[str, Any] | None = None,
) -> tuple[str, dict[str, Any]]:
    """The function has answered; what it made comes back, or the failure it reported is raised."""
    from ministack.services.cloudformation import custom_resource  # noqa: PLC0415 - 45 modules

    token = uuid.uuid4().hex
    request = protocol.CustomResourceRequest(
        request_type=protocol.RequestType(request_type),
        request_id=str(uuid.uuid4()),
        response_url=custom_resource._response_url(token),
        stack_id=stack_id,
        resource_type=resource_type,
        logical_id=logical_id,
        properties=props,
        physical_id=physical_id,
        old_properties=old_props,
    )
    try:
        made = _asked(request, token)
    except PartlyCreatedError as error:
        from emulator.seams import cloudformation  # noqa: PLC0415 - it imports this module

        cloudformation.remember_partly_created(
            stack_name, logical_id, resource_type, physical_id=error.physical_id, properties=props
        )
        raise
    return made.physical_id, dict(made.attributes)


def _asked(request: protocol.CustomResourceRequest, token: str) -> Provisioned:
    from ministack.services.cloudformation import custom_resource  # noqa: PLC0415 - 45 modules

    timeout_seconds = request.timeout_seconds
    function = _function_of(request.properties.get("ServiceToken"))
    answered = custom_resource.register_token(token)
    try:
        failures = _call(function, request.event(), answered)
        if not answered.wait(timeout_seconds):
            raise protocol.no_response(request)
        document = _delivered(token)
    finally:
        with custom_resource._lock:
            custom_resource._pending.pop(token, None)
    if failures and document is None:
        raise protocol.crashed(request, failures[0])
    response = protocol.CustomResourceResponse(document=document if document is not None else {})
    return protocol.provisioned(request, response)


def _call(function: dict[str, Any], event: dict[str, Any], done: threading.Event) -> list[str]:
    """The function is running on a thread; its failure is put in the list, and `done` set."""
    from ministack.services import lambda_svc  # noqa: PLC0415 - loaded when first used

    failures: list[str] = []

    def run() -> None:
        result = lambda_svc._execute_function_with_config_scope(function, event)
        if result.get("error"):
            failures.append(str(result.get("body")))
            done.set()

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), name="custom-resource", daemon=True).start()
    return failures


def _delivered(token: str) -> Mapping[str, Any] | None:
    from ministack.services.cloudformation import custom_resource  # noqa: PLC0415 - 45 modules

    with custom_resource._lock:
        entry = custom_resource._pending.get(token) or {}
    document = entry.get("result")
    return document if isinstance(document, dict) else None


def _function_of(service_token: Any) -> dict[str, Any]:
    """The function behind a service token, which must be in the stack's region.

    Raises:
        ResourceError: there is none.
    """
    from ministack.core.responses import get_region  # noqa: PLC0415 - with its siblings
    from ministack.services import lambda_svc  # noqa: PLC0415 - loaded when first used

    parts = str(service_token).split(":")
    if len(parts) > 3 and parts[2] == "lambda" and parts[3] != get_region():
        raise ResourceError(
            f"Invalid ServiceToken: {service_token} must be in the stack's region {get_region()}"
        )
    record, config, _ = lambda_svc._get_func_record_for_ref(service_token)
    if record is None or config is None:
        raise ResourceError(
            f"Invalid ServiceToken: no function {service_token!r}; "
            "it must exist before the custom resource does"
        )
    found: dict[str, Any] = lambda_svc._execution_record_for_config(record, config)
    return found
