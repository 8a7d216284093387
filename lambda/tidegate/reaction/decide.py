"""Whether anything is done about what a monitor found, and if not, why not.

A guard against storms: one act at a time, none while a release is open or a run of training goes
on, none before the last one's version was decided on, a pause after each, and so many a month.
"""

import hashlib
import time
from collections.abc import Iterator

from tidegate.monitoring.shares import Family
from tidegate.reaction.memory import Act, Memory
from tidegate.reaction.plan import MONTH_SECONDS, Action, ReactionPlan
from tidegate.values import value


@value
class Found:
    """What the monitor's last report says: the moment, the baseline, and what is refused."""

    at: float
    baseline: str
    families: tuple[Family, ...]
    names: tuple[str, ...]
    """Family and feature of each finding, as the event names them."""


@value
class Around:
    """The world around a model: what is live, and what is under way."""

    model: str
    live: str
    """Digest of the live version."""
    moved_at: float
    """When it became live, in seconds since the epoch."""
    open_release: str | None = None
    running: str | None = None
    """A run of training that is not over."""
    waiting: str | None = None
    """A registered version that nobody has approved or rejected."""
    no_way_back: str | None = None
    """Why the version before the live one cannot be released; None where it can be."""


@value
class Decision:
    """An act to begin, or None; and the sentence that says why.

    `held_back` says that findings ask for an act, and that something speaks against it now.
    """

    act: Act | None
    reason: str
    held_back: bool = False


def decide(
    plan: ReactionPlan, memory: Memory, found: Found | None, around: Around, *, now: float
) -> Decision:
    """What is to be done now.

    An act that was decided and not begun is decided again, as it was, while the same version is
    live.
    """
    unfinished = memory.unfinished
    if unfinished is not None and unfinished.live == around.live:
        return Decision(act=unfinished, reason=f"{unfinished.action} {unfinished.number} goes on")
    if found is None:
        return Decision(act=None, reason="the monitor has not looked yet")
    if not found.names:
        return Decision(act=None, reason="nothing is found")
    action = plan.action_on(found.families)
    if action is Action.ALERT:
        return Decision(act=None, reason="what is found asks for nobody but people")
    against = next(_against(plan, memory, found, around, action, now), None)
    if against is not None:
        return Decision(act=None, reason=f"no {action}: {against}", held_back=True)
    act = _act(memory, found, around, action, now)
    return Decision(act=act, reason=act.reason)


def _against(  # noqa: PLR0917 - all that a decision is made of
    plan: ReactionPlan,
    memory: Memory,
    found: Found,
    around: Around,
    action: Action,
    now: float,
) -> Iterator[str]:
    """What speaks against an act now, the most telling first."""
    if found.at <= around.moved_at:
        yield "the report is older than the live version, the next look says more"
    if around.open_release is not None:
        yield f"release {around.open_release} is open"
    if around.running is not None:
        yield f"run {around.running} of the training is not over"
    if around.waiting is not None:
        yield f"{around.waiting} waits for approval: approve or reject it"
    last = memory.last
    if last is not None and now < last.at + plan.pause_seconds:
        until = _moment(last.at + plan.pause_seconds)
        yield f"the last act was at {_moment(last.at)}, the pause lasts until {until}"
    month = memory.since(now - MONTH_SECONDS)
    if len(month) >= plan.most_a_month:
        free = _moment(month[-plan.most_a_month].at + MONTH_SECONDS)
        yield (
            f"{len(month)} acts in the last 30 days, most_a_month is {plan.most_a_month}: what is "
            f"done does not cure it, people are needed (the next act may be at {free})"
        )
    if action is Action.ROLL_BACK and around.no_way_back is not None:
        yield around.no_way_back


def _act(  # noqa: PLR0917 - all that an act is made of
    memory: Memory, found: Found, around: Around, action: Action, now: float
) -> Act:
    number = 1 if memory.last is None else memory.last.number + 1
    return Act(
        number=number,
        action=action,
        at=now,
        token=token_of(around.model, number=number, at=now),
        findings=found.names,
        baseline=found.baseline,
        live=around.live,
        reason=f"{action}: {_named(found)}",
    )


def token_of(model: str, *, number: int, at: float) -> str:
    """A token of 32 hexadecimal characters, the least that StartPipelineExecution takes."""
    return hashlib.sha256(f"{model}\0{number}\0{at!r}".encode()).hexdigest()[:32]


_NAMED = 3


def _named(found: Found) -> str:
    more = len(found.names) - _NAMED
    named = ", ".join(found.names[:_NAMED])
    return named if more <= 0 else f"{named} and {more} more"


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))
