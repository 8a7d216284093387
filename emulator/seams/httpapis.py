"""The data plane of API Gateway: HTTP APIs refuse as AWS's, functions must permit them."""

import json
from typing import Any

from ministack.core import responses
from ministack.core.arn import execute_api_arn

from emulator.seams.permissions import Source, invoked_for

_FORBIDDEN = (403, {"Content-Type": "application/json"}, json.dumps({"message": "Forbidden"}))


def install() -> None:
    """A refused call says `Forbidden`, a failed function says nothing of why."""
    from ministack import app  # noqa: PLC0415 - reads the environment when imported
    from ministack.services import apigateway  # noqa: PLC0415 - loaded when first used

    built_in = app._enforce_execute_api

    def enforce(api_id: str, stage: str, method: str, path: str, *rest: Any, **options: Any) -> Any:
        refused = built_in(api_id, stage, method, path, *rest, **options)
        is_http_api = apigateway.find_api_scope(api_id) is not None
        if refused is not None:
            status, headers, body = _FORBIDDEN
            return (status, dict(headers), body.encode()) if is_http_api else refused
        account, region = responses.get_account_id(), responses.get_region()
        arn = execute_api_arn(region, account, api_id, stage, method, path)
        invoked_for.set(Source(service="apigateway.amazonaws.com", arn=arn, account=account))
        return None

    app._enforce_execute_api = enforce
    _hide_failures()


def _hide_failures() -> None:
    """What a function raised is in its log, not in the API's answer."""
    from ministack.services import lambda_svc  # noqa: PLC0415 - loaded when first used

    built_in = lambda_svc.lambda_execute_result_to_api_proxy_response

    def proxied(result: dict[str, Any]) -> Any:
        if result.get("error") and not result.get("throttle"):
            body = json.dumps({"message": "Internal Server Error"})
            return {"statusCode": 500, "body": body}, None
        return built_in(result)

    lambda_svc.lambda_execute_result_to_api_proxy_response = proxied
