"""Secrets Manager of ministack: RotateSecret, which it only records, runs the rotation function."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from ministack.core import responses

from emulator.seams.permissions import Source, invoked_for
from emulator.secretrotation import Rotation

JsonObject = dict[str, Any]


def install() -> None:
    """RotateSecret is answered here."""
    from ministack.services import secretsmanager  # noqa: PLC0415 - loaded when first used

    secretsmanager._rotate_secret = _rotate_secret


def configure(secret_id: str, function: str | None, rules: Mapping[str, Any] | None) -> str:
    """The secret's rotation is this one, none without a function; LookupError without the secret.

    Returns its ARN.
    """
    secret = _secret(secret_id)
    secret["RotationLambdaARN"] = function
    secret["RotationRules"] = None if rules is None else dict(rules)
    secret["RotationEnabled"] = function is not None
    return str(secret["ARN"])


def rotate(secret_id: str, version: str | None = None) -> str:
    """A rotation of the secret has begun; the id of the version that it makes."""
    secret = _secret(secret_id)
    token = str(uuid.uuid4()) if version is None else version
    tenant = responses.get_account_id(), responses.get_region()
    arn, function = str(secret["ARN"]), str(secret["RotationLambdaARN"])

    def invoke(event: Mapping[str, str]) -> str | None:
        return _invoke(tenant, function, arn, event)

    Rotation(secret_arn=arn, version=token, invoke=invoke).start()
    return token


def _secret(secret_id: str) -> JsonObject:
    from ministack.services import secretsmanager  # noqa: PLC0415 - loaded when first used

    _, secret = secretsmanager._resolve(secret_id)
    if not secret or secret.get("DeletedDate"):
        raise LookupError(f"Secrets Manager can't find the specified secret, got {secret_id}")
    found: JsonObject = secret
    return found


def _rotate_secret(data: JsonObject) -> Any:
    try:
        secret = _secret(str(data.get("SecretId")))
    except LookupError:
        return _error(
            "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
        )
    function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if not function:
        return _error(
            "InvalidRequestException",
            "You tried to rotate a secret that has no rotation function: set RotationLambdaARN.",
        )
    configure(secret["ARN"], function, data.get("RotationRules") or secret.get("RotationRules"))
    if data.get("RotateImmediately", True) is False:
        return responses.json_response({"ARN": secret["ARN"], "Name": secret["Name"]})
    version = rotate(secret["ARN"], data.get("ClientRequestToken"))
    body = {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": version}
    return responses.json_response(body)


def _error(code: str, message: str) -> Any:
    return responses.error_response_json(code, message, 400)


def _invoke(
    tenant: tuple[str, str], function_arn: str, secret_arn: str, event: Mapping[str, str]
) -> str | None:
    """The function ran on a step; what went wrong, or None."""
    from ministack.services import lambda_svc  # noqa: PLC0415 - loaded when first used

    account, region = tenant
    name = function_arn.rpartition(":function:")[2].partition(":")[0]
    with responses.request_scope(account, region):
        record = lambda_svc._functions.get(name)
        if record is None:
            return f"no function has the ARN {function_arn}"
        source = Source(service="secretsmanager.amazonaws.com", arn=secret_arn, account=account)
        invoked_for.set(source)
        result = lambda_svc._execute_function_with_config_scope(record, dict(event))
    return json.dumps(result.get("body")) if result.get("error") else None
