"""An invocation of a function: in which environment, what it is given, what it came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """What an execution environment is made of; equal ones share warm workers.

    `variables` is the whole environment of the process but for the log stream's name; `path` are
    the folders put first on `sys.path`.
    """

    function_arn: str
    version: str
    handler: str
    task_root: Path
    path: tuple[str, ...]
    variables: Mapping[str, str] = field(hash=False)
    timeout_seconds: float

    def __hash__(self) -> int:
        return hash((self.function_arn, self.version, self.handler, self.task_root))


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What an invocation came to: a payload or AWS's error object, and what it printed."""

    payload: str | None
    error: Mapping[str, Any] | None
    output: str
    log_stream: str
    duration_seconds: float
    init_seconds: float | None
    peak_memory_mebibytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One invocation: `event` as parsed JSON."""

    event: Any
    request_id: str
    function_arn: str
    trace_id: str | None = None
