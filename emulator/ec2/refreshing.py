"""What an instance refresh does next. Pure but for `note`, which writes down where it got to.

Sources: EC2 Auto Scaling user guide, "How an instance refresh works in an Auto Scaling group" and
"Use an instance refresh with skip matching"; API reference, "RefreshPreferences".
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from emulator.ec2.state import (
    CANCELLED,
    CANCELLING,
    FAILED,
    IGNORE,
    IN_PROGRESS,
    IN_SERVICE,
    REPLACE,
    SUCCESSFUL,
    Group,
    Instance,
    Refresh,
    RefreshRules,
)

PATIENCE_SECONDS = 3_600.0
"""Without progress for so long, a refresh fails; with a protected instance AWS waits as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What is done now, and how many of all were replaced; `status` is the refresh's from now."""

    launch: int = 0
    end: tuple[str, ...] = ()
    """The ids of the instances that end."""
    updated: int = 0
    total: int = 0
    status: str = IN_PROGRESS
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The instances that stay: to be replaced, protected from that, and all others."""

    old: Sequence[Instance]
    kept: Sequence[Instance]
    new: Sequence[Instance]


def bounds(rules: RefreshRules, desired: int) -> tuple[int, int]:
    """How many instances are healthy at least, and how many there are at most.

    One can always be replaced: with a minimum of 100 % it is launched before one ends ("To replace
    one instance at a time, set both ... to 100 percent"), else one ends first where percentages of
    a small group leave no room (AWS does not say).
    """
    low = math.ceil(desired * rules.min_healthy / 100)
    high = math.floor(desired * rules.max_healthy / 100)
    if rules.min_healthy == 100:
        return desired, max(high, desired + 1)
    return (max(desired - 1, 0), high) if low == high else (low, high)


def is_ready(instance: Instance, refresh: Refresh, now: float) -> bool:
    """Whether it counts as healthy: it serves, and a new one has done so for the warm-up."""
    if not instance.serves:
        return False
    if instance.instance_id in refresh.before:
        return True
    since = instance.in_service_at
    return since is not None and now - since >= refresh.rules.warmup


def decide(instances: Sequence[Instance], refresh: Refresh, *, desired: int, now: float) -> Step:
    """Who is launched and who ends now, in a group that is to have `desired` instances."""
    if refresh.status == CANCELLING:
        return _cancelling(instances, refresh)
    staying = [one for one in instances if one.stays]
    parts = _parted(staying, refresh)
    total = total_of(staying, refresh)
    updated = _updated(parts, refresh, total, now)
    patient_since = now if updated > refresh.updated else refresh.progressed_at
    complete = len(staying) >= desired
    status, reason = _status(parts, refresh, now, complete=complete, since=patient_since)
    step = Step(updated=updated, total=total, status=status, reason=reason)
    if status != IN_PROGRESS:
        return step
    low, high = bounds(refresh.rules, desired)
    idle = [one.instance_id for one in parts.old if not one.serves]
    serving = [one.instance_id for one in parts.old if one.serves]
    ready = sum(is_ready(one, refresh, now) for one in staying)
    end = (*idle, *serving[: max(ready - low, 0)])
    room = high - (len(staying) - len(end))
    missing = desired - len(parts.new) - len(parts.kept)
    return replace(step, launch=max(min(room, missing), 0), end=end)


def total_of(staying: Iterable[Instance], refresh: Refresh) -> int:
    """How many are to be replaced in all: without protected ones that are left as they are."""
    ignored = [one for one in _parted(list(staying), refresh).kept if _ignores(refresh)]
    return len(refresh.outdated) - len(ignored)


def note(group: Group, refresh: Refresh, step: Step, *, now: float) -> None:
    """The refresh is as the step says; by its success the group has the desired configuration."""
    if step.updated > refresh.updated:
        refresh.progressed_at = now
    refresh.updated, refresh.total = step.updated, step.total
    refresh.status, refresh.reason = step.status, step.reason
    if step.status == SUCCESSFUL:
        refresh.updated = refresh.total
        template = (refresh.configuration or {}).get("LaunchTemplate")
        if template is not None:
            group.shape = {**group.shape, "LaunchTemplate": template}
    if step.status in {SUCCESSFUL, FAILED, CANCELLED}:
        refresh.end(step.status, now=now, reason=step.reason)


def _cancelling(instances: Sequence[Instance], refresh: Refresh) -> Step:
    moving = refresh.awaits_transitions and any(one.state != IN_SERVICE for one in instances)
    status = CANCELLING if moving else CANCELLED
    return Step(updated=refresh.updated, total=refresh.total, status=status, reason=refresh.reason)


def _parted(staying: Sequence[Instance], refresh: Refresh) -> _Parts:
    outdated = [one for one in staying if one.instance_id in refresh.outdated]
    spared = refresh.rules.protected != REPLACE
    return _Parts(
        old=[one for one in outdated if not (spared and one.protected)],
        kept=[one for one in outdated if spared and one.protected],
        new=[one for one in staying if one.instance_id not in refresh.outdated],
    )


def _ignores(refresh: Refresh) -> bool:
    return refresh.rules.protected == IGNORE


def _outstanding(parts: _Parts, refresh: Refresh) -> int:
    """How many that are to be replaced are still there."""
    return len(parts.old) + (0 if _ignores(refresh) else len(parts.kept))


def _updated(parts: _Parts, refresh: Refresh, total: int, now: float) -> int:
    """How many have a new one in their place that counts; never fewer than before."""
    made = [one for one in parts.new if one.instance_id not in refresh.before]
    ready = sum(is_ready(one, refresh, now) for one in made)
    return max(min(ready, total - _outstanding(parts, refresh)), refresh.updated)


def _status(
    parts: _Parts, refresh: Refresh, now: float, *, complete: bool, since: float
) -> tuple[str, str | None]:
    """And why; `since` is the last progress, `complete` says that no instance is missing."""
    if not refresh.outdated:
        return SUCCESSFUL, None
    ready = all(is_ready(one, refresh, now) for one in parts.new)
    if complete and ready and not _outstanding(parts, refresh):
        return SUCCESSFUL, None
    blocked = bool(parts.kept) and not parts.old and ready and not _ignores(refresh)
    named = ", ".join(one.instance_id for one in parts.kept)
    # A warm-up may take longer than AWS waits for anything else.
    patience = PATIENCE_SECONDS + (0 if ready else refresh.rules.warmup)
    if now - since < patience:
        return IN_PROGRESS, f"Waiting for {named}: protected from scale in." if blocked else None
    if blocked:
        return FAILED, f"Protected from scale in for an hour: {named}."
    return FAILED, "No instance was replaced for an hour; see the scaling activities."
