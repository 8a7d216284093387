"""The way of a file: bucket, EventBridge, queue, function; and how AWS tells that jobs are over."""

import json
from typing import Any

from stacks.ai_stack import AiProps, dead_letters_arn
from stacks.components.arns import allow, policy, trust
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.handler_function import FunctionProps
from stacks.components.queue import add_queue, deny_plain, let_send
from stacks.components.service_functions import BUCKET, QUEUE, WORK_SECONDS, ServiceProps
from stacks.project.names import pascal
from tidegate.ai.kind import JobEvents, Timer
from tidegate.ai.messages import TIMER
from tidegate.ai.work import IN

HIDDEN_SECONDS = 6 * WORK_SECONDS
"""Six times the function's time limit (Lambda developer guide, "Using Lambda with SQS")."""
MOST_RECEIVES = 5
"""How often a message is tried until it is a dead letter (the same page: at least five)."""
TOPIC, TOPIC_ROLE = "JobTopic", "JobTopicRole"
_BATCH, _AT_ONCE = 5, 10
_FORTNIGHT_SECONDS = 1_209_600
_ARRIVED, _OVER = "ArrivedRule", "JobOverRule"


def add_work(blueprint: Blueprint, props: ServiceProps, worker: FunctionProps) -> None:
    """Whatever is put into the bucket below in/ is worked on, or is in the dead-letter queue."""
    timers = props.kind.timers(props.spec.settings)
    rules = [_ARRIVED, *(_timer_id(timer) for timer in timers)]
    senders = [let_send(QUEUE, "events.amazonaws.com", att(rule)) for rule in rules]
    jobs = props.kind.jobs
    if jobs is not None and jobs.pattern is not None:
        senders.append(let_send(QUEUE, "events.amazonaws.com", att(_OVER)))
        _add_rule(blueprint, _OVER, f"Jobs of {props.place.service} are over", jobs.pattern)
    elif jobs is not None:
        senders.append(let_send(QUEUE, "sns.amazonaws.com", ref(TOPIC)))
    policy_id = _add_queue(blueprint, props, senders)
    if jobs is not None and jobs.pattern is None:
        _add_topic(blueprint, jobs, after=policy_id)
    _add_rule(blueprint, _ARRIVED, f"Files of {props.place.service} came", _arrivals(props))
    for timer in timers:
        _add_timer(blueprint, timer)
    blueprint.add(
        "Works",
        "AWS::Lambda::EventSourceMapping",
        {
            "EventSourceArn": att(QUEUE),
            "FunctionName": ref(worker.id),
            "BatchSize": _BATCH,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": _AT_ONCE},
        },
    )


def _add_queue(blueprint: Blueprint, props: ServiceProps, senders: list[dict[str, Any]]) -> str:
    dead = dead_letters_arn(AiProps(project=props.place.project, stage=props.arns.stage))
    return add_queue(
        blueprint,
        QUEUE,
        {
            "VisibilityTimeout": HIDDEN_SECONDS,
            "MessageRetentionPeriod": _FORTNIGHT_SECONDS,
            "RedrivePolicy": {"deadLetterTargetArn": dead, "maxReceiveCount": MOST_RECEIVES},
        },
        statements=[*senders, deny_plain(QUEUE)],
    )


def _arrivals(props: ServiceProps) -> dict[str, Any]:
    keys = [{"prefix": f"{IN}{arrival.prefix}/"} for arrival in props.kind.arrivals]
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [ref(BUCKET)]}, "object": {"key": keys}},
    }


def _add_rule(blueprint: Blueprint, id_: str, said: str, pattern: Any) -> None:
    target = {"Id": "Work", "Arn": att(QUEUE)}
    rule = {"Description": said, "EventPattern": pattern, "Targets": [target]}
    blueprint.add(id_, "AWS::Events::Rule", rule)


def _timer_id(timer: Timer) -> str:
    return f"{pascal(timer.name)}Timer"


def _add_timer(blueprint: Blueprint, timer: Timer) -> None:
    """The message says which timer it is, and the moment, which names its work."""
    message = json.dumps({"tidegate": TIMER, "name": timer.name, "at": "AT"})
    transformer = {
        "InputPathsMap": {"at": "$.time"},
        "InputTemplate": message.replace('"AT"', "<at>"),
    }
    target = {"Id": "Work", "Arn": att(QUEUE), "InputTransformer": transformer}
    blueprint.add(
        _timer_id(timer),
        "AWS::Events::Rule",
        {
            "Description": timer.says,
            "ScheduleExpression": timer.schedule,
            "Targets": [target],
        },
    )


def _add_topic(blueprint: Blueprint, jobs: JobEvents, *, after: str) -> None:
    """AWS's service tells the topic, under a role that may do nothing else."""
    blueprint.add(TOPIC, "AWS::SNS::Topic", {})
    only_tls = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sns:Publish",
        "Resource": ref(TOPIC),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = {"Version": "2012-10-17", "Statement": [only_tls]}
    blueprint.add(
        f"{TOPIC}Policy",
        "AWS::SNS::TopicPolicy",
        {"Topics": [ref(TOPIC)], "PolicyDocument": document},
    )
    blueprint.add(
        TOPIC_ROLE,
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": trust(str(jobs.publisher)),
            "Policies": [policy("Tell", [allow(["sns:Publish"], [ref(TOPIC)])])],
        },
    )
    blueprint.add(
        "JobSubscription",
        "AWS::SNS::Subscription",
        {
            "TopicArn": ref(TOPIC),
            "Protocol": "sqs",
            "Endpoint": att(QUEUE),
            "RawMessageDelivery": True,
        },
        after=[after],
    )
