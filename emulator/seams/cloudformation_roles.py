"""Stacks act with the rights of their role, or of whoever began the operation.

ministack's provisioners write into its stores directly, whoever asked for the stack. Here each
resource is provisioned only if the stack's role may do what its handler does on AWS
(`emulator.cloudformation.handler_permissions`); without a role it is the caller who must be
allowed to. A role stays with its stack: later operations use it without naming it.

Seams: `stacks._provision_resource`, `_update_resource` and `_delete_resource`; of a stack's and a
change set's record the member `RoleARN`, which is ours. Not covered: what a replacement's own
provisioner deletes without asking the engine.
"""

import contextvars
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from ministack.core import iam_actions, iam_evaluator, responses, router

from emulator.cloudformation import handler_permissions as handlers
from emulator.cloudformation.registry import ResourceError
from emulator.cloudformation.schemas import SchemaCatalogue, UnknownResourceTypeError
from emulator.seams.identity import role_credentials
from emulator.seams.trust import trusts_service

SERVICE = "cloudformation.amazonaws.com"
SESSION = "AWSCloudFormation"
_OPERATIONS = frozenset(
    {
        "CreateStack",
        "UpdateStack",
        "DeleteStack",
        "CreateChangeSet",
        "ExecuteChangeSet",
        "ContinueUpdateRollback",
        "RollbackStack",
    }
)
_ROLE = "RoleARN"

Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Acting:
    """Whose rights an operation has: a role's as they are at each step, or a caller's."""

    role_arn: str | None
    caller: Any

    def principal(self) -> Any:
        """The principal with its policies; None for one that may do everything."""
        if self.role_arn is None:
            return self.caller
        key = role_credentials(self.role_arn, SESSION).access_key
        return iam_evaluator.resolve_principal(key, self.role_arn.split(":")[4])


_acting: contextvars.ContextVar[Acting | None] = contextvars.ContextVar(
    "stack_operation", default=None
)


def attach(stacks: Any, catalogue: SchemaCatalogue) -> None:
    """Each step of a stack operation is permitted before it is taken."""
    provision, update, delete = (
        stacks._provision_resource,
        stacks._update_resource,
        stacks._delete_resource,
    )

    def provisioning(
        resource_type: str, logical_id: str, props: dict[str, Any], stack_name: str
    ) -> Any:
        name = f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12].upper()}"
        _require(catalogue, _created(resource_type, name, props))
        return provision(resource_type, logical_id, props, stack_name)

    def updating(  # noqa: PLR0913, PLR0917 - ministack's signature
        resource_type: str,
        physical_id: str,
        old: dict[str, Any],
        new: dict[str, Any],
        stack_name: str,
        logical_id: str | None = None,
        attributes: dict[str, Any] | None = None,
    ) -> Any:
        if old != new:
            _require(catalogue, _updated(resource_type, physical_id, old, new))
        return update(resource_type, physical_id, old, new, stack_name, logical_id, attributes)

    def deleting(  # noqa: PLR0917 - ministack's signature
        resource_type: str,
        physical_id: str,
        props: dict[str, Any],
        stack_name: str | None = None,
        logical_id: str | None = None,
    ) -> Any:
        _require(catalogue, _deleted(resource_type, physical_id, props))
        return delete(resource_type, physical_id, props, stack_name, logical_id)

    stacks._provision_resource = provisioning
    stacks._update_resource = updating
    stacks._delete_resource = deleting


def _created(type_name: str, name: str, props: Mapping[str, Any]) -> handlers.Step:
    return handlers.Step(
        operation=handlers.CREATE, type_name=type_name, name=name, old={}, new=props
    )


