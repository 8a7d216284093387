"""The shell in which all commands of one build run, one after the other, as CodeBuild does it.

Variables, functions and the working directory last from one command to the next. A command that
ends the shell (`exit 1`, or any failure after `set -e`) fails; the next command gets a new shell
in the same folder with the same exported variables.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from emulator import processes

_KEEPER = Path(__file__).with_name("keeper.py")
_STOP_GRACE_SECONDS = 5.0

# The state is written by the shell itself: only it knows its variables and its folder.
_DRIVER = """\
__keep() { env -0 > "$CODEBUILD_SHELL_STATE/variables"; pwd > "$CODEBUILD_SHELL_STATE/folder"; }
trap '__code=$?; __keep; exit $__code' EXIT
while IFS= read -r __step <&8; do
  . "$__step" 8<&- 9>&-
  __code=$?
  __keep
  printf '%s\\n' "$__code" >&9
done
"""
_STATE_VARIABLE = "CODEBUILD_SHELL_STATE"


class ShellEndedError(Exception):
    """The shell was closed while it ran a command."""


class Shell:
    """Runs commands; it may be closed from any thread, which ends the command that runs."""

    def __init__(
        self,
        program: str,
        *,
        environment: Mapping[str, str],
        directory: Path,
        state: Path,
        output: int,
    ) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._program = program
        self._directory = directory
        self._state = state
        self._output = output
        self._variables = {**environment, _STATE_VARIABLE: str(state)}
        self._driver = state / "driver.sh"
        self._driver.write_text(_DRIVER, encoding="utf-8")
        self._steps = 0
        self._closed = False
        self._child: processes.Child | None = None
        self._commands = -1
        self._replies = -1

    @property
    def variables(self) -> Mapping[str, str]:
        """The exported variables after the last command."""
        return {k: v for k, v in self._kept_variables().items() if k != _STATE_VARIABLE}

    def run(self, command: str, exports: Mapping[str, str]) -> int:
        """The command's exit code; `exports` are set first. ShellEndedError if it was closed."""
        if self._child is None or not self._child.alive:
            self._start()
        self._steps += 1
        step = self._state / f"step-{self._steps}.sh"
        assignments = "".join(f"export {name}={_quoted(text)}\n" for name, text in exports.items())
        step.write_text(f"{assignments}{command}\n", encoding="utf-8")
        try:
            os.write(self._commands, f"{step}\n".encode())
            reply = self._line()
        except OSError:
            reply = ""
        if self._closed:
            raise ShellEndedError
        if reply:
            return int(reply)
        return self._ended()

    def close(self) -> None:
        """The shell and everything that it started are gone."""
        self._closed = True
        child = self._child
        if child is not None:
            child.stop(_STOP_GRACE_SECONDS)

    def release(self) -> None:
        """Nothing of it is open; only after it was closed or never again used."""
        self.close()
        self._close_pipes()

    def _start(self) -> None:
        self._close_pipes()
        folder = self._state / "folder"
        last = Path(folder.read_text("utf-8").rstrip("\n")) if folder.exists() else self._directory
        commands, self._commands = os.pipe()
        self._replies, replies = os.pipe()
        argv = [sys.executable, "-I", "-S", str(_KEEPER), str(commands), str(replies)]
        try:
            self._child = processes.spawn(
                [*argv, str(os.getpid()), self._program, str(self._driver)],
                environment=self._kept_variables(),
                directory=last if last.is_dir() else self._directory,
                output=self._output,
                pass_fds=(commands, replies),
            )
        finally:
            os.close(commands)
            os.close(replies)
        if self._closed:
            self._child.stop(_STOP_GRACE_SECONDS)

    def _line(self) -> str:
        """What the shell says of the command, "" if it ended instead."""
        said = b""
        while not said.endswith(b"\n"):
            piece = os.read(self._replies, 64)
            if not piece:
                return ""
            said += piece
        return said.decode().strip()

    def _ended(self) -> int:
        """The exit code of a shell that the command ended; `exit 0` is a success on AWS too."""
        return self._child.popen.wait() if self._child is not None else 1

    def _kept_variables(self) -> dict[str, str]:
        kept = self._state / "variables"
        if not kept.exists():
            return dict(self._variables)
        pairs = (entry.partition("=") for entry in kept.read_text("utf-8").split("\0") if entry)
        return {name: value for name, _, value in pairs}

    def _close_pipes(self) -> None:
        for end in (self._commands, self._replies):
            if end >= 0:
                os.close(end)
        self._commands = self._replies = -1


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
