"""Executes Python Lambda functions in warm processes that are forked, never spawned.

One `Executor` keeps a zygote (boto3 imported, one thread) and, for each execution environment's
description, the workers that are idle. A worker handles one invocation at a time, gets exactly
the function's environment, and is killed at its timeout. It knows nothing of ministack.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulator import processes
from emulator.invocations import Call, Environment, Outcome
from emulator.runtime import Runtime

CONCURRENCY_LIMIT = 64
IDLE_SECONDS = 120.0
INIT_SECONDS = 10.0
_LENGTH = struct.Struct("!I")
_ZYGOTE = Path(__file__).parent / "lambda_runtime" / "zygote.py"


class WorkerLostError(Exception):
    """The worker process ended without an answer."""


class Worker:
    """One execution environment: a forked process, its channel and its captured output."""

    def __init__(self, environment: Environment, zygote: "Zygote") -> None:
        self.environment = environment
        self.log_stream = _log_stream_name(environment.version)
        self.idle_since = time.monotonic()
        self.invocations = 0
        self.usable = True
        self._output = os.memfd_create("lambda-output", os.MFD_CLOEXEC)
        os.set_blocking(self._output, True)
        self._channel, far_end = socket.socketpair()
        appending = os.open(f"/proc/self/fd/{self._output}", os.O_RDWR | os.O_APPEND)
        try:
            self.pid = zygote.fork(self._description(), (far_end.fileno(), appending))
        finally:
            far_end.close()
            os.close(appending)
        self._reader = self._channel.makefile("rb")

    def _description(self) -> bytes:
        environment = self.environment
        return json.dumps(
            {
                "handler": environment.handler,
                "task_root": str(environment.task_root),
                "path": list(environment.path),
                "environment": {
                    **environment.variables,
                    "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
                },
            }
        ).encode()

    def invoke(self, call: Call) -> Outcome:
        """The handler has run once; TimeoutError and WorkerLostError leave the worker unusable."""
        init_seconds = self._initialised()
        allowed = self.environment.timeout_seconds
        started = time.monotonic()
        self._channel.settimeout(allowed)
        message = {
            "event": call.event,
            "request_id": call.request_id,
            "function_arn": call.function_arn,
            "trace_id": call.trace_id,
            "deadline_seconds": time.time() + allowed,
        }
        content = json.dumps(message).encode()
        answer = self._receive(_LENGTH.pack(len(content)) + content)
        duration = time.monotonic() - started
        if answer.get("exit") is not None:
            self.discard()
        return Outcome(
            payload=answer.get("payload"),
            error=answer.get("error"),
            output=self.take_output(),
            log_stream=self.log_stream,
            duration_seconds=duration,
            init_seconds=init_seconds,
            peak_memory_mebibytes=_peak_memory_mebibytes(self.pid),
        )

    def _initialised(self) -> float | None:
        """How long loading the handler took, the first time it is asked."""
        self.invocations += 1
        if self.invocations > 1:
            return None
        self._channel.settimeout(INIT_SECONDS)
        return float(self._receive(b"")["init_seconds"])

    def _receive(self, request: bytes) -> dict[str, Any]:
        """The worker's answer to `request`, or what it says first if that is empty."""
        try:
            self._channel.sendall(request)
            head = self._reader.read(_LENGTH.size)
            body = self._reader.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
        except TimeoutError:
            raise
        except OSError as error:
            raise WorkerLostError(str(error)) from error
        if not body:
            raise WorkerLostError("the channel was closed")
        parsed: dict[str, Any] = json.loads(body)
        return parsed

    def take_output(self) -> str:
        """What was written to standard output and error since it was last taken."""
        if self._output < 0:
            return ""
        size = os.fstat(self._output).st_size
        if size == 0:
            return ""
        content = os.pread(self._output, size, 0)
        os.ftruncate(self._output, 0)
        return content.decode("utf-8", errors="replace")

    def discard(self) -> None:
        """The process and its children are gone; what it wrote can still be taken."""
        self.usable = False
        for end in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(self.pid, signal.SIGKILL)
        self._channel.close()

    def close(self) -> None:
        """Nothing of it is left."""
        self.discard()
        self._reader.close()
        if self._output >= 0:
            os.close(self._output)
            self._output = -1


