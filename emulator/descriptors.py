"""File descriptors of a process that has many of them open."""

import contextlib
import resource
import select
from collections.abc import Sequence

_MOST = 65_536
"""Open files that a cloud may have; far more than were ever seen."""


def allow_many() -> None:
    """This process may have as many files open as its user may ask for, 65,536 at most.

    Many shells set a thousand, which a cloud with some stacks comes near.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(_MOST, hard)
    if soft < wanted:
        with contextlib.suppress(ValueError):  # some systems have a limit that they do not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def readable(descriptors: Sequence[int], *, seconds: float | None) -> frozenset[int]:
    """Those that can be read, or have ended, within the time; None waits for one.

    By poll: select takes no descriptor from 1024 on.
    """
    waiting = select.poll()
    for descriptor in descriptors:
        waiting.register(descriptor, select.POLLIN)
    found = waiting.poll(None if seconds is None else seconds * 1_000)
    return frozenset(descriptor for descriptor, _ in found)
