"""Kills whoever calls a port, at a chosen call: before it is done, or after it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest


class KilledError(Exception):
    """The process died: never caught by the code under test."""


Calls = Callable[["Reaper"], Sequence[int]]
"""Which of the calls that a reaper watched are worth a death."""


@dataclass
class Reaper:
    """Kills whoever makes the n-th call of a port, before it is done or after it.

    One reaper watches any number of ports; `called` has the name of every call. It kills once.
    """

    at_call: int | None = None
    after: bool = False
    called: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """How many there were."""
        return len(self.called)

    def watch(self, port: Any) -> Any:
        """The port, with every call of it counted."""
        return _Watched(port, self)

    def call(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What the method returns, unless this is the call to die at."""
        self.called.append(method.__name__)
        mine = self.calls == self.at_call
        if mine and not self.after:
            raise KilledError(f"before call {self.calls}: {method.__name__}")
        try:
            return method(*args, **kwargs)
        finally:
            # Whoever is killed does not live to see an error either.
            if mine:
                raise KilledError(f"after call {self.calls}: {method.__name__}")


def every_call(reaper: Reaper) -> Sequence[int]:
    """The numbers of all its calls."""
    return range(1, reaper.calls + 1)


def turning_calls(reaper: Reaper) -> Sequence[int]:
    """Of calls that follow the same call, the first and the last: none does what others do not.

    A release repeats its looks for hours, and killing it in each hits little that is new.
    """
    first: dict[tuple[str, str], int] = {}
    last: dict[tuple[str, str], int] = {}
    for number, pair in enumerate(pairwise(["", *reaper.called]), start=1):
        first.setdefault(pair, number)
        last[pair] = number
    return sorted({*first.values(), *last.values()})


KILLS = (
    pytest.param(turning_calls, False, id="before-turns"),
    pytest.param(turning_calls, True, id="after-turns"),
    pytest.param(every_call, False, id="before", marks=pytest.mark.accept),
    pytest.param(every_call, True, id="after", marks=pytest.mark.accept),
)
"""At which calls a release is killed, and whether they had their effect; each is a release."""


class _Watched:
    def __init__(self, port: Any, reaper: Reaper) -> None:
        self._port = port
        self._reaper = reaper

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if not callable(method):
            return method
        return lambda *args, **kwargs: self._reaper.call(method, *args, **kwargs)
