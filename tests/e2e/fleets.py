"""A world whose model is on EC2 instances of its own, in two groups behind a load balancer."""

from dataclasses import dataclass
from typing import Any

from tests.e2e.later import HOSTING, SplitOfAModel
from tests.e2e.watching import Source
from tests.e2e.world import PROJECT, World

ON_EC2 = """hosting:
      ec2: { instance_type: m5.large, instances: COUNT, start_timeout: 13m, idle_stop: IDLE }"""


@dataclass(slots=True, kw_only=True)
class FleetWorld(World):
    """A world whose model is on instances."""

    def shares_source(self) -> Source:
        """A witness looks at what the router reads."""
        return SplitOfAModel(self)

    def groups(self) -> dict[str, Any]:
        """The groups of instances that there are, by slot."""
        client = self.cloud.session().client("autoscaling")
        place = f"{self.project}-test-{self.model}"
        asked = [{"Name": "tag:tidegate:model", "Values": [place]}]
        found = client.describe_auto_scaling_groups(Filters=asked)["AutoScalingGroups"]
        return {_slot(group): group for group in found if "Status" not in group}

    def one_group(self) -> list[list[Any]]:
        """The instances of each group, without those that leave."""
        client = self.cloud.session().client("autoscaling")
        asked = [{"Name": "tag:tidegate:model", "Values": [f"{self.project}-test-{self.model}"]}]
        found = client.describe_auto_scaling_groups(Filters=asked)["AutoScalingGroups"]
        return [
            [one for one in group["Instances"] if one["LifecycleState"] != "Terminating"]
            for group in found
        ]

    def capacity(self) -> dict[str, int]:
        """How many instances each slot is to have."""
        return {slot: group["DesiredCapacity"] for slot, group in self.groups().items()}


def _slot(group: Any) -> str:
    return next(tag["Value"] for tag in group["Tags"] if tag["Key"] == "tidegate:slot")


ROLLING = """strategy: rolling
      mechanism: weights
      split: router
      batch_percent: BATCH
      bake: 4m"""
STEPS = """
      steps:
        - { share_percent: 25, bake: 4m }
        - { share_percent: 50, bake: 4m }"""


def rolled(plain: World, *, count: int, batch_percent: int) -> FleetWorld:
    """A world of the same model on one group of so many instances, replaced a batch a step."""
    made = on_instances(plain, count=count)
    for old, new in (
        (", idle_stop: 24h", ""),
        ("start_timeout: 13m", "start_timeout: 6m"),
        ("strategy: canary\n      split: router", ROLLING.replace("BATCH", str(batch_percent))),
        (STEPS, ""),
    ):
        assert old in made.project_text
        made.project_text = made.project_text.replace(old, new)
    return made


def on_instances(plain: World, *, count: int = 1, idle_stop: str = "24h") -> FleetWorld:
    """A world of the same model, with a project of its own, on so many instances a slot."""
    text = PROJECT.replace("project: story", f"project: fleet-{plain.model}")
    for old, new in (
        (HOSTING, ON_EC2.replace("COUNT", str(count)).replace("IDLE", idle_stop)),
        ("strategy: canary", "strategy: canary\n      split: router"),
    ):
        assert old in text
        text = text.replace(old, new)
    return FleetWorld(cloud=plain.cloud, folder=plain.folder, model=plain.model, project_text=text)
