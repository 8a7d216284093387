"""A group whose instances can be refreshed, and serve nothing."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.polling import until

SURGE = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200, "InstanceWarmup": 0}
IMAGE = "ami-0123456789abcdef0"


class Fleet:
    """A group of three, and the launch templates `old` and `new`, of which it has the first."""

    def __init__(self, cloud: EmbeddedCloud, *, instances: int = 3) -> None:
        session = cloud.session()
        self.scaling: Any = session.client("autoscaling")
        self.ec2: Any = session.client("ec2")
        self.name = f"fleet-{uuid.uuid4().hex[:8]}"
        self.old, self.new = (self.template(f"{self.name}-{each}") for each in ("old", "new"))
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=self.name,
            LaunchTemplate=self.old,
            MinSize=0,
            MaxSize=6,
            DesiredCapacity=instances,
        )
        self.await_templates([self.old] * instances)

    def template(self, name: str, **data: Any) -> dict[str, str]:
        """A launch template of that name."""
        made = self.ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "m5.large", **data},
        )
        return {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}

    def group(self) -> Any:
        """As it is described."""
        asked = {"AutoScalingGroupNames": [self.name]}
        return self.scaling.describe_auto_scaling_groups(**asked)["AutoScalingGroups"][0]

    def starts_from(self) -> dict[str, str]:
        """The launch template that new instances start from, by its id."""
        template = self.group()["LaunchTemplate"]
        return {name: template[name] for name in ("LaunchTemplateId", "Version")}

    def ids(self, spec: dict[str, str]) -> set[str]:
        """The instances of a launch template that are in service."""
        return {
            one["InstanceId"]
            for one in self.group()["Instances"]
            if one["LaunchTemplate"]["LaunchTemplateId"] == spec["LaunchTemplateId"]
            and one["LifecycleState"] == "InService"
        }

    def await_templates(self, specs: list[dict[str, str]]) -> None:
        """Its instances are of these templates, and in service."""
        wanted = sorted(spec["LaunchTemplateId"] for spec in specs)

        def settled() -> bool:
            instances = self.group()["Instances"]
            found = sorted(one["LaunchTemplate"]["LaunchTemplateId"] for one in instances)
            states = {one["LifecycleState"] for one in instances}
            return found == wanted and states <= {"InService"}

        until(settled, seconds=20, what=f"instances of {wanted}")

    def start(self, spec: dict[str, str] | None = None, **preferences: Any) -> str:
        """A refresh to the template is started; its id."""
        desired = {} if spec is None else {"DesiredConfiguration": {"LaunchTemplate": spec}}
        return str(
            self.scaling.start_instance_refresh(
                AutoScalingGroupName=self.name,
                Preferences={**SURGE, **preferences},
                **desired,
            )["InstanceRefreshId"]
        )

    def refresh(self, refresh_id: str) -> Any:
        """As it is described."""
        return self.scaling.describe_instance_refreshes(
            AutoScalingGroupName=self.name, InstanceRefreshIds=[refresh_id]
        )["InstanceRefreshes"][0]

    def await_end(self, refresh_id: str) -> Any:
        """The refresh when it is over."""

        def ended() -> Any:
            found = self.refresh(refresh_id)
            return found if "EndTime" in found else None

        return until(ended, seconds=20, what="the end of a refresh")

    def protect(self, ids: set[str], *, protected: bool = True) -> None:
        """Scaling in spares them, or does so no more."""
        self.scaling.set_instance_protection(
            AutoScalingGroupName=self.name,
            InstanceIds=sorted(ids),
            ProtectedFromScaleIn=protected,
        )

    def refused(self, operation: str, **request: Any) -> tuple[str, str]:
        """The code and the sentence with which an operation on the group is refused."""
        with pytest.raises(ClientError) as error:
            getattr(self.scaling, operation)(AutoScalingGroupName=self.name, **request)
        told = error.value.response["Error"]
        return told["Code"], told["Message"]
