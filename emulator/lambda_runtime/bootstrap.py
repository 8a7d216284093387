"""The runtime of a Python function: loads the handler as AWS does and answers invocations.

The rules (module loading, error types, log lines) are those of AWS's own runtime interface client,
github.com/aws/aws-lambda-python-runtime-interface-client, `awslambdaric/bootstrap.py`.
"""

import importlib
import importlib.util
import io
import json
import logging
import os
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

Handler = Callable[[Any, Any], Any]
_LENGTH = struct.Struct("!I")


class FaultError(Exception):
    """A failure of the runtime itself, with AWS's error type; the environment is not reused."""

    def __init__(self, error_type: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.trace = trace if trace is not None else []


class CognitoIdentity:
    """Who called through Cognito: nobody here."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class LambdaContext:
    """The second argument of a handler."""

    def __init__(self, call: dict[str, Any]) -> None:
        self.aws_request_id: str = call["request_id"]
        self.invoked_function_arn: str = call["function_arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = CognitoIdentity()
        self.client_context = None
        self.tenant_id = None
        self._deadline_seconds: float = call["deadline_seconds"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is stopped, never below 0."""
        return max(0, int((self._deadline_seconds - time.time()) * 1000))

    def log(self, message: object) -> None:
        """The message is in the function's log."""
        sys.stdout.write(str(message))


def run(channel: socket.socket, description: dict[str, Any]) -> int:
    """Invocations are answered until the channel closes; the process's exit code."""
    _enter(description)
    calls = _Logging()
    reader = channel.makefile("rb")
    started = time.monotonic()
    handler = _load_or_fault(description["handler"])
    _send(channel, {"init_seconds": time.monotonic() - started})
    while True:
        head = reader.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return 0
        call = json.loads(reader.read(_LENGTH.unpack(head)[0]))
        calls.request_id = call["request_id"]
        answer = _failed(handler) if isinstance(handler, FaultError) else _invoke(handler, call)
        _flush()
        _send(channel, answer)
        if answer.get("exit") is not None:
            return int(answer["exit"])


def _send(channel: socket.socket, answer: dict[str, Any]) -> None:
    content = json.dumps(answer).encode()
    channel.sendall(_LENGTH.pack(len(content)) + content)


def _enter(description: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(description["environment"])
    time.tzset()
    os.chdir(description["task_root"])
    sys.path[:0] = description["path"]
    sys.argv[:] = ["bootstrap"]
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", write_through=True)
    if "EMBEDDED_DNS_PORT" in os.environ:
        _sibling("resolving").install(int(os.environ["EMBEDDED_DNS_PORT"]))


def _sibling(name: str) -> ModuleType:
    """A file beside this one, which the function's code does not find."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"_lambda_{name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"a file of the runtime is missing, expected it at {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _load_or_fault(handler: str) -> Handler | FaultError:
    try:
        return _load(handler)
    except FaultError as fault:
        return fault


def _load(handler: str) -> Handler:
    module_name, dot, function_name = handler.rpartition(".")
    if not dot:
        raise FaultError(
            "Runtime.MalformedHandlerName", f"Bad handler '{handler}': not enough values"
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise FaultError(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        raise FaultError(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}"
        ) from error
    except Exception as error:  # whatever user code raises while it is imported
        raise FaultError(type(error).__name__, str(error), _trace_of(error)) from error
    found = getattr(module, function_name, None)
    if found is None:
        raise FaultError(
            "Runtime.HandlerNotFound",
            f"Handler '{function_name}' missing on module '{module_name}'",
        )
    return found  # type: ignore[no-any-return]


def _invoke(handler: Handler, call: dict[str, Any]) -> dict[str, Any]:
    if call.get("trace_id"):
        os.environ["_X_AMZN_TRACE_ID"] = call["trace_id"]
    try:
        return {"payload": _marshal(handler(call["event"], LambdaContext(call)))}
    except FaultError as error:
        return {"error": _error(error.error_type, str(error), error.trace, call["request_id"])}
    except SystemExit as stop:
        return _exited(stop, call["request_id"])
    except BaseException as error:  # noqa: BLE001 - whatever user code raises is its answer
        answer = _error(type(error).__name__, str(error), _trace_of(error), call["request_id"])
        _log_error(answer)
        return {"error": answer}


def _marshal(result: Any) -> str:
    try:
        return json.dumps(result, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise FaultError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _error(error_type: str, message: str, trace: list[str], request_id: str) -> dict[str, Any]:
    return {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": trace,
    }


def _failed(fault: FaultError) -> dict[str, Any]:
    answer = {"errorMessage": str(fault), "errorType": fault.error_type, "stackTrace": fault.trace}
    answer["requestId"] = ""
    _log_error(answer)
    return {"error": answer, "exit": 1}


def _exited(stop: SystemExit, request_id: str) -> dict[str, Any]:
    code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    reason = f"with error: exit status {code}" if code else "without providing a reason"
    message = f"RequestId: {request_id} Error: Runtime exited {reason}"
    return {"error": {"errorType": "Runtime.ExitError", "errorMessage": message}, "exit": code}


def _trace_of(error: BaseException) -> list[str]:
    """The frames of user code, without the two of this file."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__]
    return traceback.format_list(own)


def _log_error(answer: dict[str, Any]) -> None:
    lines = [f"[ERROR] {answer['errorType']}: {answer['errorMessage']}"]
    if answer["stackTrace"]:
        lines += ["Traceback (most recent call last):", *"".join(answer["stackTrace"]).splitlines()]
    sys.stdout.write("\n".join(lines) + "\n")


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


class _Logging:
    """`logging`, set up as AWS does: text with request id, or JSON, on standard output."""

    def __init__(self) -> None:
        self.request_id = ""
        handler = logging.StreamHandler(sys.stdout)
        as_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "Text") == "JSON"
        handler.setFormatter(_JsonFormatter(self) if as_json else _TextFormatter(self))
        root = logging.getLogger()
        root.handlers[:] = [handler]
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL") if as_json else None
        root.setLevel(level or logging.WARNING)


class _TextFormatter(logging.Formatter):
    """Level, UTC time, request id and message, separated by tabs."""

    converter = staticmethod(time.gmtime)

    def __init__(self, calls: _Logging) -> None:
        super().__init__("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t", "%Y-%m-%dT%H:%M:%S")
        self._calls = calls

    def format(self, record: logging.LogRecord) -> str:
        record.asctime = self.formatTime(record, self.datefmt)
        line = f"{self._style.format(record)}{self._calls.request_id}\t{record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class _JsonFormatter(logging.Formatter):
    """One JSON object a record, with AWS's member names and the record's `extra` members."""

    _own = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime"})

    def __init__(self, calls: _Logging) -> None:
        super().__init__()
        self._calls = calls

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        document = {
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": self._calls.request_id,
            **{name: value for name, value in vars(record).items() if name not in self._own},
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            document["errorType"] = type(error).__name__
            document["errorMessage"] = str(error)
            document["stackTrace"] = _trace_of(error)
        return json.dumps(document, default=str)
