"""Fleets of one group: which instances stay, which are replaced, and who is told so when."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.aws import RELEASE_TABLE, mocked_aws
from tidegate.ec2 import rolling_config, rolling_name
from tidegate.errors import ConflictError, DeployRefusedError, InstancesFailedError, NotFoundError
from tidegate_aws import clients
from tidegate_aws.managed_shares import ManagedShares
from tidegate_aws.rolling_fleets import RollingFleets

NAME = rolling_name("demo-test-flights")
BLUE, GREEN = "flights-blue-1", "flights-green-2"
CONFIG = rolling_config("flights-rolling", {"blue": BLUE, "green": GREEN})


class Exceptions:
    """Errors of a client, as botocore has them."""

    ClientError = ClientError


@dataclass
class Group:
    """A group of instances, its refreshes, and a clock; both clients at once."""

    size: int = 4
    template: str = BLUE
    made_of: dict[str, str] = field(
        default_factory=lambda: {f"i-{number}": BLUE for number in range(4)}
    )
    protected: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    starting: set[str] = field(default_factory=set)
    refreshes: list[dict[str, Any]] = field(default_factory=list)
    begun: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    taken: bool = False
    exceptions = Exceptions

    def describe_auto_scaling_groups(self, AutoScalingGroupNames: list[str]) -> Any:  # noqa: N803
        """The group, unless it has no size."""
        assert AutoScalingGroupNames == ["flights-rolling"]
        if self.size == 0:
            return {"AutoScalingGroups": []}
        instances = [
            {
                "InstanceId": one,
                "LaunchTemplate": {"LaunchTemplateName": template, "Version": "1"},
                "LifecycleState": "Pending" if one in self.starting else "InService",
                "ProtectedFromScaleIn": one in self.protected,
            }
            for one, template in self.made_of.items()
        ]
        leaving = {"InstanceId": "i-x", "LifecycleState": "Terminating"}
        return {
            "AutoScalingGroups": [
                {
                    "DesiredCapacity": self.size,
                    "LaunchTemplate": {"LaunchTemplateName": self.template},
                    "Instances": [*instances, leaving],
                    "TargetGroupARNs": ["blue", "green"],
                }
            ]
        }

    def describe_target_health(self, TargetGroupArn: str) -> Any:  # noqa: N803
        """Instances are healthy at the port of what they run only."""
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": one}, "TargetHealth": {"State": state}}
                for one, template in self.made_of.items()
                for fits in [TargetGroupArn in template and one not in self.silent]
                for known in ["initial" if one in self.new else "unhealthy"]
                for state in ["healthy" if fits else known]
            ]
        }

    def describe_instance_refreshes(self, **asked: Any) -> Any:
        """The newest."""
        assert asked == {"AutoScalingGroupName": "flights-rolling", "MaxRecords": 1}
        return {"InstanceRefreshes": self.refreshes[:1]}

    def set_instance_protection(self, **asked: Any) -> None:
        """The instances stay, or may go."""
        ids = set(asked["InstanceIds"])
        assert len(ids) <= 50
        self.protected = (
            self.protected | ids if asked["ProtectedFromScaleIn"] else self.protected - ids
        )

    def start_instance_refresh(self, **asked: Any) -> None:
        """One is under way, unless somebody else was first."""
        if self.taken:
            told = {"Error": {"Code": "InstanceRefreshInProgress", "Message": "no"}}
            raise ClientError(told, "StartInstanceRefresh")  # type: ignore[arg-type]
        self.begun.append(asked)
        desired = asked["DesiredConfiguration"]
        self.refreshes.insert(0, {"Status": "InProgress", "DesiredConfiguration": desired})

    def cancel_instance_refresh(self, **asked: Any) -> None:
        """The newest is cancelled, in a while."""
        assert asked == {"AutoScalingGroupName": "flights-rolling"}
        self.refreshes[0]["Status"] = "Cancelling"

    def update_auto_scaling_group(self, **asked: Any) -> None:
        """New instances start from another template."""
        self.template = asked["LaunchTemplate"]["LaunchTemplateName"]

    def finish(self) -> None:
        """The refresh under way has replaced whatever it may."""
        newest = self.refreshes[0]
        template = newest["DesiredConfiguration"]["LaunchTemplate"]["LaunchTemplateName"]
        for one, made_of in list(self.made_of.items()):
            if made_of != template and one not in self.protected:
                del self.made_of[one]
                self.made_of[f"{one}-new"] = template
        newest["Status"] = "Successful"

    def now(self) -> float:
        """Its time."""
        return self.seconds

    def pause(self, seconds: float) -> None:
        """Time passes, and refreshes end in it."""
        self.seconds += seconds
        if self.refreshes and self.refreshes[0]["Status"] == "InProgress":
            self.finish()
        elif self.refreshes and self.refreshes[0]["Status"] == "Cancelling":
            self.refreshes[0]["Status"] = "Cancelled"


@pytest.fixture
def group() -> Group:
    """Four instances of the blue version."""
    return Group()


@pytest.fixture
def fleets(group: Group) -> Iterator[RollingFleets]:
    """A fleet that was declared, blue live."""
    with mocked_aws():
        kept = ManagedShares(client=clients.dynamodb(), table=RELEASE_TABLE)
        made = RollingFleets(shares=kept, autoscaling=lambda: group, balancing=lambda: group)
        made.declare(NAME, CONFIG, ["blue", "green"], "blue")
        yield made


def test_each_slot_has_those_that_answer_and_may_have_the_group(
    fleets: RollingFleets, group: Group
) -> None:
    """An instance of a version that does not answer yet is not counted."""
    group.made_of |= {"i-3": GREEN}
    group.silent = {"i-0"}
    state = fleets.read(NAME)
    assert (state.config_name, state.shares()) == (CONFIG, {"blue": 100.0, "green": 0.0})
    counted = {s: (v.current_instances, v.desired_instances) for s, v in state.variants.items()}
    assert counted == {"blue": (2, 4), "green": (1, 4)}


def test_a_group_that_is_gone_is_another_configuration(fleets: RollingFleets, group: Group) -> None:
    """Whoever compares it finds that something deployed underneath; waking says so."""
    group.size = 0
    assert fleets.read(NAME).config_name == ""
    with pytest.raises(NotFoundError, match="flights-rolling"):
        fleets.wake(NAME, "green", share=25)


def test_a_step_replaces_its_batch_only(fleets: RollingFleets, group: Group) -> None:
    """The others are protected; a new instance is there before an old one goes."""
    fleets.wake(NAME, "green", share=25)
    (asked,) = group.begun
    assert asked["DesiredConfiguration"] == {
        "LaunchTemplate": {"LaunchTemplateName": GREEN, "Version": "1"}
    }
    preferences = asked["Preferences"]
    assert preferences["SkipMatching"] is True
    assert preferences["ScaleInProtectedInstances"] == "Ignore"
    assert (preferences["MinHealthyPercentage"], preferences["MaxHealthyPercentage"]) == (100, 200)
    group.finish()
    assert sorted(group.made_of.values()) == [BLUE, BLUE, BLUE, GREEN]
    fleets.wake(NAME, "green", share=75)
    group.finish()
    assert sorted(group.made_of.values()) == [BLUE, GREEN, GREEN, GREEN]


def test_asking_again_begins_nothing(fleets: RollingFleets, group: Group) -> None:
    """Neither while the refresh is under way nor after it."""
    fleets.wake(NAME, "green", share=50)
    fleets.wake(NAME, "green", share=50)
    group.finish()
    fleets.wake(NAME, "green", share=50)
    assert len(group.begun) == 1


def test_everything_takes_every_instance_along(fleets: RollingFleets, group: Group) -> None:
    """Also those that an earlier step protected."""
    fleets.wake(NAME, "green", share=75)
    group.finish()
    with pytest.raises(ConflictError):
        fleets.wake(NAME, "green", share=100)
    assert group.refreshes[0]["Status"] == "InProgress"
    group.finish()
    fleets.wake(NAME, "green", share=100)
    assert set(group.made_of.values()) == {GREEN}
    assert group.protected.isdisjoint(group.made_of)


def test_the_way_back_cancels_what_goes_forward(fleets: RollingFleets, group: Group) -> None:
    """It is asked again until nothing else is under way."""
    fleets.wake(NAME, "green", share=50)
    for status in ("InProgress", "Cancelling"):
        assert group.refreshes[0]["Status"] == status
        with pytest.raises(ConflictError, match=GREEN):
            fleets.wake(NAME, "blue", share=100)
    group.refreshes[0]["Status"] = "Cancelled"
    group.made_of["i-2"] = GREEN
    with pytest.raises(ConflictError, match=BLUE):
        fleets.wake(NAME, "blue", share=100)
    group.finish()
    fleets.wake(NAME, "blue", share=100)
    assert set(group.made_of.values()) == {BLUE}


def test_a_version_that_never_answers_is_told(fleets: RollingFleets, group: Group) -> None:
    """Once its instances had their time; before, they are waited for."""
    fleets.wake(NAME, "green", share=50)
    group.finish()
    group.silent = {one for one, made_of in group.made_of.items() if made_of == GREEN}
    group.new = set(group.silent)
    fleets.wake(NAME, "green", share=50)
    group.new = set()
    with pytest.raises(InstancesFailedError, match=f"2 of 2 instances of {GREEN}"):
        fleets.wake(NAME, "green", share=50)


def test_instances_that_start_are_waited_for(fleets: RollingFleets, group: Group) -> None:
    """None of them can be protected before it is in service."""
    group.starting = {"i-0"}
    with pytest.raises(ConflictError, match="start"):
        fleets.wake(NAME, "green", share=25)
    assert group.begun == []


def test_what_makes_another_version_is_cancelled_while_its_instances_start(
    fleets: RollingFleets, group: Group
) -> None:
    """Nobody waits for them first."""
    fleets.wake(NAME, "green", share=50)
    group.made_of["i-4"], group.starting = GREEN, {"i-4"}
    with pytest.raises(ConflictError, match=GREEN):
        fleets.wake(NAME, "blue", share=50)
    assert group.refreshes[0]["Status"] == "Cancelling"


def test_the_next_step_waits_for_the_one_before(fleets: RollingFleets, group: Group) -> None:
    """A refresh under way knows nothing of instances that were let go since."""
    fleets.wake(NAME, "green", share=25)
    with pytest.raises(ConflictError):
        fleets.wake(NAME, "green", share=50)
    assert group.refreshes[0]["Status"] == "InProgress"


def test_who_comes_second_is_told(fleets: RollingFleets, group: Group) -> None:
    """A refresh that begins between the look and the start is a conflict."""
    group.taken = True
    with pytest.raises(ConflictError):
        fleets.wake(NAME, "green", share=25)


def test_shares_are_set_at_once(fleets: RollingFleets, group: Group) -> None:
    """Instances are another matter."""
    fleets.set_weights(NAME, {"blue": 0, "green": 100})
    assert fleets.read(NAME).shares() == {"blue": 0.0, "green": 100.0}
    assert group.begun == []


def test_a_deploy_brings_every_instance_to_the_live_version(
    fleets: RollingFleets, group: Group
) -> None:
    """What a release left, or a deploy that changes what instances are, is replaced meanwhile."""
    group.made_of |= {"i-0": GREEN, "i-1": "flights-blue-0"}
    fleets.await_instances(CONFIG, "blue", clock=group, seconds=60)
    assert set(group.made_of.values()) == {BLUE}


def test_instances_that_are_too_late_fail_the_deploy(fleets: RollingFleets, group: Group) -> None:
    """With how many there are, and what may be done."""
    group.silent = {"i-0"}
    with pytest.raises(DeployRefusedError) as refused:
        fleets.await_instances(CONFIG, "blue", clock=group, seconds=60)
    assert "after 60 s 3 of 4 instances of flights-rolling run flights-blue-1" in str(refused.value)
    group.size = 0
    with pytest.raises(DeployRefusedError, match="there is no group flights-rolling"):
        fleets.await_instances(CONFIG, "blue", clock=group, seconds=0)


def test_new_instances_start_from_the_live_version(fleets: RollingFleets, group: Group) -> None:
    """A deploy that was taken back may have told the group another."""
    group.template = "flights-blue-0"
    fleets.declare(NAME, CONFIG, ["blue", "green"], "green")
    assert group.template == GREEN
