"""Whether a role lets an AWS service assume it and what it may do then, by ministack's IAM store.

A service's sessions are made without asking STS, so the trust policy has to be asked here.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_evaluator

from emulator.seams import identity


def trusts_service(role_arn: str, service: str, *, source_arn: str | None = None) -> bool:
    """Whether the role exists and its trust policy lets `service` (a principal) assume it.

    `source_arn` is the resource that the service acts for, `aws:SourceArn` in conditions.
    """
    from ministack.services import iam  # noqa: PLC0415 - a service is loaded when first used

    role = iam._roles.get(role_arn.rpartition("/")[2])
    if role is None or role.get("Arn") != role_arn:
        return False
    document = role.get("AssumeRolePolicyDocument", {})
    parsed = json.loads(unquote(document)) if isinstance(document, str) else document
    statements = parsed.get("Statement", [])
    listed = [statements] if isinstance(statements, dict) else statements
    effects = {s["Effect"] for s in listed if _applies(s, service, role_arn, source_arn)}
    return effects == {"Allow"}


def _applies(
    statement: Mapping[str, Any], service: str, role_arn: str, source_arn: str | None
) -> bool:
    principal = statement.get("Principal", {})
    account = role_arn.split(":")[4]
    context = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="Service",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region="",
        service_context={
            "aws:sourceaccount": account,
            **({} if source_arn is None else {"aws:sourcearn": source_arn}),
        },
    )
    actions = statement.get("Action", [])
    return bool(
        (principal == "*" or iam_evaluator._service_principal_matches(principal, service))
        and iam_evaluator._action_matches(
            "sts:AssumeRole", [actions] if isinstance(actions, str) else actions, []
        )
        and iam_evaluator._conditions_met(statement.get("Condition", {}), context)
    )


def allows(role_arn: str, action: str, resource: str) -> bool:
    """Whether a service that acts with the role may do `action` on `resource`, by its policies."""
    account = role_arn.split(":")[4]
    key = identity.role_credentials(role_arn, "service").access_key
    principal = iam_evaluator.resolve_principal(key, account)
    if isinstance(principal, iam_evaluator.AuthError) or principal.policies is None:
        return False
    context = iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=action,
        resource_arn=resource,
        region="",
        service_context={"aws:tagkeys": None},
        principal_keys=principal.keys,
    )
    found = iam_evaluator.evaluate(context, principal.policies, *principal.limits)
    return bool(found.decision == "Allow")
