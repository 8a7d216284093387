"""The stack of a stage's tracks: network, web ACL, and two load balancers for each model by `dns`.

A stage has this stack when its front door is of kind `dns`. Each model has load balancers of its
own, because Route 53 evaluates the health of a load balancer as a whole: a shared one would take
down all models with one of them. What draws between the tracks, the two weighted records, is not
here but in the model's stack, beside the endpoints (docs/decisions/0012-tracks.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.components.arns import Arns
from stacks.components.blueprint import Blueprint, data
from stacks.components.bucket import add_bucket, objects_in
from stacks.components.emptying import empty_on_delete
from stacks.components.network import add_network
from stacks.components.track_door import TrackDoorProps, add_track_doors
from stacks.components.web_acl import add_web_acl
from stacks.project.names import front_door_stack_name
from stacks.project.spec import StageSpec

LOGS = "AccessLogs"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoorStackProps:
    """One stage of a project, and the names of its models that have tracks."""

    project: str
    stage: StageSpec
    models: Sequence[str]


class FrontDoorStack(Stack):
    """The ways to the tracks of a stage."""

    def __init__(self, scope: Construct, *, props: FrontDoorStackProps) -> None:
        stage = props.stage
        super().__init__(
            scope,
            front_door_stack_name(props.project, stage.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"Front door of {props.project}, stage {stage.name}: tracks behind DNS",
        )
        front_door_blueprint(props).build(self)


def front_door_blueprint(props: FrontDoorStackProps) -> Blueprint:
    """What the front door stack of a stage holds."""
    blueprint = Blueprint()
    stage, door = props.stage, props.stage.door
    if door.dns is None or door.jwt is None:
        raise ValueError(f"the front door of stage {stage.name} has no tracks: set kind to dns")
    after = add_network(blueprint)
    add_bucket(
        blueprint,
        LOGS,
        keep_days=stage.log_days,
        kept=data(stage.data_on_destroy),
        allowed=[_delivery()],
    )
    emptying = empty_on_delete(blueprint, LOGS, props.project, Arns(stage=stage))
    add_web_acl(blueprint, requests_per_client=door.dns.requests_per_client)
    for model in props.models:
        tracks = TrackDoorProps(
            project=props.project,
            arns=Arns(stage=stage),
            model=model,
            dns=door.dns,
            jwt=door.jwt,
            after=[*after, *emptying],
            logs=LOGS,
        )
        add_track_doors(blueprint, tracks)
    return blueprint


def _delivery() -> dict[str, object]:
    """What load balancers need to write their access logs.

    Source: Elastic Load Balancing user guide, "Enable access logs for your Application Load
    Balancer".
    """
    return {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": objects_in(LOGS, "*/AWSLogs/${AWS::AccountId}/*"),
    }
