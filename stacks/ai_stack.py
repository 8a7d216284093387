"""What the AI services of a stage share: the HTTP API before them, and their dead letters.

A stack of its own, and one for each service: a service that cannot be deployed holds up no other.
One dead-letter queue with one alarm serves all, since alarms bill while idle and queues tell each
message's origin themselves (docs/decisions/0029-ai-services.md).
"""

from dataclasses import dataclass

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.arns import Arns
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.emptying import AI, campaign_statements, emptying_function
from stacks.components.front_door import API, AUTHORIZER, add_api
from stacks.components.handler_function import CodeAsset, FunctionProps, add_function
from stacks.components.queue import add_queue, deny_plain
from stacks.project.doors import Authentication
from stacks.project.names import ai_stack_name, dead_letters_name, export_name
from stacks.project.spec import DataOnDestroy, StageSpec
from stacks.release_stack import CODE

DEAD_LETTERS = "DeadLetters"
_FORTNIGHT_SECONDS = 1_209_600
"""The longest that SQS keeps a message (SetQueueAttributes, MessageRetentionPeriod)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AiProps:
    """One stage of a project."""

    project: str
    stage: StageSpec
    campaigns: tuple[str, ...] = ()
    """Services that may have campaigns of Personalize, which end with their stacks."""


class AiStack(Stack):
    """An HTTP API without routes, a dead-letter queue, its alarm, and what empties buckets."""

    def __init__(self, scope: Construct, *, props: AiProps, shelf: AssetShelf) -> None:
        stage = props.stage
        super().__init__(
            scope,
            ai_stack_name(props.project, stage.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"Door and dead letters of AI services, {props.project}, {stage.name}",
        )
        code = shelf.publish_code(self, CODE, props.stage)
        ai_blueprint(props, code).build(self)


def ai_blueprint(props: AiProps, code: CodeAsset) -> Blueprint:
    """What the stack holds."""
    blueprint, stage = Blueprint(), props.stage
    if stage.data_on_destroy is DataOnDestroy.DELETE or props.campaigns:
        add_function(blueprint, emptying_of(props), code=code, stage=stage)
    stack = ai_stack_name(props.project, stage.name)
    add_api(blueprint, stage, name=stack)
    _add_dead_letters(blueprint, props)
    blueprint.tell("ApiId", ref(API), export=export_name(stack, "ApiId"))
    if stage.door.authentication is Authentication.JWT and stage.door.jwt is not None:
        export = export_name(stack, "AuthorizerId")
        blueprint.tell("AuthorizerId", ref(AUTHORIZER), export=export)
    blueprint.tell("ApiUrl", att(API, "ApiEndpoint"), export=export_name(stack, "ApiUrl"))
    blueprint.tell("DeadLettersUrl", ref(DEAD_LETTERS))
    return blueprint


def emptying_of(props: AiProps) -> FunctionProps:
    """What empties buckets, and ends campaigns where there are any."""
    arns = Arns(stage=props.stage)
    campaigns = campaign_statements(props.project, arns) if props.campaigns else []
    return emptying_function(props.project, arns, within=AI, campaigns=campaigns)


def _add_dead_letters(blueprint: Blueprint, props: AiProps) -> None:
    stage = props.stage
    add_queue(
        blueprint,
        DEAD_LETTERS,
        {
            "QueueName": dead_letters_name(props.project, stage.name),
            "MessageRetentionPeriod": _FORTNIGHT_SECONDS,
        },
        statements=[deny_plain(DEAD_LETTERS)],
    )
    blueprint.add(
        "DeadLettersWait",
        "AWS::CloudWatch::Alarm",
        {
            "AlarmDescription": "Inputs of AI services came to nothing: 'tidegate ai dead-letters'",
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Dimensions": [{"Name": "QueueName", "Value": att(DEAD_LETTERS, "QueueName")}],
            "Statistic": "Maximum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": None if stage.alarm_topic is None else [stage.alarm_topic],
        },
    )


def dead_letters_arn(props: AiProps) -> object:
    """The queue's ARN, by its fixed name."""
    return Arns(stage=props.stage).of("sqs", dead_letters_name(props.project, props.stage.name))
