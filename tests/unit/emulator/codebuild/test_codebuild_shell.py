"""One shell for all commands of a build, and nothing of it left behind."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from emulator.codebuild.shell import Shell, ShellEndedError
from tests.polling import until


@pytest.fixture(params=["sh", "bash"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Shell]]:
    """Makes a shell in an empty folder, whose output goes to `out`."""
    made: list[Shell] = []
    output = os.open(tmp_path / "out", os.O_CREAT | os.O_RDWR)
    (tmp_path / "work").mkdir()

    def shell() -> Shell:
        made.append(
            Shell(
                request.param,
                environment={"PATH": os.environ["PATH"], "GIVEN": "a 'b'"},
                directory=tmp_path / "work",
                state=tmp_path / "state",
                output=output,
            )
        )
        return made[-1]

    yield shell
    for one in made:
        one.release()
    os.close(output)


@pytest.fixture
def said(tmp_path: Path) -> Callable[[], str]:
    """What was printed so far."""
    return lambda: (tmp_path / "out").read_text("utf-8")


def test_variables_functions_and_folder_last(make: Callable[[], Shell], said: Callable[[], str]):
    """The next command is in the same shell."""
    shell = make()
    assert shell.run("LOCAL=1; hello() { echo hi $1; }; mkdir inner; cd inner", {}) == 0
    assert shell.run('hello "$LOCAL $GIVEN"; basename "$(pwd)"', {}) == 0
    assert said() == "hi 1 a 'b'\ninner\n"


def test_a_shell_that_ends_is_replaced(make: Callable[[], Shell], said: Callable[[], str]):
    """`exit` fails its command only; exported variables and the folder are kept, others not."""
    shell = make()
    assert shell.run("export KEPT='x\ny'; GONE=1; mkdir inner; cd inner; exit 3", {}) == 3
    assert shell.run('echo "$KEPT$GONE"; basename "$(pwd)"', {}) == 0
    assert said() == "x\ny\ninner\n"
    assert shell.variables["KEPT"] == "x\ny"


def test_exports_are_set_before_the_command(make: Callable[[], Shell]):
    """Whatever characters they have."""
    shell = make()
    assert shell.run('test "$ODD" = "it\'s \\$1"', {"ODD": "it's $1"}) == 0


def test_commands_read_nothing_and_reach_no_pipe(make: Callable[[], Shell]):
    """Standard input is empty; the descriptors of the driver are closed."""
    shell = make()
    assert shell.run('test -z "$(cat)" && ! { true >&9; } 2>/dev/null', {}) == 0


def test_closing_ends_all_that_was_started(make: Callable[[], Shell]):
    """Also what detached itself; the command that ran says that it was ended."""
    shell = make()
    ended: list[BaseException] = []

    def work() -> None:
        try:
            shell.run("setsid sleep 98761 & sleep 98762", {})
        except ShellEndedError as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: len(_sleepers()) == 2, seconds=20, what="two sleepers")
    shell.close()
    thread.join(10)
    assert len(ended) == 1
    until(lambda: not _sleepers(), seconds=10, what="no sleeper")


def _sleepers() -> list[int]:
    wanted = (["sleep", "98761"], ["sleep", "98762"])
    found = psutil.process_iter(["cmdline", "status"])
    return [
        p.pid
        for p in found
        if p.info["cmdline"] in wanted and p.info["status"] != psutil.STATUS_ZOMBIE
    ]
