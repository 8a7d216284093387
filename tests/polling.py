"""Waiting for something that takes a while, with a deadline instead of a sleep."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_STEP_SECONDS = 0.02
_STEP = threading.Event()


def until(probe: Callable[[], T | None], *, seconds: float, what: str) -> T:
    """What the probe returned once it is neither None nor False; AssertionError at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found is not None and found is not False:
            return found
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what}: not within {seconds} s, last seen {found!r}")
        _STEP.wait(_STEP_SECONDS)
