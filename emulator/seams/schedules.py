"""Schedules of ministack's EventBridge, of rules and of its Scheduler, by a clock of ours.

ministack looks every ten seconds of the wall's clock, in threads of its own: neither starts here.

Seams: `eventbridge._now_ts`, `start_scheduler` and `_tick_scheduled_rules`; `scheduler._now`,
`time`, `start_scheduler` and `_tick_schedules`.
"""

from collections.abc import Callable
from types import SimpleNamespace

from ministack.services import eventbridge, scheduler


def attach(now: Callable[[], float]) -> None:
    """What EventBridge stamps and compares are moments of this clock, in Unix seconds."""
    eventbridge._now_ts = now
    scheduler._now = now
    scheduler.time = SimpleNamespace(time=now)
    eventbridge.start_scheduler = scheduler.start_scheduler = _start_no_thread


def fire_due() -> None:
    """What has been due since the last call was started, once each; may wait for targets."""
    eventbridge._tick_scheduled_rules()
    scheduler._tick_schedules()


def _start_no_thread() -> None:
    """Our own loop looks (`emulator.schedules`)."""
