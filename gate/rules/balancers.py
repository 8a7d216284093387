"""Load balancers: target groups that notice death, listeners that let nobody in unproven."""

from collections.abc import Iterator

from gate.finding import Fault, Severity
from gate.rule import Rule, each
from gate.template import Resource, mappings

GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
_API = "Elastic Load Balancing API reference"
_PROOFS = frozenset({"jwt-validation", "authenticate-oidc", "authenticate-cognito"})


@each(GROUP)
def _checks(group: Resource) -> Iterator[Fault]:
    if group.at("TargetType") == "lambda" and group.at("HealthCheckEnabled") is not True:
        yield group.fault(
            ("HealthCheckEnabled",),
            "Lambda targets have no health checks by default, so that a dead one stays in",
            got=group.at("HealthCheckEnabled"),
            allowed="true",
        )


@each(GROUP)
def _interval(group: Resource) -> Iterator[Fault]:
    interval, timeout = (
        group.at("HealthCheckIntervalSeconds"),
        group.at("HealthCheckTimeoutSeconds"),
    )
    if isinstance(interval, int) and isinstance(timeout, int) and interval <= timeout:
        yield group.fault(
            ("HealthCheckIntervalSeconds",),
            "a check would begin before the one before ends",
            got=interval,
            allowed=f"more than HealthCheckTimeoutSeconds, {timeout}",
        )


@each("AWS::ElasticLoadBalancingV2::Listener")
def _tls(listener: Resource) -> Iterator[Fault]:
    protocol = listener.at("Protocol")
    redirects = {action.get("Type") for action in mappings(listener.at("DefaultActions"))}
    if protocol in {"HTTP", "TCP", "UDP"} and redirects != {"redirect"}:
        yield listener.fault(
            ("Protocol",),
            "requests cross the network in the clear",
            got=protocol,
            allowed="HTTPS or TLS with a certificate",
        )
    elif protocol in {"HTTPS", "TLS"} and not listener.at("Certificates"):
        yield listener.fault(("Certificates",), f"{protocol} needs a certificate")


@each("AWS::ElasticLoadBalancingV2::Listener")
def _default(listener: Resource) -> Iterator[Fault]:
    kinds = [action.get("Type") for action in mappings(listener.at("DefaultActions"))]
    open_ = "forward" in kinds and not _PROOFS & set(kinds)
    if listener.at("Protocol") == "HTTPS" and open_:
        yield listener.fault(
            ("DefaultActions",),
            "whoever calls is let in",
            got=kinds,
            allowed="fixed-response or redirect, or a proof of who calls before forward",
            advice="let a rule with jwt-validation let requests in",
        )


@each("AWS::ElasticLoadBalancingV2::ListenerRule")
def _proof(rule: Resource) -> Iterator[Fault]:
    actions = sorted(mappings(rule.at("Actions")), key=lambda a: int(a.get("Order", 0)))
    kinds = [str(action.get("Type")) for action in actions]
    if "forward" in kinds and not _PROOFS & set(kinds[: kinds.index("forward")]):
        yield rule.fault(
            ("Actions",),
            "it forwards before it proves who calls",
            got=kinds,
            advice="put jwt-validation first",
        )


RULES = (
    Rule(
        id="target-health",
        holds="a target group of a function checks its health",
        source=f"{_API}, CreateTargetGroup: HealthCheckEnabled",
        check=_checks,
        severity=Severity.WARNING,
    ),
    Rule(
        id="target-health-interval",
        holds="health checks do not overlap",
        source=f"{_API}, CreateTargetGroup: HealthCheckIntervalSeconds",
        check=_interval,
    ),
    Rule(
        id="listener-tls",
        holds="a listener speaks TLS with a certificate",
        source=f"{_API}, CreateListener",
        check=_tls,
        severity=Severity.WARNING,
    ),
    Rule(
        id="listener-open",
        holds="a listener lets nobody in by default",
        source=f"{_API}, Action",
        check=_default,
        severity=Severity.WARNING,
    ),
    Rule(
        id="listener-proof",
        holds="a listener's rule proves who calls before it forwards",
        source=f"{_API}, Action",
        check=_proof,
        severity=Severity.WARNING,
    ),
)
