"""`python keeper.py COMMANDS REPLIES SHELL DRIVER`: runs a build's shell and outlives none of it.

Whatever the shell starts stays below this process, also what detaches itself (a child subreaper
adopts it), and is killed when the shell ends, when SIGTERM comes or when the server dies. It runs
by path with the standard library only, and is quick to start.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_COMMANDS, _REPLIES = 8, 9
"""The shell's descriptors: POSIX shells know single digits only."""


class _Asked(BaseException):
    """SIGTERM came: from the server, or from the kernel when the server died."""


def _asked(_number: int, _frame: object) -> None:
    raise _Asked


def _adopt_and_die_with(parent: int) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise _Asked


def _place(commands: int, replies: int) -> None:
    """The two descriptors have the numbers that the shell expects."""
    high = [fcntl.fcntl(number, fcntl.F_DUPFD, 64) for number in (commands, replies)]
    for number in (commands, replies):
        os.close(number)
    for number, wanted in zip(high, (_COMMANDS, _REPLIES), strict=True):
        os.dup2(number, wanted)
        os.close(number)


def _below(root: int) -> set[int]:
    """Every process below `root`, from the kernel's table."""
    parents: dict[int, int] = {}
    table = Path("/proc")
    # Without such a table (not Linux) only the shell's own group can be ended.
    for entry in table.iterdir() if table.is_dir() else ():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found: set[int] = set()
    wave = {root}
    while wave:
        wave = {pid for pid, parent in parents.items() if parent in wave} - found
        found |= wave
    return found


def _end(shell: int) -> None:
    """Nothing of the build runs."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for end, target in ((os.killpg, shell), (os.kill, shell)):
        try:
            end(target, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    while left := _below(os.getpid()):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        _reap(block=False)
    _reap(block=False)


def _reap(*, block: bool, until: int | None = None) -> int:
    """Dead children are gone; the exit code of `until`, once it is among them."""
    while True:
        try:
            pid, status = os.waitpid(-1, 0 if block else os.WNOHANG)
        except ChildProcessError:
            return 0
        if pid == 0:
            return 0
        if pid == until:
            return os.waitstatus_to_exitcode(status)


def main(arguments: list[str]) -> int:
    """The shell's exit code, 128 and the signal's number where it was killed."""
    commands, replies, parent, shell, driver = arguments
    signal.signal(signal.SIGTERM, _asked)
    running: subprocess.Popen[bytes] | None = None
    code = 0
    try:
        _adopt_and_die_with(int(parent))
        _place(int(commands), int(replies))
        running = subprocess.Popen(
            [shell, driver], pass_fds=(_COMMANDS, _REPLIES), start_new_session=True
        )
        os.close(_COMMANDS)
        os.close(_REPLIES)
        code = _reap(block=True, until=running.pid)
    except _Asked:
        code = -signal.SIGTERM
    finally:
        if running is not None:
            _end(running.pid)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
