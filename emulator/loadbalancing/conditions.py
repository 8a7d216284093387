"""Conditions of rules: what is refused, and which requests satisfy them.

After "Condition types for listener rules" of the user guide: `*` stands for any run of characters,
`?` for one; hosts, header values and query strings are compared without case, paths and methods
with it.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from emulator.loadbalancing.errors import invalid, not_emulated
from emulator.loadbalancing.messages import HttpRequest

Json = dict[str, Any]

_CONFIG = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
_WITH_VALUES = ("path-pattern", "host-header")
MOST_VALUES = 5


def normal_condition(condition: Mapping[str, Any]) -> Json:
    """The condition with its values in its own config; BalancingError if refused."""
    field = condition.get("Field", "")
    if field not in _CONFIG:
        raise invalid(f"Condition field '{field}' must be one of '[{', '.join(_CONFIG)}]'")
    config = dict(condition.get(_CONFIG[field], {}))
    if condition.get("RegexValues") or config.get("RegexValues"):
        raise not_emulated("RegexValues of a condition")
    if condition.get("Values") and field in _WITH_VALUES:
        config["Values"] = list(condition["Values"])
    _check_values(field, config)
    normal: Json = {"Field": field, _CONFIG[field]: config}
    return {**normal, "Values": config["Values"]} if field in _WITH_VALUES else normal


def _check_values(field: str, config: Mapping[str, Any]) -> None:
    values = config.get("Values")
    if not values:
        raise invalid(f"A condition value must be specified for {field}")
    if len(values) > MOST_VALUES:
        raise invalid(f"a condition has at most {MOST_VALUES} values, got {len(values)}")
    if field == "http-header" and not config.get("HttpHeaderName"):
        raise invalid("HttpHeaderName is required for http-header")
    if field == "source-ip":
        for value in values:
            _network(value)


def satisfied(condition: Mapping[str, Any], request: HttpRequest) -> bool:
    """Whether any of the condition's values fits the request."""
    field = condition["Field"]
    config = condition[_CONFIG[field]]
    return any(_TESTS[field](value, config, request) for value in config["Values"])


def _path(value: str, _config: Json, request: HttpRequest) -> bool:
    return _wild(value, re.NOFLAG).fullmatch(request.path) is not None


def _host(value: str, _config: Json, request: HttpRequest) -> bool:
    return _wild(value, re.IGNORECASE).fullmatch(request.host) is not None


def _header(value: str, config: Json, request: HttpRequest) -> bool:
    pattern = _wild(value, re.IGNORECASE)
    return any(pattern.fullmatch(sent) for sent in request.values(config["HttpHeaderName"]))


def _method(value: str, _config: Json, request: HttpRequest) -> bool:
    return value == request.method


def _query(value: Mapping[str, str], _config: Json, request: HttpRequest) -> bool:
    """A pair without a key fits any key."""
    wanted = _wild(value["Value"], re.IGNORECASE)
    key = value.get("Key")
    pattern = None if key is None else _wild(key, re.IGNORECASE)
    return any(
        wanted.fullmatch(sent) and (pattern is None or pattern.fullmatch(name))
        for name, sent in _pairs(request)
    )


def _source(value: str, _config: Json, request: HttpRequest) -> bool:
    return ipaddress.ip_address(request.client) in _network(value)


_TESTS: Mapping[str, Callable[[Any, Json, HttpRequest], bool]] = {
    "path-pattern": _path,
    "host-header": _host,
    "http-header": _header,
    "http-request-method": _method,
    "query-string": _query,
    "source-ip": _source,
}


def _pairs(request: HttpRequest) -> Iterator[tuple[str, str]]:
    for part in request.query.split("&"):
        name, _, value = part.partition("=")
        if part:
            yield name, value


@lru_cache(maxsize=1024)
def _wild(pattern: str, flags: re.RegexFlag) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, flags | re.DOTALL)


def _network(value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(value)
    except ValueError as error:
        raise invalid(f"source-ip must be a CIDR block, got {value!r}: {error}") from error
