"""Python functions of ministack run in our executor; their lines go to CloudWatch Logs.

Other runtimes (Node.js custom resources of the CDK) keep ministack's own workers.
"""

import base64
import hashlib
import json
import shutil
import threading
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from ministack.services import cloudwatch, lambda_svc

from emulator.invocations import Call, Environment, Outcome
from emulator.lambdas import Executor
from emulator.runtime import Runtime
from emulator.seams import logs
from emulator.seams.permissions import invoked_for, may_invoke
from emulator.seams.trust import trusts_service

JsonObject = dict[str, Any]


def install(runtime: Runtime, executor: Executor) -> None:
    """Every way of invoking a Python function ends in `executor`."""
    functions = _Functions(runtime, executor)
    built_in = lambda_svc._execute_function_dispatch

    def dispatch(
        record: JsonObject, config: JsonObject, event: Any, request_id: str, *started: float
    ) -> JsonObject:
        if config.get("PackageType") == "Image" or not _is_python(config):
            result: JsonObject = built_in(record, config, event, request_id, *started)
            return result
        return functions.invoke(record, config, event, request_id)

    lambda_svc._execute_function_dispatch = dispatch
    lambda_svc._emit_lambda_metrics = _others_metrics(lambda_svc._emit_lambda_metrics)
    _warm_up_on_creation(executor)
    lambda_svc._sweep_extract_cache = _ending_workers(lambda_svc._sweep_extract_cache, executor)


def _ending_workers(built_in: Callable[[], None], executor: Executor) -> Callable[[], None]:
    """Whatever deletes functions, by the API or with a stack, sweeps up after them: workers too."""

    def sweep() -> None:
        built_in()
        records = list(lambda_svc._functions._data.values())
        executor.keep({_unqualified(record["config"]["FunctionArn"]) for record in records})

    return sweep


def _unqualified(function_arn: str) -> str:
    return ":".join(function_arn.split(":")[:7])


def _others_metrics(built_in: Callable[..., None]) -> Callable[..., None]:
    """Metrics of Python functions are counted where they run, by whatever way they were invoked.

    What is throttled never runs: it is counted here, once, where no time has passed.
    """

    def emit(function_name: str, duration_ms: float, error: bool, throttle: bool) -> None:  # noqa: FBT001 - ministack's
        function = lambda_svc._functions.get(function_name)
        if function is None or not _is_python(function["config"]):
            built_in(function_name, duration_ms=duration_ms, error=error, throttle=throttle)
        elif throttle and duration_ms == 0:
            named = {"FunctionName": function_name}
            cloudwatch.record_metric("AWS/Lambda", "Throttles", 1, "Count", named)

    return emit


def _is_python(config: Mapping[str, Any]) -> bool:
    return str(config.get("Runtime", "")).startswith("python")


def _warm_up_on_creation(executor: Executor) -> None:
    """The zygote starts when the first function is made, in the background."""
    schedule = lambda_svc._schedule_state_transition

    def schedule_and_warm_up(name: str, delay: float) -> None:
        threading.Thread(target=executor.zygote.warm_up, daemon=True).start()
        schedule(name, delay)

    lambda_svc._schedule_state_transition = schedule_and_warm_up


