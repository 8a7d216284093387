"""ministack's WAF: web ACLs associated with load balancers, which we enforce or refuse.

Seams: of `waf` `_associations`, `_web_acls`, `_associate_web_acl`, `_update_web_acl`,
`update_web_acl_record` and `_waf_err`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from ministack.services import waf

from emulator.seams import tenancy

Json = dict[str, Any]

_OURS = ":elasticloadbalancing:"


class RefusedError(ValueError):
    """The ACL or the association is refused; the message says why."""


class Guard(Protocol):
    """What we enforce and for what."""

    def faults(self, acl: Mapping[str, Any]) -> list[str]:
        """What of the ACL would not be enforced."""

    def exists(self, resource_arn: str) -> bool:
        """Whether there is such a load balancer."""


def install(guard: Guard) -> None:
    """Load balancers take only ACLs that are enforced whole, and those stay so."""
    waf._associate_web_acl = partial(_associate_request, waf._associate_web_acl, guard)
    waf._update_web_acl = partial(_update_request, waf._update_web_acl, guard)
    waf.update_web_acl_record = partial(_update_record, waf.update_web_acl_record, guard)


def associate(guard: Guard, acl_arn: str, resource_arn: str) -> None:
    """The load balancer is behind the ACL; RefusedError if it cannot be."""
    acl = _acl(acl_arn)
    if acl is None:
        raise RefusedError(f"there is no web ACL {acl_arn}")
    if not guard.exists(resource_arn):
        raise RefusedError(f"web ACLs are enforced for load balancers here, got {resource_arn}")
    faults = guard.faults(acl)
    if faults:
        raise RefusedError("; ".join(faults))
    with _scope(resource_arn):
        waf._associations[resource_arn] = acl_arn


def dissociate(resource_arn: str) -> None:
    """The load balancer is behind no ACL."""
    with _scope(resource_arn):
        waf._associations.pop(resource_arn, None)


def acl_for(resource_arn: str) -> Json | None:
    """The ACL before the load balancer, None if there is none."""
    with _scope(resource_arn):
        arn = waf._associations.get(resource_arn)
    return None if arn is None else _acl(arn)


def _associate_request(built_in: Callable[..., Any], guard: Guard, data: Json) -> Any:
    resource = data.get("ResourceArn", "")
    if _OURS not in resource:
        return built_in(data)
    try:
        associate(guard, data.get("WebACLArn", ""), resource)
    except RefusedError as refused:
        return waf._waf_err("WAFInvalidParameterException", str(refused))
    return waf.json_response({})


def _update_request(built_in: Callable[..., Any], guard: Guard, data: Json) -> Any:
    acl = waf._resource_from_scope(waf._web_acls, data.get("Id", ""), data.get("Scope", "REGIONAL"))
    if acl is not None and _is_enforced(acl["ARN"]):
        faults = guard.faults({**acl, **data})
        if faults:
            return waf._waf_err("WAFInvalidParameterException", "; ".join(faults))
    return built_in(data)


def _update_record(
    built_in: Callable[..., Any], guard: Guard, acl: Json, properties: Mapping[str, Any]
) -> Any:
    if _is_enforced(acl["ARN"]):
        faults = guard.faults({**acl, **properties})
        if faults:
            raise RefusedError("; ".join(faults))
    return built_in(acl, properties)


def _is_enforced(acl_arn: str) -> bool:
    pairs = list(waf._associations._data.items())
    return any(arn == acl_arn and _OURS in str(key) for key, arn in pairs)


def _acl(arn: str) -> Json | None:
    parts = arn.split("/")
    if len(parts) < 4:
        return None
    with _scope(arn):
        found: Json | None = waf._web_acls.get(parts[-1])
    return found


def _scope(arn: str) -> Any:
    parts = arn.split(":")
    return tenancy.acting_for(parts[4], parts[3])
