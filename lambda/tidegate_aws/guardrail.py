"""The ports of guardrail releases, of one process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tidegate.guardrail.ports import Ports
from tidegate_aws import clients
from tidegate_aws.deployments import SageMakerDeployments
from tidegate_aws.fleet_metrics import CloudWatchFleetMetrics
from tidegate_aws.rollback_alarm import CloudWatchRollbackAlarm
from tidegate_aws.settings import Variable
from tidegate_aws.stack_status import CloudFormationStacks
from tidegate_aws.watches import StepFunctionsWatches

if TYPE_CHECKING:
    from tidegate_aws.world import World


def guardrail_ports(world: World) -> Ports:
    """All that gate and watch reach; only the guard needs to know the watch's machine."""
    machine = world.settings.values.get(Variable.WATCH_MACHINE_ARN, "")
    return Ports(
        store=world.store,
        clock=world.clock,
        deployments=SageMakerDeployments(client=clients.sagemaker()),
        metrics=CloudWatchFleetMetrics(client=clients.cloudwatch()),
        counters=lambda: world.counters,
        alarm=CloudWatchRollbackAlarm(
            client=clients.cloudwatch(), metric_namespace=world.settings.metric_namespace
        ),
        stacks=CloudFormationStacks(client=clients.cloudformation()),
        watches=StepFunctionsWatches(client=clients.stepfunctions(), machine_arn=machine),
        pause=time.sleep,
    )
