"""Roles that services of AWS take to read and write what is of an AI service."""

from collections.abc import Mapping, Sequence
from typing import Any

Template = Mapping[str, Any]

OF_THIS_ACCOUNT: Template = {
    "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
}
"""The condition that nobody else's resources use a role or a bucket (the confused deputy)."""


def allow(actions: Sequence[str], *resources: Any, **more: Any) -> Template:
    """A statement of a policy; `more` are its other members, such as Condition."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources), **more}


def role_of(
    principal: str,
    policies: Mapping[str, Sequence[Template]],
    *,
    condition: Template | None = OF_THIS_ACCOUNT,
) -> dict[str, Any]:
    """A role that only `principal`, such as kendra.amazonaws.com, takes.

    `policies` are the statements of each inline policy by its name; none where it is empty.
    """
    trusted: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sts:AssumeRole",
    }
    if condition is not None:
        trusted["Condition"] = condition
    properties: dict[str, Any] = {"AssumeRolePolicyDocument": _document([trusted])}
    if policies:
        properties["Policies"] = [
            {"PolicyName": name, "PolicyDocument": _document(statements)}
            for name, statements in policies.items()
        ]
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _document(statements: Sequence[Template]) -> Template:
    return {"Version": "2012-10-17", "Statement": list(statements)}