class _Functions:
    """Turns ministack's function records into environments, and outcomes into its results."""

    def __init__(self, runtime: Runtime, executor: Executor) -> None:
        self._runtime = runtime
        self._executor = executor
        self._code = _CodeCache(runtime.state_directory / "lambda" / "code")

    def invoke(
        self, record: JsonObject, config: JsonObject, event: Any, request_id: str
    ) -> JsonObject:
        """The result in the form that ministack's callers expect."""
        refused = _refusal(record, config)
        if refused is not None:
            return {"error": True, "function_error": "Unhandled", "body": refused, "log": ""}
        environment = self._environment(record, config)
        call = Call(
            event=event,
            request_id=request_id,
            function_arn=config.get("FunctionArn", environment.function_arn),
            trace_id=lambda_svc._xray_trace_id_for_invocation(config),
        )
        outcome = self._executor.invoke(environment, call)
        lines = _log_lines(config, request_id, outcome)
        logs.write(_log_group(config), outcome.log_stream, lines)
        result: JsonObject = {"log": "\n".join(lines)}
        if outcome.error is not None:
            result |= {"error": True, "function_error": "Unhandled", "body": dict(outcome.error)}
        else:
            result["body"] = json.loads(outcome.payload or "null")
        return result

    def _environment(self, record: JsonObject, config: JsonObject) -> Environment:
        function_arn = _unqualified(config["FunctionArn"])
        task_root = self._code.extracted(record.get("code_zip") or _EMPTY_ZIP)
        layers = [
            self._code.extracted(content) / "python"
            for layer in config.get("Layers") or []
            if (content := lambda_svc._resolve_layer_zip(layer))
        ]
        return Environment(
            function_arn=function_arn,
            version=config.get("Version", "$LATEST"),
            handler=config["Handler"],
            task_root=task_root,
            path=(str(task_root), *map(str, layers)),
            variables=self._variables(config, function_arn, task_root),
            timeout_seconds=float(config.get("Timeout", 3)),
        )

    def _variables(
        self, config: JsonObject, function_arn: str, task_root: Path
    ) -> Mapping[str, str]:
        """The function's own variables and Lambda's; nothing of the server's environment."""
        runtime, name = self._runtime, config["FunctionName"]
        region = function_arn.split(":")[3]
        logging_config = config.get("LoggingConfig") or {}
        credentials = runtime.role_credentials(config["Role"], name)
        own = (config.get("Environment") or {}).get("Variables") or {}
        variables = {
            **runtime.settings.lambda_environment,
            **{key: str(value) for key, value in own.items()},
            **credentials.environment(),
            **runtime.clock.environment(),
            "AWS_ENDPOINT_URL": runtime.endpoint_url,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
            "AWS_LAMBDA_LOG_GROUP_NAME": _log_group(config),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LAMBDA_TASK_ROOT": str(task_root),
            "_HANDLER": config["Handler"],
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if (config.get("VpcConfig") or {}).get("SubnetIds"):
            # What a network's resolver says of load balancers.
            variables["EMBEDDED_DNS_PORT"] = str(runtime.facts["dns_port"])
        if logging_config.get("LogFormat") == "JSON":
            variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
            variables["AWS_LAMBDA_LOG_LEVEL"] = logging_config.get("ApplicationLogLevel", "INFO")
        return variables


def _refusal(record: JsonObject, config: JsonObject) -> JsonObject | None:
    """Why the function may not run, in the form of a function's error."""
    source = invoked_for.get()
    if source is not None and not may_invoke(source, _policy(record, config)):
        message = f"{source.service} may not invoke {config['FunctionName']} for {source.arn}"
        return {"errorType": "AccessDeniedException", "errorMessage": message}
    if not trusts_service(config["Role"], "lambda.amazonaws.com"):
        message = "The role defined for the function cannot be assumed by Lambda."
        return {"errorType": "AccessDeniedException", "errorMessage": message}
    return None


def _policy(record: JsonObject, config: JsonObject) -> JsonObject:
    """The function's policy; the record of a version does not carry it."""
    function = lambda_svc._functions.get(config["FunctionName"]) or record
    policy: JsonObject = function.get("policy") or {}
    return policy


class _CodeCache:
    """Zip files extracted once each, in a folder named by their digest."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._known: dict[int, tuple[bytes, Path]] = {}

    def extracted(self, content: bytes) -> Path:
        """The folder with the archive's files."""
        known = self._known.get(id(content))
        if known is not None and known[0] is content:
            return known[1]
        folder = self._directory / hashlib.sha256(content).hexdigest()[:32]
        with self._lock:
            if not folder.exists():
                _extract(content, folder)
            self._known[id(content)] = (content, folder)
        return folder


def _extract(content: bytes, folder: Path) -> None:
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        archive.extractall(partial)
        for member in archive.infolist():
            mode = member.external_attr >> 16 & 0o777
            if mode and not member.is_dir():
                (partial / member.filename).chmod(mode | 0o400)
    partial.rename(folder)


_EMPTY_ZIP = base64.b64decode("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==")


def _log_group(config: Mapping[str, Any]) -> str:
    logging_config = config.get("LoggingConfig") or {}
    return logging_config.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"


def _log_lines(config: Mapping[str, Any], request_id: str, outcome: Outcome) -> list[str]:
    """What AWS writes for one invocation; a carriage return keeps lines in one event there too."""
    version = config.get("Version", "$LATEST")
    duration = outcome.duration_seconds * 1000
    report = (
        f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\t"
        f"Billed Duration: {int(duration) + 1} ms\t"
        f"Memory Size: {config.get('MemorySize', 128)} MB\t"
        f"Max Memory Used: {outcome.peak_memory_mebibytes} MB\t"
    )
    if outcome.init_seconds is not None:
        report += f"Init Duration: {outcome.init_seconds * 1000:.2f} ms\t"
    return [
        f"START RequestId: {request_id} Version: {version}",
        *outcome.output.splitlines(),
        f"END RequestId: {request_id}",
        report,
    ]
