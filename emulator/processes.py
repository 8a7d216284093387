"""Child processes that never outlive their parent.

Everything the embedded cloud starts (Lambda workers, model containers, builds) is started here:
the kernel kills it when the process that started it dies, even by `kill -9`. It may not import
anything heavy: the Lambda zygote and the client use it too.

Linux ties the parent-death signal to the *thread* that forked, so all children are forked by one
thread that lives as long as the process.
"""

import concurrent.futures
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1

_spawner: concurrent.futures.ThreadPoolExecutor | None = None
_spawner_owner = 0
_spawner_lock = threading.Lock()

Output = int | IO[bytes]


def load_libc() -> ctypes.CDLL | None:
    """The C library that has prctl, or None where the parent-death signal does not exist."""
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


_libc = load_libc()


def die_with_parent(parent_pid: int) -> None:
    """This process is killed when its parent dies, at once if the parent is dead already."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A process of its own group, tied to this one's life."""

    popen: subprocess.Popen[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        """The process id, also the id of its process group."""
        return self.popen.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Its exit code, negative for a signal, None while it runs."""
        return self.popen.poll()

    def terminate(self) -> None:
        """The process and its group have been asked to end by SIGTERM."""
        self._signal_group(signal.SIGTERM)

    def stop(self, grace_seconds: float = 0.0) -> None:
        """The process and its group are gone: asked by SIGTERM, killed after the grace."""
        if grace_seconds > 0 and self.alive:
            self._signal_group(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(grace_seconds)
        self._signal_group(signal.SIGKILL)
        self.popen.wait()

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, number)


def spawn(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path | None = None,
    output: Output = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> Child:
    """The program runs in a group of its own with exactly this environment, and dies with us.

    Its standard output and error both go to `output`; it reads nothing from standard input.
    """

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            list(argv),
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
            preexec_fn=_dying_with(os.getpid()),  # noqa: PLW1509 - calls prctl only, resolved before the fork
        )

    return Child(popen=_spawning_thread().submit(start).result())


def spawn_detached(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    output: Output = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
) -> Child:
    """The program runs in a session of its own and outlives us: only for a server asked to stay."""
    popen = subprocess.Popen(
        list(argv),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=tuple(pass_fds),
        start_new_session=True,
    )
    return Child(popen=popen)


def is_running(pid: int) -> bool:
    """Whether a process of that id exists and is not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    state = _state(pid)
    return state is None or state not in "ZX"


def wait_until(condition: Callable[[], bool], *, timeout_seconds: float) -> bool:
    """Whether the condition became true in time; asked every 5 ms."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.005)
    return True


def _state(pid: int) -> str | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0]


def _dying_with(parent_pid: int) -> Callable[[], None]:
    def prepare() -> None:
        die_with_parent(parent_pid)

    return prepare


def _spawning_thread() -> concurrent.futures.ThreadPoolExecutor:
    global _spawner, _spawner_owner  # noqa: PLW0603 - one thread a process, made on first use
    with _spawner_lock:
        if _spawner is None or _spawner_owner != os.getpid():
            _spawner = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="spawner")
            _spawner_owner = os.getpid()
        return _spawner
