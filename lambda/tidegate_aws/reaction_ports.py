"""The ports of a reaction, each of what the function's settings name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.reaction.plan import Action
from tidegate.traffic import Traffic
from tidegate_aws import clients
from tidegate_aws.executions import StepFunctionsExecutions
from tidegate_aws.monitor_teller import REACTION_DETAIL_TYPE, AwsTeller
from tidegate_aws.packages import Registry
from tidegate_aws.reactions import AwsSurroundings, GoingBack, Retraining, S3MemoryStore
from tidegate_aws.records import Route53Records
from tidegate_aws.release_outputs import RELEASE_MACHINE, RELEASE_TABLE
from tidegate_aws.release_store import DynamoReleaseStore
from tidegate_aws.settings import Variable
from tidegate_aws.training_runs import PipelineRuns

if TYPE_CHECKING:
    from tidegate.reaction.ports import Actor
    from tidegate_aws.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactionPorts:
    """All that a reaction reaches."""

    store: S3MemoryStore
    surroundings: AwsSurroundings
    actors: Mapping[Action, Actor]
    teller: AwsTeller


def reaction_ports(world: World) -> ReactionPorts:
    """The ports; a way to act only where the function was given what it needs."""
    settings = world.settings
    model, bucket = settings[Variable.MODEL], settings[Variable.MONITOR_BUCKET]
    releases = DynamoReleaseStore(
        client=clients.dynamodb(), table=world.release_outputs[RELEASE_TABLE]
    )
    actors: dict[Action, Actor] = {}
    runs = registry = None
    if Variable.TRAINING_PIPELINE in settings.values:
        runs = PipelineRuns(
            client=clients.sagemaker(), pipeline=settings[Variable.TRAINING_PIPELINE]
        )
        registry = Registry(client=clients.sagemaker(), group=settings[Variable.PACKAGE_GROUP])
        actors[Action.RETRAIN] = Retraining(model=model, store=releases, runs=runs)
    actors[Action.ROLL_BACK] = GoingBack(
        model=model,
        store=releases,
        traffic=Traffic(
            endpoints=world.endpoints, records=Route53Records(client=clients.route53())
        ),
        executions=StepFunctionsExecutions(
            client=clients.stepfunctions(), machine_arn=world.release_outputs[RELEASE_MACHINE]
        ),
    )
    surroundings = AwsSurroundings(
        model=model,
        s3=clients.s3(),
        bucket=bucket,
        store=releases,
        runs=runs,
        registry=registry,
    )
    teller = AwsTeller(
        s3=clients.s3(),
        events=clients.events(),
        bucket=bucket,
        event_bus_name=settings.event_bus_name,
        clock=world.clock,
        detail_type=REACTION_DETAIL_TYPE,
    )
    return ReactionPorts(
        store=S3MemoryStore(client=clients.s3(), bucket=bucket),
        surroundings=surroundings,
        actors=actors,
        teller=teller,
    )
