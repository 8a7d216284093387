"""InvokeEndpoint's errors, coded and worded as AWS's.

Sentences were taken from public reports of real calls; those that none was found for are marked
"own wording". Codes and members are those of the service model.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.serving.interface import InvokeResponse
from emulator.sagemaker.serving.logs import log_group

MAX_QUOTED_BYTES = 4096
"""Own limit: a longer error body of a container is not quoted, as AWS does not beyond some size."""
INVOKED_VARIANT_HEADER = "x-Amzn-Invoked-Production-Variant"


@dataclass(frozen=True, kw_only=True, slots=True)
class Where:
    """The endpoint an error is about."""

    tenant: Tenant
    endpoint: str

    @property
    def account(self) -> str:
        """Whose it is."""
        return self.tenant.account

    @property
    def region(self) -> str:
        """Where it is."""
        return self.tenant.region


def not_found(where: Where) -> InvokeResponse:
    """No such endpoint, or one that does not serve yet or any more."""
    return validation_error(f"Endpoint {where.endpoint} of account {where.account} not found.")


def unknown_variant(where: Where, variant: str) -> InvokeResponse:
    """TargetVariant names none of the endpoint's variants (own wording)."""
    return validation_error(
        f"Variant {variant} of endpoint {where.endpoint} of account {where.account} not found."
    )


def no_weight(where: Where) -> InvokeResponse:
    """Every variant has weight 0 and the request names none (own wording; AWS's is not known)."""
    return validation_error(
        f"Endpoint {where.endpoint} of account {where.account} has no production variant with a "
        "weight greater than 0."
    )


def too_large(limit_bytes: int) -> InvokeResponse:
    """AWS refuses the body by its length alone: 413, and no error code but that."""
    message = f"HTTP content length exceeded {limit_bytes} bytes."
    return InvokeResponse(status=413, headers=_JSON, body=json.dumps({"message": message}).encode())


def throttled(where: Where) -> InvokeResponse:
    """A serverless variant has as many requests as it may (429; own wording)."""
    message = (
        f"Endpoint {where.endpoint} of account {where.account} has as many requests under way as "
        "its MaxConcurrency allows."
    )
    headers = {**_JSON, "x-amzn-ErrorType": "ThrottlingException"}
    body = json.dumps({"Message": message, "message": message}).encode()
    return InvokeResponse(status=429, headers=headers, body=body)


def not_multi_model(where: Where) -> InvokeResponse:
    """TargetModel was sent to an endpoint of ordinary models."""
    return validation_error(
        f"Endpoint {where.endpoint} is not a multi-model endpoint and does not support target "
        "model header."
    )


def no_target_model(request_id: str) -> InvokeResponse:
    """A multi-model endpoint was not told which model is meant (from public reports)."""
    return validation_error(f"Request {request_id} is missing a target model header.")


def target_missing(*, bucket: str, key: str) -> InvokeResponse:
    """TargetModel is no object under the prefix, or the role may not read it (public reports)."""
    return validation_error(
        f"Failed to download model data(bucket: {bucket}, key: {key}). Please ensure that there is "
        "an object located at the URL and that the role passed to CreateModel has permissions to "
        "download the model."
    )


def too_long(member: str, value: str, limit: int) -> InvokeResponse:
    """A header is longer than the service model allows."""
    return validation_error(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: Member must have length less than or equal to {limit}"
    )


def not_ascii(member: str, value: str) -> InvokeResponse:
    """A header has characters that the service model does not allow."""
    return validation_error(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        "constraint: Member must satisfy regular expression pattern: \\p{ASCII}*"
    )


def not_emulated(headers: Sequence[str]) -> InvokeResponse:
    """The request asks for what the embedded cloud can't do; better refused than ignored."""
    return validation_error(
        f"the embedded cloud does not emulate {', '.join(headers)} of InvokeEndpoint: leave it out"
    )


def timed_out(where: Where, variant: str) -> InvokeResponse:
    """The container took longer than SageMaker waits."""
    return _model_error(
        where,
        variant=variant,
        status=0,
        quoted="Your invocation timed out while waiting for a response from container primary. "
        "Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, "
        "and try again.",
    )


def no_response(where: Where, variant: str) -> InvokeResponse:
    """The container's process is dead, or died while it worked on the request."""
    return _model_error(
        where,
        variant=variant,
        status=0,
        quoted=f"Amazon SageMaker could not get a response from the {where.endpoint} endpoint. "
        "This can occur when CPU or memory utilization is high. To check your utilization, see "
        "Amazon CloudWatch. To fix this problem, use an instance type with more CPU capacity or "
        "memory.",
    )


def container_error(
    where: Where, variant: str, *, status: int, body: bytes | None
) -> InvokeResponse:
    """The container answered with an error; `body` is None if it could not be read whole."""
    quoted = None
    if body is not None and len(body) <= MAX_QUOTED_BYTES:
        quoted = body.decode("utf-8", errors="replace")
    return _model_error(where, variant=variant, status=status, quoted=quoted)


def validation_error(message: str) -> InvokeResponse:
    """The request itself is wrong."""
    headers = {**_JSON, "x-amzn-ErrorType": "ValidationError"}
    body = json.dumps({"Message": message, "message": message}).encode()
    return InvokeResponse(status=400, headers=headers, body=body)


def _model_error(where: Where, *, variant: str, status: int, quoted: str | None) -> InvokeResponse:
    side = "client" if 400 <= status < 500 else "server"
    received = f"Received {side} error ({status}) from primary"
    said = (
        f'{received} with message "{quoted}".'
        if quoted is not None
        else f"{received} and could not load the entire response body."
    )
    group = log_group(where.endpoint)
    console = (
        f"https://{where.region}.console.aws.amazon.com/cloudwatch/home?region={where.region}"
        f"#logEventViewer:group={group}"
    )
    document = {
        "ErrorCode": "CLIENT_ERROR_FROM_MODEL" if side == "client" else "SERVER_ERROR_FROM_MODEL",
        "LogStreamArn": f"arn:aws:logs:{where.region}:{where.account}:log-group:{group}",
        "Message": f"{said} See {console} in account {where.account} for more information.",
        "OriginalMessage": "" if quoted is None else quoted,
        "OriginalStatusCode": status,
    }
    # That AWS names the variant with an error too is assumed: its model lists the header for
    # answers only, but without it nobody can tell which variant failed.
    headers = {**_JSON, "x-amzn-ErrorType": "ModelError", INVOKED_VARIANT_HEADER: variant}
    return InvokeResponse(status=424, headers=headers, body=json.dumps(document).encode())


_JSON = {"Content-Type": "application/json"}
