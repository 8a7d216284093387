"""Threads for work that may call this server back, which no pool of a bounded size may wait for.

Seam: `concurrency.run_reentrant`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from ministack.core import concurrency

T = TypeVar("T")


async def on_own_thread(work: Callable[..., T], *given: Any, name: str) -> T:
    """What the work returned, done on a thread of its own in this context."""
    done: T = await concurrency.run_reentrant(work, *given, thread_name=name)
    return done
