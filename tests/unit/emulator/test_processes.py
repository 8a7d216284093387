import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from emulator import processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_child_gets_exactly_the_environment(tmp_path: Path):
    """Nothing of this process's environment reaches a child."""
    out = tmp_path / "out"
    code = "import os; print(sorted(os.environ))"
    with out.open("wb") as output:
        child = processes.spawn([sys.executable, "-c", code], environment={"A": "1"}, output=output)
        child.popen.wait()

    assert "'A'" in out.read_text()
    assert "HOME" not in out.read_text()


def test_child_outlives_the_thread_that_asked():
    """The parent-death signal waits for the process, not for the thread that spawned."""
    children: list[processes.Child] = []
    thread = threading.Thread(
        target=lambda: children.append(processes.spawn(SLEEP, environment={}))
    )
    thread.start()
    thread.join()
    try:
        assert not processes.wait_until(lambda: not children[0].alive, timeout_seconds=0.3)
    finally:
        children[0].stop()


def test_stop_ends_the_whole_group():
    """Stopping a child ends what the child started."""
    code = (
        "import subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as output:
        child = processes.spawn([sys.executable, "-c", code], environment={}, output=output)
    with os.fdopen(reading, "rb") as pipe:
        grandchild = int(pipe.readline())

    child.stop()

    assert processes.wait_until(lambda: not processes.is_running(grandchild), timeout_seconds=5)


def test_child_dies_when_the_parent_is_killed():
    """`kill -9` of the parent kills the child."""
    code = (
        "import sys, time; from emulator import processes;"
        "argv = [sys.executable, '-c', 'import time; time.sleep(60)'];"
        "c = processes.spawn(argv, environment={});"
        "print(c.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child_pid = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)

    assert processes.wait_until(lambda: not processes.is_running(child_pid), timeout_seconds=5)
