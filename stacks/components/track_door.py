"""The ways to a model's two tracks: a load balancer each, which takes tokens over TLS.

One certificate has the host's name and the names of both tracks, so that either load balancer can
answer for the host. Whatever is not a prediction with a token is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import ACCOUNT, Arns
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.network import group_id
from stacks.components.subnets import public_subnets
from stacks.components.web_acl import protect
from stacks.project.door_rules import claim_format
from stacks.project.doors import DnsSpec, JwtSpec
from stacks.project.names import function_name, pascal
from tidegate.slots import PAIR, Slot

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
"""TLS 1.2 with forward secrecy, or 1.3 (Elastic Load Balancing user guide, "Security policies")."""

IDLE_SECONDS = 65
"""A model has 60 s to answer (InvokeEndpoint in the API reference)."""

HEALTH_SECONDS = 35
"""The least interval for a Lambda target whose check may take 30 s, the function's time limit."""

_CHECK_SECONDS = 30
_HTTPS = 443
_DENIED = '{"message": "denied: POST /models/MODEL/predictions with a token"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackDoorProps:
    """A model that has tracks. `after` must be there before a load balancer; `logs` is a bucket."""

    project: str
    arns: Arns
    model: str
    dns: DnsSpec
    jwt: JwtSpec
    after: Sequence[str]
    logs: str


def add_track_doors(blueprint: Blueprint, props: TrackDoorProps) -> None:
    """Certificate, both load balancers, and the names that follow them are there."""
    certificate = _add_certificate(blueprint, props)
    for slot in PAIR:
        balancer = _add_balancer(blueprint, props, slot)
        target = _add_target(blueprint, props, slot)
        _add_listener(blueprint, props, slot, (balancer, certificate, target))
        protect(blueprint, balancer)
        blueprint.add(
            f"{_id(props, slot)}Record",
            "AWS::Route53::RecordSet",
            {
                "HostedZoneId": props.dns.zone_id,
                "Name": props.dns.track_host(props.model, slot),
                "Type": "A",
                "AliasTarget": {
                    "HostedZoneId": att(balancer, "CanonicalHostedZoneID"),
                    "DNSName": att(balancer, "DNSName"),
                    "EvaluateTargetHealth": True,
                },
            },
        )
    blueprint.tell(f"{pascal(props.model)}Url", f"https://{props.dns.host(props.model)}")


def _id(props: TrackDoorProps, slot: Slot) -> str:
    return f"{pascal(props.model)}{slot.value.capitalize()}"


def _add_certificate(blueprint: Blueprint, props: TrackDoorProps) -> str:
    names = [props.dns.host(props.model)]
    names += [props.dns.track_host(props.model, slot) for slot in PAIR]
    return blueprint.add(
        f"{pascal(props.model)}Certificate",
        "AWS::CertificateManager::Certificate",
        {
            "DomainName": names[0],
            "SubjectAlternativeNames": names[1:],
            "ValidationMethod": "DNS",
            "DomainValidationOptions": [
                {"DomainName": name, "HostedZoneId": props.dns.zone_id} for name in names
            ],
        },
    )


def _add_balancer(blueprint: Blueprint, props: TrackDoorProps, slot: Slot) -> str:
    attributes = {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": ref(props.logs),
        "access_logs.s3.prefix": f"{props.model}/{slot.value}",
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "idle_timeout.timeout_seconds": str(IDLE_SECONDS),
    }
    return blueprint.add(
        f"{_id(props, slot)}Balancer",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        {
            "Type": "application",
            "Scheme": "internet-facing",
            "IpAddressType": "ipv4",
            "Subnets": public_subnets(),
            "SecurityGroups": [group_id()],
            "LoadBalancerAttributes": [{"Key": k, "Value": v} for k, v in attributes.items()],
        },
        after=[*props.after, f"{props.logs}Policy"],
    )


def _add_target(blueprint: Blueprint, props: TrackDoorProps, slot: Slot) -> str:
    """The group has a generated name: a fixed one of at most 32 characters fails replacements."""
    name = function_name(props.project, props.arns.stage.name, f"route_request_{slot.value}")
    function = props.arns.of("lambda", f"function:{name}")
    permission = blueprint.add(
        f"{_id(props, slot)}Permission",
        "AWS::Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": function,
            "Principal": "elasticloadbalancing.amazonaws.com",
            "SourceAccount": ref("AWS::AccountId"),
            # The group's own ARN would be a cycle: a target is registered when its group is made.
            "SourceArn": _any_group(),
        },
    )
    return blueprint.add(
        f"{_id(props, slot)}Target",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        {
            "TargetType": "lambda",
            "Targets": [{"Id": function}],
            "HealthCheckEnabled": True,
            "HealthCheckPath": f"/models/{props.model}/health",
            "HealthCheckIntervalSeconds": HEALTH_SECONDS,
            "HealthCheckTimeoutSeconds": _CHECK_SECONDS,
            "HealthyThresholdCount": 2,
            "UnhealthyThresholdCount": 2,
            "Matcher": {"HttpCode": "200"},
        },
        after=[permission],
    )


def _any_group() -> dict[str, Any]:
    place = f"${{AWS::Partition}}:elasticloadbalancing:${{AWS::Region}}:{ACCOUNT}"
    return {"Fn::Sub": f"arn:{place}:targetgroup/*"}


def _add_listener(
    blueprint: Blueprint, props: TrackDoorProps, slot: Slot, ids: tuple[str, str, str]
) -> None:
    balancer, certificate, target = ids
    denied = {"StatusCode": "403", "ContentType": "application/json", "MessageBody": _DENIED}
    listener = blueprint.add(
        f"{_id(props, slot)}Listener",
        "AWS::ElasticLoadBalancingV2::Listener",
        {
            "LoadBalancerArn": ref(balancer),
            "Port": _HTTPS,
            "Protocol": "HTTPS",
            "SslPolicy": TLS_POLICY,
            "Certificates": [{"CertificateArn": ref(certificate)}],
            "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": denied}],
        },
    )
    hosts = [props.dns.host(props.model), props.dns.track_host(props.model, slot)]
    path = f"/models/{props.model}/predictions"
    blueprint.add(
        f"{_id(props, slot)}Rule",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        {
            "ListenerArn": ref(listener),
            "Priority": 1,
            "Conditions": [
                {"Field": "host-header", "HostHeaderConfig": {"Values": hosts}},
                {"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}},
                {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}},
            ],
            "Actions": [
                {"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": _tokens(props.jwt)},
                {"Type": "forward", "Order": 2, "TargetGroupArn": ref(target)},
            ],
        },
    )


def _tokens(jwt: JwtSpec) -> dict[str, Any]:
    """Signature, issuer and times are always checked; these claims as well."""
    claims = {"aud": (jwt.audience,), **jwt.claims}
    return {
        "JwksEndpoint": jwt.jwks,
        "Issuer": jwt.issuer,
        "AdditionalClaims": [
            {"Name": name, "Format": claim_format(name, values), "Values": list(values)}
            for name, values in claims.items()
        ],
    }
