"""Attributes of load balancers, target groups and listeners: defaults, and which do nothing here.

An attribute that would change what clients or functions see and is not emulated may only have its
default; those about logs, zones and capacity are recorded.
"""

from collections.abc import Iterable, Mapping

from emulator.loadbalancing.errors import invalid, not_emulated

BALANCER_ATTRIBUTES = {
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "client_keep_alive.seconds": "3600",
    "routing.http2.enabled": "true",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.desync_mitigation_mode": "defensive",
    "waf.fail_open.enabled": "false",
    "load_balancing.cross_zone.enabled": "true",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "health_check_logs.s3.enabled": "false",
    "health_check_logs.s3.bucket": "",
    "health_check_logs.s3.prefix": "",
    "ipv6.deny_all_igw_traffic": "false",
    "zonal_shift.config.enabled": "false",
}
GROUP_ATTRIBUTES = {
    "lambda": {
        "lambda.multi_value_headers.enabled": "false",
        "stickiness.enabled": "false",
    },
    "instance": {
        "deregistration_delay.timeout_seconds": "300",
        "load_balancing.algorithm.type": "round_robin",
        "slow_start.duration_seconds": "0",
        "stickiness.enabled": "false",
    },
}
"""By the type of a group's targets."""
RESPONSE_HEADERS = {
    "access_control_allow_origin": "Access-Control-Allow-Origin",
    "access_control_allow_methods": "Access-Control-Allow-Methods",
    "access_control_allow_headers": "Access-Control-Allow-Headers",
    "access_control_allow_credentials": "Access-Control-Allow-Credentials",
    "access_control_expose_headers": "Access-Control-Expose-Headers",
    "access_control_max_age": "Access-Control-Max-Age",
    "strict_transport_security": "Strict-Transport-Security",
    "content_security_policy": "Content-Security-Policy",
    "x_content_type_options": "X-Content-Type-Options",
    "x_frame_options": "X-Frame-Options",
}
"""Response headers that a listener can add ("HTTP header modification", user guide)."""
LISTENER_ATTRIBUTES = {
    "routing.http.response.server.enabled": "true",
    **{f"routing.http.response.{name}.header_value": "" for name in RESPONSE_HEADERS},
}

_FIXED = frozenset(
    {
        "routing.http.xff_client_port.enabled",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        "stickiness.enabled",
        "slow_start.duration_seconds",
        "load_balancing.algorithm.type",
    }
)
"""Attributes that would be seen and are not emulated: only their default is accepted."""


def changed(
    kind: str, known: Mapping[str, str], asked: Iterable[Mapping[str, str]]
) -> dict[str, str]:
    """The values asked for; BalancingError for an unknown attribute or one that is not emulated."""
    values = {}
    for attribute in asked:
        key, value = attribute["Key"], attribute.get("Value", "")
        if key not in known:
            raise invalid(f"{kind} attribute key '{key}' is not known to the embedded cloud")
        if key in _FIXED and value != known[key]:
            raise not_emulated(f"the {kind} attribute {key} = {value}")
        values[key] = value
    return values


def shown(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    """The attributes as Describe operations list them."""
    return [{"Key": key, "Value": value} for key, value in attributes.items()]


def response_headers(attributes: Mapping[str, str]) -> dict[str, str]:
    """The headers that a listener adds to every response."""
    return {
        header: value
        for name, header in RESPONSE_HEADERS.items()
        if (value := attributes.get(f"routing.http.response.{name}.header_value", ""))
    }
