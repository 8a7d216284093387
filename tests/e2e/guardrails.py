"""Worlds whose deploys are releases: SageMaker moves the traffic, our judge stops it."""

from dataclasses import dataclass

import pytest

from emulator import deployer
from tests.e2e.world import PROJECT, Behaviour, World
from tidegate.view import ReleaseView

RELEASES = {
    "big-bang": "{ strategy: big-bang, bake: BAKE,",
    "canary": "{ strategy: canary, steps: [{ share_percent: 25, bake: BAKE }],",
    "linear": "{ strategy: linear, step_percent: 25, bake: BAKE,",
    "rolling": "{ strategy: rolling, batch_percent: 50, bake: BAKE,",
}

PATIENT = "10m"
"""A bake that a bad version does not come to the end of, however few requests a busy machine sends.

CloudFormation's own way back is a deployment too, and waits as long."""


def project(strategy: str, *, bake: str = "4m") -> str:
    """The stories' project, with two instances and its traffic moved by SageMaker."""
    head, _ = PROJECT.split("    release:")
    release = (
        f"    release: {RELEASES[strategy].replace('BAKE', bake)} "
        "mechanism: guardrail, warm_up: 0s, lag: 30s, "
        "alpha: 0.0001, guardrails: { errors: { margin: 0.05 }, "
        "latency: { margin: 0.25, tolerated_slowdown: 3.0 } } }\n"
    )
    hosting = "instance_type: ml.m5.large, instances: { min: 2 }"
    return head.replace("instance_type: ml.t2.medium", hosting) + release


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploys:
    """A model whose every deploy is a release; no pointer is passed, as by a plain `cdk deploy`."""

    world: World

    @property
    def alarm(self) -> str:
        """The state of the rollback alarm."""
        client = self.world.cloud.session().client("cloudwatch")
        name = f"{self.world.endpoint_name}-release-harm"
        (found,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return str(found["StateValue"])

    def good(self, behaviour: Behaviour) -> ReleaseView:
        """A deploy that succeeds; its release."""
        self.world.deploy_plainly(behaviour)
        return self.newest()

    def bad(self, behaviour: Behaviour) -> tuple[deployer.StackFailedError, ReleaseView]:
        """A deploy that is reported failed, and taken back; its release."""
        with pytest.raises(deployer.StackFailedError) as failed:
            self.world.deploy_plainly(behaviour)
        return failed.value, self.newest()

    def newest(self) -> ReleaseView:
        """The newest release of the model."""
        deployed = self.world.deployed
        return deployed.view(deployed.release_id(self.world.model))

    def config(self) -> str:
        """The configuration that serves."""
        return self.world.deployed.endpoints.read(self.world.endpoint_name).config_name
