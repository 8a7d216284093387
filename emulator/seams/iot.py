"""IoT of ministack: who is in which thing group, messages of AWS's own, rules, things in policies.

Seams: `iot._things`, `iot._thing_groups`, `iot.broker_publish`, `iot._dispatch_rule_sqs`,
`iam_evaluator._first_match`.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ministack.core import iam_evaluator

from emulator.seams import tenancy, trust

ISSUER = "iot.amazonaws.com"

THING_NAME = "${credentials-iot:ThingName}"
"""The policy variable of sessions that IoT's credential provider makes, which names the device."""


def exists(account: str, region: str, thing: str) -> bool:
    """Whether there is a thing of this name."""
    from ministack.services import iot  # noqa: PLC0415 - a service is loaded when first used

    with tenancy.acting_for(account, region):
        return iot._things.get(thing) is not None


def groups_of(account: str, region: str, thing: str) -> list[str]:
    """The ARNs of the thing groups that a thing is in; none of a thing that there is not."""
    from ministack.services import iot  # noqa: PLC0415

    with tenancy.acting_for(account, region):
        found = iot._things.get(thing)
        names = [] if found is None else found.get("thingGroupNames", [])
        return [iot._thing_group_arn(name) for name in names if name in iot._thing_groups]


def group_exists(account: str, region: str, arn: str) -> bool:
    """Whether there is a thing group of this ARN."""
    from ministack.services import iot  # noqa: PLC0415

    with tenancy.acting_for(account, region):
        name = arn.partition(":thinggroup/")[2]
        return name in iot._thing_groups and iot._thing_group_arn(name) == arn


async def publish(account: str, region: str, topic: str, message: Mapping[str, Any]) -> None:
    """The message is on the topic, as AWS itself sends it: rules and subscribers get it."""
    from ministack.services import iot  # noqa: PLC0415

    with tenancy.acting_for(account, region):
        await iot.broker_publish(account, region, topic, json.dumps(message).encode(), qos=1)


def act_as_roles() -> None:
    """Rules put messages into queues as far as their role lets them; ministack asks no role.

    What is not allowed fails as an action that fails: with a line in the log, and the error action.
    """
    from ministack.services import iot  # noqa: PLC0415

    built_in = iot._dispatch_rule_sqs

    def send(account: str, region: str, name: str, action: Mapping[str, Any], *event: Any) -> None:
        role = str(action.get("roleArn", ""))
        queue = f"arn:aws:sqs:{region}:{account}:{str(action.get('queueUrl')).rpartition('/')[2]}"
        with tenancy.acting_for(account, region):
            trusted = trust.trusts_service(role, ISSUER)
            if not trusted or not trust.allows(role, "sqs:SendMessage", queue):
                raise PermissionError(f"{role} may not send messages to {queue} for {ISSUER}")
        built_in(account, region, name, action, *event)

    iot._dispatch_rule_sqs = send


def name_things_in_policies() -> None:
    """`${credentials-iot:ThingName}` in a role's resources is the name of the session.

    Sessions that devices get here are named by their thing (`emulator.greengrass`). IoT developer
    guide, "Authorizing direct calls to AWS services", policy variables.
    """
    built_in = iam_evaluator._first_match

    def first_match(context: Any, statements: Sequence[Any], effect: str) -> Any:
        return built_in(context, [_named(s, context) for s in statements], effect)

    iam_evaluator._first_match = first_match


def _named(statement: Any, context: Any) -> Any:
    resources = statement.resources
    session = ":assumed-role/" in str(context.principal_arn)
    if not session or not any(THING_NAME in resource for resource in resources):
        return statement
    thing = str(context.principal_arn).rpartition("/")[2]
    named = [resource.replace(THING_NAME, thing) for resource in resources]
    return dataclasses.replace(statement, resources=named)
