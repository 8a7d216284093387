"""Runs the tasks of state machines as calls through the front door, under the machine's own role.

Each task becomes a signed request of a session of the role, so that an action missing from the
role fails the task as on AWS. Error names follow Step Functions' two schemes: optimized
integrations use SDK v1 names (`Lambda.AWSLambdaException`), `aws-sdk` ones SDK v2 names
(`SageMaker.SageMakerException`); an error that the service's model names keeps that name.
It knows nothing of ministack.
"""

import functools
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

from emulator.runtime import Credentials, Runtime

Json = Any
SessionForRole = Callable[[str, str], "boto3.Session"]

SESSION_NAME = "states"
POLL_SECONDS = 0.05
# A task does its work in wall time: scaled timeouts shorter than this would fail honest work.
SHORTEST_TIMEOUT_SECONDS = 10.0

# The prefix of optimized integrations' errors, and their name for errors no model names.
_OPTIMIZED_ERRORS = {
    "dynamodb": ("DynamoDB", "AmazonDynamoDBException"),
    "events": ("Events", "AmazonEventBridgeException"),
    "lambda": ("Lambda", "AWSLambdaException"),
    "sagemaker": ("SageMaker", "AmazonSageMakerException"),
    "sns": ("SNS", "AmazonSNSException"),
    "sqs": ("SQS", "AmazonSQSException"),
    "states": ("StepFunctions", "AWSStepFunctionsException"),
    "codebuild": ("CodeBuild", "AWSCodeBuildException"),
}
# Names that Step Functions takes from the Java SDK and botocore does not have.
_SDK_SERVICES = {"sfn": "stepfunctions", "cloudwatchlogs": "logs", "eventbridge": "events"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """How a `.sync` integration waits: describe it until its status is final."""

    describe: str
    key: str
    key_in: str
    status: tuple[str, ...]
    done: str
    failed: tuple[str, ...]


def _sagemaker_job(kind: str) -> Job:
    return Job(
        describe=f"Describe{kind}Job",
        key=f"{kind}JobName",
        key_in="request",
        status=(f"{kind}JobStatus",),
        done="Completed",
        failed=("Failed", "Stopped"),
    )


_JOBS = {
    ("sagemaker", "CreateTrainingJob"): _sagemaker_job("Training"),
    ("sagemaker", "CreateTransformJob"): _sagemaker_job("Transform"),
    ("sagemaker", "CreateProcessingJob"): _sagemaker_job("Processing"),
}


class TaskError(Exception):
    """A task failed; `error` is the name that Retry and Catch compare."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class UnsupportedTaskError(Exception):
    """The resource of a task names nothing that exists here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who does a task: the machine's role, or the role that the task takes with it."""

    role: str
    task_role: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """The parts of a task's `Resource`."""

    service: str
    operation: str
    wait: str
    is_sdk: bool

    @classmethod
    def parse(cls, resource: str) -> "Resource":
        """`arn:aws:states:::[aws-sdk:]service:operation[.sync[:2]|.waitForTaskToken]`."""
        parts = resource.removeprefix("arn:aws:states:::").split(":", 1)
        is_sdk = parts[0] == "aws-sdk"
        rest = parts[1] if is_sdk else resource.removeprefix("arn:aws:states:::")
        service, _, operation = rest.partition(":")
        operation, _, wait = operation.partition(".")
        if not service or not operation:
            raise UnsupportedTaskError(f"the resource names no operation, got {resource!r}")
        name = operation[0].upper() + operation[1:]
        return cls(service=service.lower(), operation=name, wait=wait, is_sdk=is_sdk)


class TaskRunner:
    """Calls services for state machines; clients are kept by role and service."""

    def __init__(self, session_for_role: SessionForRole, *, names: "Names") -> None:
        self._session_for_role = session_for_role
        self._names = names
        self._clients: dict[tuple[Actor, str], Any] = {}
        self._lock = threading.Lock()

    def run(self, who: Actor, resource: str, parameters: Json) -> Json:
        """The task's result, in Step Functions' form; TaskError names what went wrong."""
        if ":function:" in resource:
            return self._invoke_function(who, resource, parameters)
        parsed = Resource.parse(resource)
        if not parsed.is_sdk and parsed.service == "lambda":
            return self._optimized_lambda(who, parameters)
        if not parsed.is_sdk and parsed.service == "states":
            return self._start_execution(who, parsed, parameters)
        result = self._call(who, parsed, parameters)
        if parsed.wait.startswith("sync"):
            return self._waited(who, parsed, parameters)
        return result

    def _client(self, who: Actor, service: str) -> Any:
        known = self._clients.get((who, service))
        if known is not None:
            return known
        session = self._session(who)
        from botocore.config import Config  # noqa: PLC0415 - the server starts without it

        config = Config(
            retries={"total_max_attempts": 1},
            max_pool_connections=64,
            read_timeout=960,
            parameter_validation=True,
        )
        with self._lock:
            client = session.client(_botocore_name(service), config=config)  # type: ignore[call-overload]
            # A session that STS gave ends after an hour; one of a service does not.
            if who.task_role is None:
                self._clients[who, service] = client
        return client

    def _session(self, who: Actor) -> "boto3.Session":
        own = self._session_for_role(who.role, SESSION_NAME)
        return own if who.task_role is None else _taken(own, who)

    def _call(self, who: Actor, resource: Resource, parameters: Json) -> Json:
        client = self._client(who, resource.service)
        model = client.meta.service_model
        if resource.operation not in model.operation_names:
            raise UnsupportedTaskError(f"{resource.service} has no {resource.operation}")
        operation = model.operation_model(resource.operation)
        arguments = self._arguments(operation.input_shape, parameters)
        answer = self._request(client, resource, arguments)
        answer.pop("ResponseMetadata", None)
        plain = _plain(answer)
        if resource.is_sdk and operation.output_shape is not None:
            return self._names.result(plain, operation.output_shape)
        return plain

    def _arguments(self, shape: Any, parameters: Json) -> dict[str, Any]:
        """The parameters by wire name; a member that the operation lacks is an error, as on AWS."""
        if shape is None or not parameters:
            return {}
        if not isinstance(parameters, dict):
            raise TaskError("States.Runtime", f"parameters must be an object, got {parameters!r}")
        arguments: dict[str, Any] = self._names.parameters(parameters, shape)
        unknown = sorted(set(arguments) - set(shape.members))
        if unknown:
            raise TaskError(
                "States.Runtime",
                f"The field {unknown[0]!r} is not supported by Step Functions: "
                f"{shape.name} has {', '.join(shape.members)}",
            )
        return {name: _as_text(value, shape.members[name]) for name, value in arguments.items()}

    def _request(self, client: Any, resource: Resource, arguments: Mapping[str, Any]) -> Any:
        from botocore.exceptions import (  # noqa: PLC0415 - the server starts without it
            BotoCoreError,
            ClientError,
            ParamValidationError,
        )

        try:
            return getattr(client, _method_name(resource.operation))(**arguments)
        except ClientError as error:
            raise _task_error(client, resource, error.response) from error
        except ParamValidationError as error:
            raise TaskError("States.Runtime", str(error)) from error
        except BotoCoreError as error:
            prefix = _error_prefix(client, resource)
            raise TaskError(f"{prefix}.SdkClientException", str(error)) from error

    def _invoke_function(self, who: Actor, function: str, payload: Json) -> Json:
        resource = Resource(service="lambda", operation="Invoke", wait="", is_sdk=False)
        arguments = {"FunctionName": function, "Payload": json.dumps(payload)}
        answer = self._request(self._client(who, "lambda"), resource, arguments)
        content = answer["Payload"].read()
        if "FunctionError" in answer:
            failure = json.loads(content)
            raise TaskError(failure.get("errorType", "Lambda.Unknown"), json.dumps(failure))
        return json.loads(content or b"null")

    def _optimized_lambda(self, who: Actor, parameters: Json) -> Json:
        function = parameters.get("FunctionName", "")
        payload = parameters.get("Payload", {})
        if parameters.get("Qualifier"):
            function = f"{function}:{parameters['Qualifier']}"
        result = self._invoke_function(who, function, payload)
        return {"ExecutedVersion": "$LATEST", "Payload": result, "StatusCode": 200}

    def _start_execution(self, who: Actor, resource: Resource, parameters: Json) -> Json:
        """Nested executions: `.sync` gives the output as text, `.sync:2` as JSON."""
        wanted = {name[0].lower() + name[1:]: value for name, value in parameters.items()}
        if not isinstance(wanted.get("input", ""), str):
            wanted["input"] = json.dumps(wanted["input"])
        client = self._client(who, "stepfunctions")
        allowed = {"stateMachineArn", "input", "name", "traceHeader"}
        arguments = {name: value for name, value in wanted.items() if name in allowed}
        started = _plain(self._request(client, resource, arguments))
        if not resource.wait.startswith("sync"):
            return {"ExecutionArn": started["executionArn"], "StartDate": started["startDate"]}
        ended = self._ended(client, resource, started["executionArn"])
        result = {name[0].upper() + name[1:]: value for name, value in ended.items()}
        if result["Status"] != "SUCCEEDED":
            raise TaskError("States.TaskFailed", json.dumps(result))
        if resource.wait == "sync:2":
            result["Output"] = json.loads(result["Output"])
        return result

    def _ended(self, client: Any, resource: Resource, execution_arn: str) -> dict[str, Any]:
        describe = Resource(
            service=resource.service, operation="DescribeExecution", wait="", is_sdk=False
        )
        while True:
            answer = self._request(client, describe, {"executionArn": execution_arn})
            if answer["status"] != "RUNNING":
                answer.pop("ResponseMetadata", None)
                ended: dict[str, Any] = _plain(answer)
                return ended
            time.sleep(POLL_SECONDS)

    def _waited(self, who: Actor, resource: Resource, parameters: Mapping[str, Any]) -> Json:
        job = _JOBS.get((resource.service, resource.operation))
        if job is None:
            raise UnsupportedTaskError(
                f"{resource.service}:{resource.operation} cannot be waited for here, "
                f"got .{resource.wait}: the ones that can are "
                + ", ".join(f"{service}:{operation}" for service, operation in _JOBS)
            )
        describe = Resource(service=resource.service, operation=job.describe, wait="", is_sdk=False)
        while True:
            answer = self._call(who, describe, {job.key: parameters[job.key]})
            status = answer[job.status[0]]
            if status == job.done:
                return answer
            if status in job.failed:
                raise TaskError("States.TaskFailed", json.dumps(answer))
            time.sleep(POLL_SECONDS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """Translates member names between Step Functions' form and the wire's, by botocore shape."""

    parameters: Callable[[Json, Any], Any]
    result: Callable[[Json, Any], Json]


def _taken(own: "boto3.Session", who: Actor) -> "boto3.Session":
    """A session of the task's role, taken by the machine's: its rights and the trust are asked."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - the server starts without it

    client = own.client("sts")
    try:
        answer = client.assume_role(RoleArn=str(who.task_role), RoleSessionName=SESSION_NAME)
    except ClientError as error:
        cause = f"The role {who.role} is not authorized to assume the task state's role, "
        raise TaskError("States.TaskFailed", f"{cause}{who.task_role}") from error
    return Credentials.of_sts(answer["Credentials"]).session(
        endpoint_url=str(client.meta.endpoint_url), region=str(own.region_name)
    )


@functools.cache
def _botocore_name(service: str) -> str:
    import botocore.session  # noqa: PLC0415 - the server starts without it

    if service == "states":
        return "stepfunctions"
    wanted = _SDK_SERVICES.get(service, service)
    for name in botocore.session.Session().get_available_services():
        if name.replace("-", "") == wanted.replace("-", ""):
            return str(name)
    raise UnsupportedTaskError(f"no AWS service has that name, got {service!r}")


def _method_name(operation: str) -> str:
    from botocore import xform_name  # noqa: PLC0415 - the server starts without it

    return str(xform_name(operation))


def _plain(value: Any) -> Json:
    """The answer as JSON: dates as text with milliseconds, streams and bytes as text."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return _plain(value.read()) if hasattr(value, "read") else value


def _as_text(value: Any, shape: Any) -> Any:
    """An object given where the service takes text or bytes is sent as JSON text, as on AWS."""
    if shape.type_name in ("string", "blob") and isinstance(value, dict | list):
        return json.dumps(value)
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            name: _as_text(item, shape.members[name]) if name in shape.members else item
            for name, item in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_as_text(item, shape.member) for item in value]
    return value


def sdk_prefix(service_id: str) -> str:
    """The Java SDK's class prefix of a service: `DynamoDB` -> `DynamoDb`, `SFN` -> `Sfn`."""
    words = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z0-9]+", service_id)
    return "".join(word[0].upper() + word[1:].lower() for word in words)


