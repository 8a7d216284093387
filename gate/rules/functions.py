"""Lambda functions: their logs, their environment, their time, their code, and what calls them."""

from collections.abc import Iterator
from pathlib import Path as FilePath

from gate.finding import Fault, Severity
from gate.rule import Rule, each
from gate.template import Assembly, Resource, items, references, target, text_of

FUNCTION = "AWS::Lambda::Function"
MOST_ENVIRONMENT_BYTES = 4_096
MOST_CODE_BYTES = 250 * 1024 * 1024
MOST_API_SECONDS = 30
_RESERVED = frozenset(
    {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    | {"AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"}
    | {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_EXECUTION_ENV"}
    | {"AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "_HANDLER"}
    | {"LAMBDA_RUNTIME_DIR", "_X_AMZN_TRACE_ID", "AWS_XRAY_DAEMON_ADDRESS"}
)
_GUIDE = "Lambda developer guide"


@each(FUNCTION)
def _log(function: Resource) -> Iterator[Fault]:
    named = function.at("LoggingConfig", "LogGroup")
    if named is None and not any(_is_log_of(g, function) for g in _groups(function)):
        yield function.fault(
            ("LoggingConfig", "LogGroup"),
            "Lambda would make a log group that is kept for ever and outlives the stack",
            advice="add an AWS::Logs::LogGroup with a retention and name it here",
        )


def _groups(function: Resource) -> Iterator[Resource]:
    return function.template.of("AWS::Logs::LogGroup")


def _is_log_of(group: Resource, function: Resource) -> bool:
    name = text_of(group.at("LogGroupName")) or ""
    own = {f"${{{function.id}}}", text_of(function.at("FunctionName")) or "-"}
    return name.startswith("/aws/lambda/") and name.removeprefix("/aws/lambda/") in own


@each(FUNCTION)
def _environment(function: Resource) -> Iterator[Fault]:
    variables = function.at("Environment", "Variables")
    if not isinstance(variables, dict):
        return
    at = ("Environment", "Variables")
    for name in sorted(_RESERVED & set(variables)):
        yield function.fault((*at, name), "Lambda sets this variable itself", advice="drop it")
    size = sum(len(name) + len(text_of(value) or "") for name, value in variables.items())
    if size > MOST_ENVIRONMENT_BYTES:
        allowed = f"at most {MOST_ENVIRONMENT_BYTES} bytes"
        yield function.fault(at, "the environment is too large", got=size, allowed=allowed)


@each("AWS::Lambda::EventSourceMapping")
def _visibility(mapping: Resource) -> Iterator[Fault]:
    every = mapping.template.every
    queue = every.get(target(mapping.at("EventSourceArn")))
    function = next((every[i] for i in references(mapping.at("FunctionName")) if i in every), None)
    if queue is None or function is None or queue.kind != "AWS::SQS::Queue":
        return
    hidden = queue.at("VisibilityTimeout")
    seconds = 30 if hidden is None else hidden
    limit = function.at("Timeout")
    longest = 3 if limit is None else limit
    if isinstance(seconds, int) and isinstance(longest, int) and seconds < longest:
        yield queue.fault(
            ("VisibilityTimeout",),
            f"messages would come back while {function.id} still works on them",
            got=f"{seconds} s",
            allowed=f"at least its Timeout, {longest} s; six times that is advised",
        )


@each(FUNCTION)
def _waiting(function: Resource) -> Iterator[Fault]:
    limit = function.at("Timeout")
    for integration in function.template.of("AWS::ApiGatewayV2::Integration"):
        uri = set(references(integration.at("IntegrationUri")))
        if function.id in uri and isinstance(limit, int) and limit > MOST_API_SECONDS:
            yield function.fault(
                ("Timeout",),
                f"the API of {integration.id} gives up before this function does",
                got=f"{limit} s",
                allowed=f"at most {MOST_API_SECONDS} s behind an HTTP API",
            )


def _code(assembly: Assembly) -> Iterator[Fault]:
    for template in assembly.templates:
        for folder in assembly.folders:
            for function in template.of(FUNCTION):
                key = str(text_of(function.at("Code", "S3Key")) or "")
                asset = folder / f"asset.{key.removesuffix('.zip')}"
                size = _bytes(asset) if asset.is_dir() else 0
                if size > MOST_CODE_BYTES:
                    yield function.fault(
                        ("Code",),
                        "the code is too large to be unpacked",
                        got=f"{size / 2**20:.0f} MB",
                        allowed="250 MB with its layers",
                        advice="leave dependencies out, or ship a container image",
                    )


def _bytes(folder: FilePath) -> int:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files)


@each(FUNCTION)
def _inline(function: Resource) -> Iterator[Fault]:
    text = function.at("Code", "ZipFile")
    if isinstance(text, str) and len(text.encode()) > 4 * 2**20:
        got = len(text.encode())
        yield function.fault(
            ("Code", "ZipFile"), "inline code is too large", got=got, allowed="4 MB"
        )


@each("AWS::Lambda::Permission")
def _permission(permission: Resource) -> Iterator[Fault]:
    principal = text_of(permission.at("Principal")) or ""
    broad = principal.endswith(".amazonaws.com") and principal.split(".")[0] in {
        "s3",
        "events",
        "sns",
        "apigateway",
        "logs",
        "elasticloadbalancing",
        "cloudformation",
    }
    if broad and not items(permission.at("SourceArn")) and not permission.at("SourceAccount"):
        yield permission.fault(
            ("SourceArn",),
            f"any {principal} of any account may call the function",
            allowed="SourceArn or SourceAccount",
        )


RULES = (
    Rule(
        id="function-log",
        holds="a function has a log group that the stack knows",
        source=f"{_GUIDE}, Sending function logs to CloudWatch Logs",
        check=_log,
        severity=Severity.WARNING,
    ),
    Rule(
        id="function-environment",
        holds="a function's environment fits and sets nothing that is Lambda's",
        source=f"{_GUIDE}, Environment variables",
        check=_environment,
    ),
    Rule(
        id="queue-visibility",
        holds="a queue hides a message for as long as its function may work on it",
        source=f"{_GUIDE}, Using Lambda with Amazon SQS",
        check=_visibility,
    ),
    Rule(
        id="function-behind-api",
        holds="a function behind an API ends before the API gives up",
        source="API Gateway developer guide, HTTP API quotas: integration timeout",
        check=_waiting,
        severity=Severity.WARNING,
    ),
    Rule(
        id="function-code-size",
        holds="a function's code fits unpacked",
        source=f"{_GUIDE}, Lambda quotas: deployment package",
        check=_code,
    ),
    Rule(
        id="function-inline-code",
        holds="inline code fits",
        source="CloudFormation user guide, AWS::Lambda::Function Code",
        check=_inline,
    ),
    Rule(
        id="function-caller",
        holds="a service that may call a function is bound to a source",
        source=f"{_GUIDE}, Granting function access to AWS services",
        check=_permission,
        severity=Severity.WARNING,
    ),
)