def _updated(
    type_name: str, physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> handlers.Step:
    """A change that replaces the resource is a creation; the old one is deleted by itself."""
    from ministack.services.cloudformation import provisioners  # noqa: PLC0415 - 45 modules

    if provisioners._replacing_change(type_name, old, new):
        return _created(type_name, physical_id, new)
    return handlers.Step(
        operation=handlers.UPDATE, type_name=type_name, name=physical_id, old=old, new=new
    )


def _deleted(type_name: str, physical_id: str, props: Mapping[str, Any]) -> handlers.Step:
    return handlers.Step(
        operation=handlers.DELETE, type_name=type_name, name=physical_id, old=props, new={}
    )


def acting_for(original: Handler) -> Handler:
    """CloudFormation requests whose stack operations have the rights of a role or the caller."""

    async def answer(  # noqa: PLR0917 - ministack's signature
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
    ) -> Any:
        request = _parameters(headers, body, query)
        operation = request.get("Action", "")
        if operation not in _OPERATIONS:
            return await original(method, path, headers, body, query)
        record = _record(operation, request)
        role = request.get(_ROLE) or (record or {}).get(_ROLE)
        if role and not trusts_service(role, SERVICE):
            return _refused(f"Role {role} is invalid or cannot be assumed")
        caller = _caller(headers, query) if role is None else None
        token = _acting.set(Acting(role_arn=role, caller=caller))
        try:
            told = await original(method, path, headers, body, query)
        finally:
            _acting.reset(token)
        if role and told[0] == 200:
            _remember(operation, request, role)
        return told

    return answer


def _parameters(
    headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
) -> dict[str, str]:
    """The request's plain parameters, from the query protocol or JSON."""
    target = headers.get("x-amz-target", "")
    if target:
        document = json.loads(body or b"{}")
        given = {k: v for k, v in document.items() if isinstance(v, str)}
        return {**given, "Action": target.rpartition(".")[2]}
    form = parse_qs(body.decode("utf-8", errors="replace"))
    merged = {**{k: v if isinstance(v, list) else [v] for k, v in query.items()}, **form}
    return {name: str(values[0]) for name, values in merged.items() if values}


def _record(operation: str, request: Mapping[str, str]) -> dict[str, Any] | None:
    """The record whose role an operation takes when it names none."""
    from ministack.services.cloudformation import changesets  # noqa: PLC0415 - 45 modules
    from ministack.services.cloudformation import handlers as engine  # noqa: PLC0415 - as above

    stack_name = request.get("StackName", "")
    if operation == "ExecuteChangeSet":
        _, found = changesets._find_change_set(request.get("ChangeSetName", ""), stack_name)
        if found is not None and found.get(_ROLE):
            return dict(found)
        stack_name = stack_name or (found or {}).get("StackName", "")
    stack = engine._resolve_stack(stack_name) if stack_name else None
    if stack is None or operation == "CreateStack":
        return None
    return None if stack.get("StackStatus") == "DELETE_COMPLETE" else dict(stack)


def _remember(operation: str, request: Mapping[str, str], role: str) -> None:
    """The role stays with the stack, or with the change set until it is executed."""
    from ministack.services.cloudformation import changesets  # noqa: PLC0415 - 45 modules
    from ministack.services.cloudformation import handlers as engine  # noqa: PLC0415 - as above

    name, change_set = request.get("StackName", ""), request.get("ChangeSetName", "")
    if operation == "CreateChangeSet":
        _, found = changesets._find_change_set(change_set, name)
    else:
        if not name:
            name = (changesets._find_change_set(change_set, "")[1] or {}).get("StackName", "")
        found = engine._resolve_stack(name)
    if found is not None:
        found[_ROLE] = role


def _caller(headers: Mapping[str, str], query: Mapping[str, Any]) -> Any:
    key = router.extract_access_key_id(headers, query)
    return iam_evaluator.resolve_principal(key or "", responses.get_account_id())


def _refused(message: str) -> Any:
    from ministack.services.cloudformation import helpers  # noqa: PLC0415 - 45 modules

    return helpers._error("ValidationError", message)


def _require(catalogue: SchemaCatalogue, step: handlers.Step) -> None:
    """The operation may take the step; ResourceError with AWS's words if not."""
    acting = _acting.get()
    if acting is None:
        return
    principal = acting.principal()
    if isinstance(principal, iam_evaluator.AuthError):
        raise ResourceError(f"{principal.message} ({principal.code})")
    if principal.policies is None:
        return
    place = handlers.Place(account=responses.get_account_id(), region=responses.get_region())
    wanted = handlers.needed(
        step, place, schema_permissions=_schema_permissions(catalogue, step.type_name)
    )
    for permission in wanted:
        found = _evaluated(principal, permission, place.region)
        if found.decision != "Allow":
            raise ResourceError(_denial(permission, found))


def _schema_permissions(catalogue: SchemaCatalogue, type_name: str) -> dict[str, list[str]]:
    try:
        document = catalogue.load(type_name).document
    except UnknownResourceTypeError:
        return {}
    return {
        operation: list(handler.get("permissions", ()))
        for operation, handler in document.get("handlers", {}).items()
    }


def _evaluated(principal: Any, permission: handlers.Needed, region: str) -> Any:
    policies, limits = principal.policies, principal.limits
    if permission.resource is None:
        policies, limits = _anywhere(policies), [_anywhere(limit) for limit in limits]
    context = iam_evaluator.EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=permission.action,
        resource_arn=permission.resource if permission.resource is not None else "*",
        region=region,
        service_context={
            "aws:tagkeys": None,
            **{key.lower(): value for key, value in permission.context.items()},
            "aws:calledvia": [SERVICE],
            "aws:calledvialast": SERVICE,
        },
        principal_keys=principal.keys,
    )
    return iam_evaluator.evaluate(context, policies, *limits)


def _anywhere(policies: list[list[Any]]) -> list[list[Any]]:
    """The allowing statements, on every resource: what is asked of an unknown resource."""
    return [
        [
            iam_evaluator.ParsedStatement(
                effect=s.effect,
                actions=s.actions,
                not_actions=s.not_actions,
                resources=["*"],
                not_resources=[],
                conditions={},
                sid=s.sid,
            )
            for s in statements
            if s.effect == "Allow"
        ]
        for statements in policies
    ]


def _denial(permission: handlers.Needed, found: Any) -> str:
    """AWS's words for a resource whose handler was refused."""
    resource = permission.resource if permission.resource is not None else "*"
    said = iam_actions.identity_denial_message(
        permission.action, found.principal_arn, resource, found.decision == "Deny"
    )
    service = permission.action.partition(":")[0]
    return (
        f'Resource handler returned message: "{said} (Service: {service}, Status Code: 403, '
        f'Request ID: {uuid.uuid4()})" (RequestToken: {uuid.uuid4()}, '
        "HandlerErrorCode: AccessDenied)"
    )
