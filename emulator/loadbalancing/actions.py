"""The actions of listeners and rules: what is refused, and the form in which they are kept."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emulator.loadbalancing.errors import BalancingError, invalid, not_emulated
from emulator.loopback import is_loopback

Json = dict[str, Any]

FORWARD, REDIRECT, FIXED, JWT = "forward", "redirect", "fixed-response", "jwt-validation"
_TERMINAL = (FORWARD, REDIRECT, FIXED)
_CONFIG = {
    FORWARD: "ForwardConfig",
    REDIRECT: "RedirectConfig",
    FIXED: "FixedResponseConfig",
    JWT: "JwtValidationConfig",
}
WEIGHTS = (0, 999)
MOST_GROUPS = 5
FIXED_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
LONGEST_FIXED_BODY = 1024
LONGEST_JWT_TEXT = 256
MOST_CLAIMS = 10
OWN_CLAIMS = ("exp", "iss", "nbf", "iat")


def normal_actions(
    actions: Sequence[Mapping[str, Any]], *, protocol: str, groups: Mapping[str, Any]
) -> list[Json]:
    """The actions in order, forward actions with their ForwardConfig; BalancingError if refused."""
    if not actions:
        raise invalid("at least one action is required, got none")
    normal = []
    for number, action in enumerate(sorted(actions, key=_order), start=1):
        normal.append({**_checked(action, protocol, groups), "Order": number})
    last, before = normal[-1], normal[:-1]
    if last["Type"] not in _TERMINAL:
        raise BalancingError(
            "InvalidLoadBalancerAction", f"the last action must be one of {', '.join(_TERMINAL)}"
        )
    if any(action["Type"] in _TERMINAL for action in before):
        raise BalancingError(
            "InvalidLoadBalancerAction", "only the last action may be forward, redirect or fixed"
        )
    return normal


def _order(action: Mapping[str, Any]) -> int:
    order: int = action.get("Order", 1 << 16)
    return order


def _checked(action: Mapping[str, Any], protocol: str, groups: Mapping[str, Any]) -> Json:
    kind = action["Type"]
    if kind not in _CONFIG:
        raise not_emulated(f"the action {kind!r}; it has {', '.join(_CONFIG)}")
    foreign = {"TargetGroupArn", *_CONFIG.values(), *_foreign(action)} & action.keys()
    foreign -= {_CONFIG[kind]} | ({"TargetGroupArn"} if kind == FORWARD else set())
    if foreign:
        raise invalid(f"an action of type {kind} may not have {', '.join(sorted(foreign))}")
    if kind == FORWARD:
        return _forward(action, groups)
    config = action.get(_CONFIG[kind])
    if config is None:
        raise invalid(f"an action of type {kind} needs {_CONFIG[kind]}")
    checks = {REDIRECT: _redirect_faults, FIXED: _fixed_faults, JWT: _jwt_faults}
    faults = list(checks[kind](config))
    if kind == JWT and protocol != "HTTPS":
        faults.append("jwt-validation is for HTTPS listeners only")
    if faults:
        raise invalid("; ".join(faults))
    return {"Type": kind, _CONFIG[kind]: dict(config)}


def _foreign(action: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name in action if name.startswith("Authenticate"))


def _forward(action: Mapping[str, Any], groups: Mapping[str, Any]) -> Json:
    config = dict(action.get("ForwardConfig", {}))
    if not config.get("TargetGroups"):
        if "TargetGroupArn" not in action:
            raise invalid("a forward action needs TargetGroupArn or ForwardConfig")
        config["TargetGroups"] = [{"TargetGroupArn": action["TargetGroupArn"]}]
    if config.get("TargetGroupStickinessConfig", {}).get("Enabled"):
        raise not_emulated("stickiness between target groups")
    listed = [{"Weight": 1, **group} for group in config["TargetGroups"]]
    _check_groups(listed, groups)
    normal: Json = {
        "Type": FORWARD,
        "ForwardConfig": {
            "TargetGroups": listed,
            "TargetGroupStickinessConfig": {"Enabled": False},
        },
    }
    if len(listed) == 1:
        normal["TargetGroupArn"] = listed[0]["TargetGroupArn"]
    return normal


def _check_groups(listed: Sequence[Mapping[str, Any]], groups: Mapping[str, Any]) -> None:
    if len(listed) > MOST_GROUPS:
        raise BalancingError("TooManyTargetGroups", f"at most {MOST_GROUPS}, got {len(listed)}")
    low, high = WEIGHTS
    for group in listed:
        arn = group["TargetGroupArn"]
        if arn not in groups:
            raise BalancingError("TargetGroupNotFound", f"Target group '{arn}' not found")
        if not low <= group["Weight"] <= high:
            raise invalid(f"Weight must be {low} to {high}, got {group['Weight']}")


def _redirect_faults(config: Mapping[str, Any]) -> Iterator[str]:
    status = config.get("StatusCode")
    if status not in {"HTTP_301", "HTTP_302"}:
        yield f"a redirect's StatusCode must be HTTP_301 or HTTP_302, got {status}"
    if not {"Protocol", "Port", "Host", "Path", "Query"} & config.keys():
        yield "a redirect must change at least one of Protocol, Port, Host, Path and Query"


def _fixed_faults(config: Mapping[str, Any]) -> Iterator[str]:
    status = config.get("StatusCode")
    if re.fullmatch(r"[245]\d\d", str(status)) is None:
        yield f"a fixed response's StatusCode must be 2xx, 4xx or 5xx, got {status}"
    if config.get("ContentType", "text/plain") not in FIXED_TYPES:
        yield f"a fixed response's ContentType must be one of {', '.join(FIXED_TYPES)}"
    if len(config.get("MessageBody", "")) > LONGEST_FIXED_BODY:
        yield f"a fixed response's MessageBody has at most {LONGEST_FIXED_BODY} characters"


def _jwt_faults(config: Mapping[str, Any]) -> Iterator[str]:
    endpoint, issuer = str(config.get("JwksEndpoint", "")), str(config.get("Issuer", ""))
    for name, text in (("JwksEndpoint", endpoint), ("Issuer", issuer)):
        if not 0 < len(text) <= LONGEST_JWT_TEXT:
            yield f"{name} must have 1 to {LONGEST_JWT_TEXT} characters, got {len(text)}"
    found = re.match(r"(https?)://([^/:]+)(:\d+)?/", endpoint)
    if found is None or (found[1] == "http" and not is_loopback(found[2])):
        yield (
            "JwksEndpoint must be a full https URL with a path (plain http only for a loopback "
            f"address), got {endpoint!r}"
        )
    claims = config.get("AdditionalClaims", [])
    if len(claims) > MOST_CLAIMS:
        yield f"at most {MOST_CLAIMS} additional claims, got {len(claims)}"
    for claim in claims:
        if claim["Name"] in OWN_CLAIMS:
            yield f"the claim {claim['Name']} is validated already and may not be listed"
        if claim["Format"] == "single-string" and len(claim["Values"]) != 1:
            yield f"the single-string claim {claim['Name']} needs one value"