class Zygote:
    """The process that forks workers; started on first use, replaced if it died."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._child: processes.Child | None = None
        self._control: socket.socket | None = None

    def fork(self, description: bytes, descriptors: Sequence[int]) -> int:
        """A worker runs; its process id."""
        with self._lock:
            control = self._running()
            socket.send_fds(control, [description], list(descriptors))
            answer = control.recv(32)
        if not answer:
            raise WorkerLostError(f"the zygote ended: {self._log().read_text('utf-8')[-500:]}")
        return int(answer)

    def warm_up(self) -> None:
        """The zygote is starting, so that the first invocation does not wait for it."""
        with self._lock:
            self._running()

    def stop(self) -> None:
        """The zygote and all of its workers are gone."""
        with self._lock:
            if self._child is not None:
                self._child.stop()

    def _log(self) -> Path:
        return self._directory / "zygote.log"

    def _running(self) -> socket.socket:
        if self._control is not None and self._child is not None and self._child.alive:
            return self._control
        near_end, far_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (near_end, far_end):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 19)
        self._directory.mkdir(parents=True, exist_ok=True)
        argv = [sys.executable, "-I", str(_ZYGOTE), str(far_end.fileno()), str(os.getpid())]
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        with self._log().open("wb") as log:
            self._child = processes.spawn(
                argv, environment=environment, output=log, pass_fds=(far_end.fileno(),)
            )
        far_end.close()
        self._control = near_end
        return near_end


Listener = Callable[[Environment, Outcome], None]
"""Who is told of every invocation once it is over, on the thread that asked for it."""


class Executor:
    """Invokes functions; at most `CONCURRENCY_LIMIT` at a time of one environment."""

    def __init__(self, directory: Path) -> None:
        self.zygote = Zygote(directory)
        self._idle: dict[Environment, list[Worker]] = {}
        self._busy: dict[Environment, int] = {}
        self._lock = threading.Condition()
        self._listeners: list[Listener] = []

    def on_outcome(self, listener: Listener) -> None:
        """`listener` is told of every invocation from now on."""
        self._listeners.append(listener)

    def invoke(self, environment: Environment, call: Call) -> Outcome:
        """The function has run, however that ended; blocks, so call it on a thread."""
        outcome = self._invoke(environment, call)
        for tell in self._listeners:
            tell(environment, outcome)
        return outcome

    def _invoke(self, environment: Environment, call: Call) -> Outcome:
        worker = self._acquire(environment)
        started = time.monotonic()
        try:
            return worker.invoke(call)
        except TimeoutError:
            worker.discard()
            return _timed_out(worker, call, environment.timeout_seconds)
        except WorkerLostError:
            worker.discard()
            return _lost(worker, call, time.monotonic() - started)
        finally:
            self._release(environment, worker)

    def stop(self) -> None:
        """No worker runs."""
        with self._lock:
            workers = [worker for idle in self._idle.values() for worker in idle]
            self._idle.clear()
        for worker in workers:
            worker.close()
        self.zygote.stop()

    def forget(self, function_arn: str, *, keep: Environment) -> None:
        """Idle workers of that function's other environments are gone: its code was replaced."""
        with self._lock:
            stale = [
                environment
                for environment in self._idle
                if environment.function_arn == function_arn
                and environment.version == keep.version
                and environment != keep
            ]
            workers = [worker for key in stale for worker in self._idle.pop(key)]
        for worker in workers:
            worker.close()

    def keep(self, functions: Collection[str]) -> None:
        """Idle workers of other functions than these, by ARN, are gone: theirs were deleted."""
        with self._lock:
            stale = [each for each in self._idle if each.function_arn not in functions]
            workers = [worker for key in stale for worker in self._idle.pop(key)]
        for worker in workers:
            worker.close()

    def worker_pids(self) -> list[int]:
        """The processes that wait for work, for memory reports."""
        with self._lock:
            return [worker.pid for idle in self._idle.values() for worker in idle]

    def _acquire(self, environment: Environment) -> Worker:
        with self._lock:
            while self._busy.get(environment, 0) >= CONCURRENCY_LIMIT:
                self._lock.wait()
            self._busy[environment] = self._busy.get(environment, 0) + 1
            idle = self._idle.get(environment)
            if idle:
                return idle.pop()
        try:
            worker = Worker(environment, self.zygote)
        except BaseException:
            with self._lock:
                self._busy[environment] -= 1
            raise
        self.forget(environment.function_arn, keep=environment)
        return worker

    def _release(self, environment: Environment, worker: Worker) -> None:
        worker.idle_since = time.monotonic()
        with self._lock:
            self._busy[environment] -= 1
            if worker.usable:
                self._idle.setdefault(environment, []).append(worker)
            self._lock.notify()
            surplus = self._surplus()
        if not worker.usable:
            worker.close()
        for other in surplus:
            other.close()

    def _surplus(self) -> list[Worker]:
        """Workers idle for long, oldest first; the one used last of each environment stays."""
        limit = time.monotonic() - IDLE_SECONDS
        surplus = []
        for idle in self._idle.values():
            while len(idle) > 1 and idle[0].idle_since < limit:
                surplus.append(idle.pop(0))
        return surplus


def _log_stream_name(version: str) -> str:
    return f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{uuid.uuid4().hex}"


def _peak_memory_mebibytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    _, found, rest = status.partition("VmHWM:")
    return int(rest.split()[0]) // 1024 if found else 0


def _timed_out(worker: Worker, call: Call, timeout_seconds: float) -> Outcome:
    message = (
        f"RequestId: {call.request_id} Error: Task timed out after {timeout_seconds:.2f} seconds"
    )
    stamp = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    line = f"{stamp} {call.request_id} Task timed out after {timeout_seconds:.2f} seconds\n"
    return Outcome(
        payload=None,
        error={"errorType": "Sandbox.Timedout", "errorMessage": message},
        output=worker.take_output() + line,
        log_stream=worker.log_stream,
        duration_seconds=timeout_seconds,
        init_seconds=None,
        peak_memory_mebibytes=0,
    )


def _lost(worker: Worker, call: Call, duration_seconds: float) -> Outcome:
    message = f"RequestId: {call.request_id} Error: Runtime exited without providing a reason"
    return Outcome(
        payload=None,
        error={"errorType": "Runtime.ExitError", "errorMessage": message},
        output=f"{worker.take_output()}{message}\nRuntime.ExitError\n",
        log_stream=worker.log_stream,
        duration_seconds=duration_seconds,
        init_seconds=None,
        peak_memory_mebibytes=0,
    )


_installed: dict[int, Executor] = {}


def executor_of(runtime: Runtime) -> Executor:
    """What runs the functions of that cloud, for the plugins that look on."""
    return _installed[id(runtime)]


def install(runtime: Runtime) -> None:
    """Python functions run in this executor."""
    from emulator.seams import lambdas as seam  # noqa: PLC0415 - imports ministack

    executor = Executor(runtime.state_directory / "lambda")
    _installed[id(runtime)] = executor
    seam.install(runtime, executor)

    async def stop() -> None:
        executor.stop()

    runtime.on_stop(stop)
