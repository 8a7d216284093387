"""A fleet's groundwork in an embedded cloud: things, a role alias, components, devices."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.greengrass.device.exchange import Exchange
from emulator.greengrass.device.link import Link
from emulator.greengrass.device.nucleus import Nucleus
from emulator.greengrass.device.runners import ProcessRunner
from emulator.server import EmbeddedCloud

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "credentials.iot.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


@dataclass(kw_only=True)
class Ground:
    """A bucket for artifacts, a role alias whose role may read it, a thing group, things."""

    cloud: EmbeddedCloud
    name: str = field(default_factory=lambda: f"fleet-{uuid.uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        session = self.cloud.session()
        self.greengrass: Any = session.client("greengrassv2")
        self.iot: Any = session.client("iot")
        self.s3: Any = session.client("s3")
        self.iam: Any = session.client("iam")
        self.s3.create_bucket(Bucket=self.name)
        self.role = self.iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=TRUST)["Role"]
        self.allow("s3:GetObject", f"arn:aws:s3:::{self.name}/*")
        self.iot.create_role_alias(roleAlias=self.name, roleArn=self.role["Arn"])
        self.group: str = self.iot.create_thing_group(thingGroupName=self.name)["thingGroupArn"]

    def allow(self, action: str, *resources: str) -> None:
        """The role of the devices may do no more than this, on these, beside what was allowed."""
        statement = {"Effect": "Allow", "Action": action, "Resource": list(resources)}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        self.iam.put_role_policy(
            RoleName=self.name,
            PolicyName=action.replace(":", "-"),
            PolicyDocument=json.dumps(document),
        )

    def thing(self, name: str) -> str:
        """A thing in the group; its name."""
        full = f"{self.name}-{name}"
        self.iot.create_thing(thingName=full)
        self.iot.add_thing_to_thing_group(thingGroupName=self.name, thingName=full)
        return full

    def component(self, version: str, script: str, **lifecycle: str) -> str:
        """A component version whose one artifact is a Python file; its ARN."""
        key = f"{version}/run.py"
        self.s3.put_object(Bucket=self.name, Key=key, Body=script.encode())
        steps = {"Run": {"Script": "python3 -u {artifacts:path}/run.py"}}
        recipe = {
            "RecipeFormatVersion": "2020-01-25",
            "ComponentName": self.name,
            "ComponentVersion": version,
            "Manifests": [
                {
                    "Platform": {"os": "linux"},
                    "Lifecycle": {**steps, **lifecycle},
                    "Artifacts": [{"URI": f"s3://{self.name}/{key}"}],
                }
            ],
        }
        arn: str = self.greengrass.create_component_version(
            inlineRecipe=json.dumps(recipe).encode()
        )["arn"]
        return arn

    def deploy(self, version: str, **more: Any) -> str:
        """The group is told to run a version; the deployment's id."""
        id_: str = self.greengrass.create_deployment(
            targetArn=self.group, components={self.name: {"componentVersion": version}}, **more
        )["deploymentId"]
        return id_

    def link(self, thing: str) -> Link:
        """A device's line to the cloud."""
        return Link(
            thing=thing,
            endpoint_url=self.cloud.endpoint_url,
            region=self.cloud.region,
            keys=self.cloud.administrators[self.cloud.account],
            role_alias=self.name,
        )

    @contextmanager
    def device(self, thing: str, folder: Path, **more: Any) -> Iterator[Nucleus]:
        """A device that runs components as processes, until it is switched off."""
        link = self.link(thing)
        exchange = Exchange(link)
        environment: Mapping[str, str] = {
            **exchange.environment,
            "AWS_ENDPOINT_URL": self.cloud.endpoint_url,
            "AWS_DEFAULT_REGION": self.cloud.region,
        }
        nucleus = Nucleus(
            link=link,
            folder=folder / thing,
            runner=ProcessRunner(environment=environment),
            now=self.cloud.clock.now,
            **more,
        )
        try:
            yield nucleus
        finally:
            nucleus.switch_off()
            exchange.close()

    def installed(self, thing: str) -> dict[str, str]:
        """State by version of the component on a device, as Greengrass knows it."""
        told = self.greengrass.list_installed_components(coreDeviceThingName=thing)
        return {c["componentVersion"]: c["lifecycleState"] for c in told["installedComponents"]}

    def executions(self, thing: str) -> dict[str, str]:
        """What became of deployments on a device."""
        told = self.greengrass.list_effective_deployments(coreDeviceThingName=thing)
        return {
            e["deploymentId"]: e["coreDeviceExecutionStatus"] for e in told["effectiveDeployments"]
        }