def _error_prefix(client: Any, resource: Resource) -> str:
    if not resource.is_sdk and resource.service in _OPTIMIZED_ERRORS:
        return _OPTIMIZED_ERRORS[resource.service][0]
    return sdk_prefix(str(client.meta.service_model.service_id))


def _task_error(client: Any, resource: Resource, response: Mapping[str, Any]) -> TaskError:
    """The error's name and AWS's sentence with status and request id after it."""
    prefix = _error_prefix(client, resource)
    code = str(response["Error"].get("Code", ""))
    metadata = response.get("ResponseMetadata", {})
    cause = (
        f"{response['Error'].get('Message', '')} "
        f"(Service: {client.meta.service_model.service_id}, "
        f"Status Code: {metadata.get('HTTPStatusCode')}, Request ID: {metadata.get('RequestId')})"
    )
    if code in client.exceptions._code_to_exception:  # noqa: SLF001 - the public accessor needs the shape's name
        name = code if code.endswith("Exception") else f"{code}Exception"
    elif resource.is_sdk:
        name = f"{prefix}Exception"
    else:
        name = _OPTIMIZED_ERRORS.get(resource.service, (prefix, f"{prefix}Exception"))[1]
    return TaskError(f"{prefix}.{name}", cause)


def install(runtime: Runtime) -> None:
    """State machines run their tasks under their own role, on the cloud's clock.

    EventBridge starts them with the role of its target.
    """
    from emulator.seams import eventbridge  # noqa: PLC0415 - imports ministack
    from emulator.seams import statemachines as seam  # noqa: PLC0415 - as above

    seam.install(runtime)
    eventbridge.attach()
