"""When a command is over, or was interrupted, nothing that it started is left."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.e2e.world import wait_for

pytestmark = pytest.mark.accept

ROOT = Path(__file__).resolve().parents[2]
INTERRUPTED = 130

RUN = """
import signal
from cli.main import run
# A test run in the background passes on that SIGINT is ignored; a terminal does not.
signal.signal(signal.SIGINT, signal.default_int_handler)
run()
"""


@dataclass(slots=True)
class Family:
    """A command and every process that was ever seen below it."""

    command: subprocess.Popen[str]
    seen: dict[int, psutil.Process] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Remember who is there; a process that was adopted later is known from before."""
        for known in [self.command.pid, *self.seen]:
            try:
                children = psutil.Process(known).children(recursive=True)
            except psutil.NoSuchProcess:
                continue
            self.seen.update({child.pid: child for child in children})

    def watch(self) -> None:
        """Look until it is over."""
        while not self.over.wait(0.1):
            self.look()

    def left(self) -> list[str]:
        """Those who still run."""
        return [
            " ".join(process.cmdline())
            for process in list(self.seen.values())
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        ]


@contextmanager
def demo(folder: Path) -> Iterator[Family]:
    """`tidegate demo` runs in a group of its own, as in a terminal."""
    command = subprocess.Popen(
        [sys.executable, "-c", RUN, "demo", "--output", str(folder)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    family = Family(command)
    watcher = threading.Thread(target=family.watch, daemon=True)
    watcher.start()
    try:
        yield family
    finally:
        family.over.set()
        watcher.join()
        if command.poll() is None:
            os.killpg(command.pid, signal.SIGKILL)
        command.wait()


def assert_nobody_left(family: Family) -> None:
    """All processes that were seen are gone, soon."""
    deadline = time.monotonic() + 10
    while family.left() and time.monotonic() < deadline:
        family.over.wait(0.05)
    assert family.left() == []


@pytest.mark.parametrize("to", ["the command", "the terminal's group"])
def test_an_interrupted_demo_leaves_nothing(tmp_path: Path, to: str) -> None:
    """Ctrl-C in the midst of a release ends server, models and functions."""
    with demo(tmp_path) as family:
        # Server, zygote, workers, and the containers of two variants are there.
        wait_for(lambda: len(family.seen) > 12, seconds=120, what="a demo in full swing")
        if to == "the command":
            family.command.send_signal(signal.SIGINT)
        else:
            os.killpg(family.command.pid, signal.SIGINT)
        output, _ = family.command.communicate(timeout=30)

        assert family.command.returncode == INTERRUPTED, output
        assert "Traceback" not in output
        assert_nobody_left(family)


def test_a_killed_demo_leaves_nothing(tmp_path: Path) -> None:
    """Even `kill -9` of the command takes everything with it: the kernel sees to that."""
    with demo(tmp_path) as family:
        wait_for(lambda: len(family.seen) > 12, seconds=120, what="a demo in full swing")
        family.command.kill()
        family.command.communicate(timeout=30)

        assert_nobody_left(family)


def test_a_whole_demo_leaves_nothing(tmp_path: Path) -> None:
    """A demo that ends by itself has ended everything that it started."""
    with demo(tmp_path) as family:
        output, _ = family.command.communicate(timeout=400)

        assert family.command.returncode == 0, output
        assert (tmp_path / "summary.json").is_file()
        assert_nobody_left(family)
