"""Health checks of targets: each check asks the function or the instance, on the cloud's clock.

States and reasons are those of TargetHealth (API reference). A target starts as `initial`; one
passed check makes it healthy; later changes take the thresholds. Without health checks, a group's
target is `unavailable`, which routes and counts as healthy for Route 53.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from emulator.loadbalancing.store import Entry, Json, Store

Probe = Callable[[Entry, Json], Awaitable[int | None]]
"""Checks a target of the group once; its status code, None if it failed to answer."""

SERVING = frozenset({"healthy", "unavailable"})


@dataclass(slots=True, kw_only=True)
class _Checked:
    state: str = "initial"
    said: str = "Initial health checks in progress"
    streak: int = 0
    next_at_seconds: float = 0.0
    under_way: bool = False


class GroupHealth:
    """Checks what is due and tells how targets are."""

    def __init__(self, *, store: Store, probe: Probe, now: Callable[[], float]) -> None:
        self._store = store
        self._probe = probe
        self._now = now
        self._checked: dict[tuple[str, str], _Checked] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def state(self, group: Entry, target: Json | None = None) -> Json:
        """The member TargetHealth of a target of the group, its only one without `target`."""
        if not self._store.users_of(group.arn):
            return _unused("Target.NotInUse", "Target group is not configured for routing")
        if not group.shape["HealthCheckEnabled"]:
            return {
                "State": "unavailable",
                "Reason": "Target.HealthCheckDisabled",
                "Description": "Health checks are disabled for this target group",
            }
        found = target if target is not None else next(iter(group.targets), {"Id": ""})
        checked = self._checked.get((group.arn, found["Id"]), _Checked())
        if checked.state == "healthy":
            return {"State": "healthy"}
        if checked.state == "initial":
            reason = "Elb.InitialHealthChecking"
        else:
            reason = "Target.ResponseCodeMismatch"
        return {"State": checked.state, "Reason": reason, "Description": checked.said}

    def balancer_healthy(self, balancer_arn: str) -> bool:
        """Whether Route 53 counts the load balancer as healthy (AliasTarget, API reference).

        Every target group must have a target that serves; one without targets does not. A load
        balancer that forwards nowhere counts as healthy: AWS does not say.
        """
        groups = self._store.groups_of(balancer_arn)
        return all(any(self._serves(group, one) for one in group.targets) for group in groups)

    def routed(self, group: Entry) -> list[Json]:
        """The targets that get requests: those that serve; all of them where none does.

        User guide, "Health checks for Application Load Balancer target groups": fail open.
        """
        return [one for one in group.targets if self._serves(group, one)] or list(group.targets)

    def forget(self, group_arn: str) -> None:
        """The group's targets are checked anew."""
        for key in [key for key in self._checked if key[0] == group_arn]:
            del self._checked[key]

    def tick(self) -> None:
        """Every target that is due is being checked; the loop is not held up by them."""
        now = self._now()
        for group in self._store.groups.values():
            due = group.shape["HealthCheckEnabled"] and group.targets
            if due and self._store.users_of(group.arn):
                for target in group.targets:
                    self._check_if_due(group, target, now)

    def _check_if_due(self, group: Entry, target: Json, now: float) -> None:
        checked = self._checked.setdefault((group.arn, target["Id"]), _Checked())
        if checked.next_at_seconds <= now and not checked.under_way:
            checked.under_way = True
            checked.next_at_seconds = now + group.shape["HealthCheckIntervalSeconds"]
            task = asyncio.get_running_loop().create_task(self._check(group, target, checked))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Nothing is being checked."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _serves(self, group: Entry, target: Json) -> bool:
        return self.state(group, target)["State"] in SERVING

    async def _check(self, group: Entry, target: Json, checked: _Checked) -> None:
        try:
            status = await self._probe(group, target)
        finally:
            checked.under_way = False
        passed = status is not None and matches(group.shape["Matcher"]["HttpCode"], status)
        if not passed:
            shown = "no answer" if status is None else f"code [{status}]"
            checked.said = f"Health checks failed with these codes: {shown}"
        if checked.state == "initial" and passed:
            checked.state, checked.streak = "healthy", 0
            return
        agrees = (checked.state == "healthy") == passed
        checked.streak = 0 if agrees and checked.state != "initial" else checked.streak + 1
        member = "HealthyThresholdCount" if passed else "UnhealthyThresholdCount"
        if checked.streak >= group.shape[member]:
            checked.state, checked.streak = ("healthy" if passed else "unhealthy"), 0


def matches(codes: str, status: int) -> bool:
    """Whether a status is among codes and ranges like `200,300-399`."""
    for part in codes.split(","):
        low, _, high = part.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def _unused(reason: str, description: str) -> Json:
    return {"State": "unused", "Reason": reason, "Description": description}
