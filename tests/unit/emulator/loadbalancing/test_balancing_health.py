"""Health checks of target groups, and what Route 53 makes of them."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulator.loadbalancing.health import GroupHealth, matches
from emulator.loadbalancing.store import Entry, Store

BALANCER = "arn:aws:elasticloadbalancing:r:a:loadbalancer/app/b/1"
LISTENER = "arn:aws:elasticloadbalancing:r:a:listener/app/b/1/2"
RULE = "arn:aws:elasticloadbalancing:r:a:listener-rule/app/b/1/2/3"


def _group(arn: str, **shape: Any) -> Entry:
    checks = {
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 10,
        "HealthyThresholdCount": 3,
        "UnhealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200-299"},
    }
    return Entry(arn=arn, shape={**checks, **shape}, targets=[{"Id": "function"}])


@dataclass
class World:
    """A load balancer before the groups `g` and `other`, on a clock moved by hand."""

    status: int | None = 200
    seconds: float = 0.0
    checked: int = 0
    store: Store = field(default_factory=Store)
    health: GroupHealth = field(init=False)

    def __post_init__(self) -> None:
        """The groups are in use."""

        async def probe(_group: Entry, _target: Any) -> int | None:
            self.checked += 1
            return self.status

        self.health = GroupHealth(store=self.store, probe=probe, now=lambda: self.seconds)
        self.store.groups = {"g": _group("g"), "other": _group("other", HealthCheckEnabled=False)}
        self.store.balancers[BALANCER] = Entry(arn=BALANCER, shape={})
        self.store.listeners[LISTENER] = Entry(arn=LISTENER, shape={"LoadBalancerArn": BALANCER})
        self.forward_to("g")

    def forward_to(self, *groups: str) -> None:
        """The listener's default rule leads there."""
        listed = [{"TargetGroupArn": arn, "Weight": 1} for arn in groups]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": listed}}
        shape = {"Priority": "default", "Conditions": [], "Actions": [action]}
        self.store.rules[RULE] = Entry(arn=RULE, shape=shape)

    def check(self, *statuses: int | None) -> str:
        """The state of `g` after checks that saw these."""

        async def run() -> None:
            for self.status in statuses:
                self.health.tick()
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                self.seconds += 10.0

        asyncio.run(run())
        return self.state("g")

    def state(self, arn: str) -> str:
        """The state of a group's target."""
        return str(self.health.state(self.store.groups[arn])["State"])


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        ((), "initial"),
        ((200,), "healthy"),
        ((500,), "initial"),
        ((500, 500), "unhealthy"),
        ((None, None), "unhealthy"),
        ((200, 500), "healthy"),
        ((200, 500, 503), "unhealthy"),
        ((200, 500, 200, 500), "healthy"),
        ((500, 500, 200, 200), "unhealthy"),
        ((500, 500, 200, 204, 299), "healthy"),
    ],
)
def test_states_follow_the_checks(statuses: tuple[int | None, ...], state: str) -> None:
    """One pass ends `initial`; then two failures or three passes in a row change it."""
    assert World().check(*statuses) == state


def test_a_target_is_checked_once_an_interval() -> None:
    """More ticks make no more checks."""
    world = World()

    async def run() -> None:
        for _ in range(5):
            world.health.tick()
            await asyncio.sleep(0)

    asyncio.run(run())
    assert world.checked == 1


def test_a_group_that_nothing_forwards_to_is_unused_and_not_checked() -> None:
    """Checks cost invocations."""
    world = World()
    world.forward_to("other")

    assert world.check(200) == "unused"
    assert world.checked == 0


def test_without_checks_a_target_is_unavailable() -> None:
    """Which says that nobody looks, not that it is ill."""
    world = World()
    world.forward_to("g", "other")

    assert world.state("other") == "unavailable"


def test_a_new_target_is_checked_anew() -> None:
    """What was known of the old one does not count."""
    world = World()
    world.check(500, 500)
    world.health.forget("g")

    assert world.state("g") == "initial"


@pytest.mark.parametrize(
    ("groups", "statuses", "healthy"),
    [
        (("g",), (), False),
        (("g",), (200,), True),
        (("g",), (500, 500), False),
        (("g", "other"), (200,), True),
        (("g", "other"), (500, 500), False),
        (("other",), (), True),
        ((), (), True),
    ],
)
def test_a_load_balancer_is_healthy_if_every_group_serves(
    *, groups: tuple[str, ...], statuses: tuple[int, ...], healthy: bool
) -> None:
    """One group without a healthy target makes it unhealthy for Route 53."""
    world = World()
    world.forward_to(*groups)
    world.check(*statuses)

    assert world.health.balancer_healthy(BALANCER) is healthy


def test_a_group_without_targets_makes_its_load_balancer_unhealthy() -> None:
    """There is nothing to forward to."""
    world = World()
    world.check(200)
    world.store.groups["g"].targets = []

    assert not world.health.balancer_healthy(BALANCER)


@pytest.mark.parametrize(
    ("codes", "status", "fits"),
    [("200", 200, True), ("200", 201, False), ("200,300-302", 301, True), ("200-204", 205, False)],
)
def test_codes_are_lists_of_numbers_and_ranges(*, codes: str, status: int, fits: bool) -> None:
    """As the matcher of a target group writes them."""
    assert matches(codes, status) is fits
