"""How many requests stories sent, and lost: one figure of a whole run, over all of its workers.

A run that lost one has failed, and so has one that sent fewer than `--requests-at-least` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pytest

_OPTION = "--requests-at-least"
_WORKER_OUTPUT = "lost_requests"


@dataclass(slots=True)
class Tally:
    """Requests that users of stories sent at a steady rate, and those of them that were lost.

    Lost is what got no answer, or an error that is not a broken version's own.
    """

    sent: int = 0
    lost: int = 0
    stories: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def add(self, *, sent: int, lost: int, stories: int = 1) -> None:
        """A crowd has gone home."""
        with self._lock:
            self.sent += sent
            self.lost += lost
            self.stories += stories

    def to_json(self) -> dict[str, int]:
        """The figures, as a worker hands them on."""
        return {"sent": self.sent, "lost": self.lost, "stories": self.stories}

    def faults(self, *, at_least: int) -> list[str]:
        """What is wrong with the run: empty when nothing is."""
        faults = []
        if self.lost > 0:
            faults.append(f"{self.lost} of {self.sent} requests were lost, none may be")
        if self.sent < at_least:
            faults.append(
                f"{self.sent} requests were sent, at least {at_least} are needed to say that none "
                f"is lost ({_OPTION})"
            )
        return faults

    def __str__(self) -> str:
        return f"requests of stories: {self.sent} sent by {self.stories} crowds, {self.lost} lost"


RUN = Tally()
"""Of all stories in this process."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many requests make a run worth believing."""
    parser.addoption(
        _OPTION,
        type=int,
        default=0,
        metavar="N",
        help="fail unless the stories of this run sent N requests together",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker of xdist is done: its figures join the others'."""
    output: Mapping[str, Any] = getattr(node, "workeroutput", {})
    if _WORKER_OUTPUT in output:
        RUN.add(**output[_WORKER_OUTPUT])


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its figures on; whoever has all of them judges the run."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_WORKER_OUTPUT] = RUN.to_json()
        return
    if session.exitstatus == pytest.ExitCode.OK and _faults(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The figures in one line, and what is wrong with them in red."""
    if RUN.stories == 0 and not _faults(config):
        return
    terminalreporter.write_line(str(RUN))
    for fault in _faults(config):
        terminalreporter.write_line(fault, red=True)


def _faults(config: pytest.Config) -> list[str]:
    return RUN.faults(at_least=config.getoption(_OPTION))
