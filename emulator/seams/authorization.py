"""Asks ministack's IAM what no request says: what a session may do beside it, and who it is."""

from ministack.core import iam_actions, iam_evaluator, router

from emulator.runtime import Credentials
from emulator.seams import tenancy
from emulator.seams.services import Permission, Request


def denial(
    credentials: Credentials, permission: Permission, *, account: str, region: str
) -> str | None:
    """Why the session that holds the credentials may not, in AWS's words; None if it may.

    It is the question that AWS asks beside a request, such as `iam:PassRole` for a role in it.
    """
    service = permission.action.partition(":")[0]
    with tenancy.acting_for(account, region):
        denied = iam_evaluator.enforce(
            credentials.access_key,
            permission.action,
            service,
            region,
            resource_arn=permission.resource,
            service_context=dict(permission.context),
        )
    if denied is None:
        return None
    if isinstance(denied, iam_evaluator.AuthError):
        return str(denied.message)
    explicit = denied.decision == "Deny"
    message: str = iam_actions.identity_denial_message(
        permission.action, denied.principal_arn, permission.resource, explicit
    )
    return message


def caller_of(request: Request) -> str:
    """The ARN of who made the request, "" if nobody is known by its key."""
    access_key = router.extract_access_key_id(request.headers, request.query)
    with tenancy.acting_for(request.account, request.region):
        identity = iam_evaluator.resolve_caller_identity(access_key) or {}
    return str(identity.get("userArn", ""))
