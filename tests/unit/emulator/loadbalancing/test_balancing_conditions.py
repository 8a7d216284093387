"""Conditions of rules: which requests satisfy them, and what is refused."""

from typing import Any

import pytest

from emulator.loadbalancing.conditions import normal_condition, satisfied
from emulator.loadbalancing.errors import BalancingError
from emulator.loadbalancing.messages import HttpRequest

REQUEST = HttpRequest(
    method="POST",
    path="/v1/Models/a.b",
    query="kind=Fast&x",
    headers=(("host", "API.example.com:8443"), ("x-user", "Ann"), ("x-user", "Bob")),
    client="127.0.0.7",
)


def _config(field: str, config: str, *values: Any, **more: Any) -> dict[str, Any]:
    return {"Field": field, config: {"Values": list(values), **more}}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"Field": "path-pattern", "Values": ["/v1/*"]}, True),
        ({"Field": "path-pattern", "Values": ["/V1/*"]}, False),
        ({"Field": "path-pattern", "Values": ["/v?/Models/a.b"]}, True),
        ({"Field": "path-pattern", "Values": ["/v1/Models/axb"]}, False),
        ({"Field": "path-pattern", "Values": ["/no", "/v1/Models/*"]}, True),
        ({"Field": "host-header", "Values": ["*.EXAMPLE.com"]}, True),
        ({"Field": "host-header", "Values": ["example.com"]}, False),
        (_config("http-header", "HttpHeaderConfig", "b?b", HttpHeaderName="X-User"), True),
        (_config("http-header", "HttpHeaderConfig", "Eve", HttpHeaderName="X-User"), False),
        (_config("http-request-method", "HttpRequestMethodConfig", "GET", "POST"), True),
        (_config("http-request-method", "HttpRequestMethodConfig", "post"), False),
        (_config("query-string", "QueryStringConfig", {"Key": "KIND", "Value": "f*"}), True),
        (_config("query-string", "QueryStringConfig", {"Value": "fast"}), True),
        (_config("query-string", "QueryStringConfig", {"Key": "x", "Value": "1"}), False),
        (_config("source-ip", "SourceIpConfig", "127.0.0.0/29"), True),
        (_config("source-ip", "SourceIpConfig", "10.0.0.0/8", "2001:db8::/32"), False),
    ],
)
def test_a_condition_holds_as_documented(*, condition: dict[str, Any], holds: bool) -> None:
    """Wildcards everywhere, case only where AWS looks at it."""
    assert satisfied(normal_condition(condition), REQUEST) is holds


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"Field": "cookie", "Values": ["a"]}, "must be one of"),
        ({"Field": "path-pattern", "Values": []}, "must be specified"),
        ({"Field": "path-pattern", "Values": ["a"] * 6}, "at most 5"),
        ({"Field": "path-pattern", "RegexValues": ["a"]}, "RegexValues"),
        (_config("http-header", "HttpHeaderConfig", "a"), "HttpHeaderName is required"),
        (_config("source-ip", "SourceIpConfig", "somewhere"), "CIDR"),
    ],
)
def test_a_condition_that_cannot_be_tested_is_refused(condition: dict[str, Any], said: str) -> None:
    """The refusal says what is wrong or not emulated."""
    with pytest.raises(BalancingError, match=said):
        normal_condition(condition)
