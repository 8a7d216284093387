"""Kills whoever calls a port, at a chosen call: before it is done, or after it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class KilledError(Exception):
    """The process died: never caught by the code under test."""


@dataclass
class Reaper:
    """Kills whoever makes the n-th call of a port, before it is done or after it.

    One reaper watches any number of ports; `calls` counts them all. It kills once.
    """

    at_call: int | None = None
    after: bool = False
    calls: int = 0

    def watch(self, port: Any) -> Any:
        """The port, with every call of it counted."""
        return _Watched(port, self)

    def call(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What the method returns, unless this is the call to die at."""
        self.calls += 1
        mine = self.calls == self.at_call
        if mine and not self.after:
            raise KilledError(f"before call {self.calls}: {method.__name__}")
        try:
            return method(*args, **kwargs)
        finally:
            # Whoever is killed does not live to see an error either.
            if mine:
                raise KilledError(f"after call {self.calls}: {method.__name__}")


class _Watched:
    def __init__(self, port: Any, reaper: Reaper) -> None:
        self._port = port
        self._reaper = reaper

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if not callable(method):
            return method
        return lambda *args, **kwargs: self._reaper.call(method, *args, **kwargs)
