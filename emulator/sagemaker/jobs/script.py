"""Runs the process of a job to its end: output to the log, stop and time limit. It blocks."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from emulator import processes
from emulator.descriptors import readable

_READ_BYTES = 64 * 1024
_LOOK_SECONDS = 0.05
_KEPT_LINES = 50
LONGEST_LINE = 256 * 1024
"""CloudWatch Logs' limit for one event (PutLogEvents, 262,144 bytes)."""

Lines = Callable[[Sequence[str]], None]


class Ending(StrEnum):
    """What ended the process."""

    ITSELF = "itself"
    STOPPED = "stopped"
    TIMED_OUT = "timed out"
    INTERRUPTED = "interrupted"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is run, and under which limits; seconds are the wall's, as the work is."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path
    limit_seconds: float
    grace_seconds: float
    """How long it may go on after SIGTERM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What others may do to a process while it runs."""

    stop: threading.Event
    """It is asked to end, and killed after its grace."""
    abandon: threading.Event
    """It is killed at once: the cloud ends."""
    interrupt: threading.Event = field(default_factory=threading.Event)
    """Its capacity is taken away: it is asked to end, and begins again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended: the code is negative for a signal."""

    exit_code: int
    ending: Ending
    last_lines: Sequence[str]


def run(program: Program, controls: Controls, lines: Lines) -> Ended:
    """The process and all its group are gone; every line that it wrote was handed on."""
    read_fd, write_fd = os.pipe()
    try:
        child = processes.spawn(
            program.argv,
            environment=program.environment,
            directory=program.directory,
            output=write_fd,
        )
    finally:
        os.close(write_fd)
    reader = _Reader(read_fd, lines)
    try:
        ending = _watch(child, program, controls, reader)
        child.stop()
        reader.drain()
    finally:
        child.stop()
        os.close(read_fd)
    code = child.exit_code
    return Ended(
        exit_code=-1 if code is None else code, ending=ending, last_lines=tuple(reader.kept)
    )


def _watch(
    child: processes.Child, program: Program, controls: Controls, reader: "_Reader"
) -> Ending:
    deadline = time.monotonic() + program.limit_seconds
    while child.alive:
        reader.read(_LOOK_SECONDS)
        why = _cut_short(controls, deadline)
        if why is not None:
            _ask_to_end(child, program, controls, reader)
            return why
    return Ending.ITSELF


def _cut_short(controls: Controls, deadline: float) -> Ending | None:
    if controls.abandon.is_set():
        return Ending.ABANDONED
    if controls.stop.is_set():
        return Ending.STOPPED
    if controls.interrupt.is_set():
        return Ending.INTERRUPTED
    return Ending.TIMED_OUT if time.monotonic() >= deadline else None


def _ask_to_end(
    child: processes.Child, program: Program, controls: Controls, reader: "_Reader"
) -> None:
    child.terminate()
    deadline = time.monotonic() + program.grace_seconds
    while child.alive and time.monotonic() < deadline and not controls.abandon.is_set():
        reader.read(_LOOK_SECONDS)


class _Reader:
    """Collects bytes of a pipe into lines."""

    def __init__(self, descriptor: int, lines: Lines) -> None:
        self._descriptor = descriptor
        self._lines = lines
        self._rest = b""
        self.kept: deque[str] = deque(maxlen=_KEPT_LINES)
        os.set_blocking(descriptor, False)

    def read(self, timeout_seconds: float) -> bool:
        """What has come within the time is handed on; False at the end of the pipe."""
        if not readable([self._descriptor], seconds=timeout_seconds):
            return True
        chunk = os.read(self._descriptor, _READ_BYTES)
        if not chunk:
            # Nobody writes any more, but the process may live on: do not spin until it ends.
            time.sleep(timeout_seconds)
            return False
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) >= LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], b""
        self._hand_on(whole)
        return True

    def drain(self) -> None:
        """Everything that is left is handed on, an unfinished line too."""
        while readable([self._descriptor], seconds=0) and self.read(0):
            pass
        self._hand_on([self._rest])
        self._rest = b""

    def _hand_on(self, whole: Sequence[bytes]) -> None:
        texts = [line.rstrip(b"\r").decode("utf-8", errors="replace") for line in whole]
        told = [text[:LONGEST_LINE] for text in texts if text]
        if told:
            self.kept.extend(told)
            self._lines(told)
