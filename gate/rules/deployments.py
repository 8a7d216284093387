"""Deployment configurations of SageMaker endpoints: policies, steps, waits, fleets."""

from collections.abc import Iterator, Mapping
from typing import Any

from gate.finding import Fault, Path, Severity
from gate.rule import Rule, each
from gate.rules.variants import CONFIG
from gate.template import Json, Resource, below, mappings, target

ENDPOINT = "AWS::SageMaker::Endpoint"
_API = "SageMaker API reference, DeploymentConfig"
_DEPLOYMENT = "DeploymentConfig"
_ROUTING: Path = (_DEPLOYMENT, "BlueGreenUpdatePolicy", "TrafficRoutingConfiguration")
_ROLLING: Path = (_DEPLOYMENT, "RollingUpdatePolicy")
_WAIT_SECONDS = (0, 3_600)
_TIMEOUT_SECONDS = (600, 28_800)
_PERCENT: Mapping[str, tuple[int, int]] = {
    "CanarySize": (1, 50),
    "LinearStepSize": (10, 50),
    "MaximumBatchSize": (5, 50),
}
_SIZES = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}


@each(ENDPOINT)
def _choice(endpoint: Resource) -> Iterator[Fault]:
    deployment = endpoint.at(_DEPLOYMENT)
    if not isinstance(deployment, Mapping):
        return
    policies = [n for n in ("BlueGreenUpdatePolicy", "RollingUpdatePolicy") if n in deployment]
    if len(policies) != 1:
        yield endpoint.fault(
            (_DEPLOYMENT,),
            "a deployment has exactly one policy",
            got=policies,
            allowed="BlueGreenUpdatePolicy or RollingUpdatePolicy",
        )


@each(ENDPOINT)
def _waits(endpoint: Resource) -> Iterator[Fault]:
    low, high = _WAIT_SECONDS
    for path in (_ROUTING, _ROLLING):
        policy = endpoint.at(*path)
        if not isinstance(policy, Mapping):
            continue
        wait = policy.get("WaitIntervalInSeconds")
        allowed = f"{low} to {high} seconds"
        if wait is None:
            yield endpoint.fault(
                path, "WaitIntervalInSeconds is missing; the schema lets it pass", allowed=allowed
            )
        elif isinstance(wait, int) and not low <= wait <= high:
            where = (*path, "WaitIntervalInSeconds")
            yield endpoint.fault(where, "the wait is out of range", got=wait, allowed=allowed)


@each(ENDPOINT)
def _sizes(endpoint: Resource) -> Iterator[Fault]:
    routing, rolling = endpoint.at(*_ROUTING), endpoint.at(*_ROLLING)
    if isinstance(routing, Mapping):
        needed = _SIZES.get(str(routing.get("Type")))
        for size in _SIZES.values():
            if size == needed:
                yield from _size(endpoint, (*_ROUTING, size))
            elif size in routing:
                kind = routing.get("Type")
                yield endpoint.fault((*_ROUTING, size), f"{size} does not go with {kind}")
    if isinstance(rolling, Mapping):
        yield from _size(endpoint, (*_ROLLING, "MaximumBatchSize"))


def _size(endpoint: Resource, path: Path) -> Iterator[Fault]:
    name = str(path[-1])
    low, high = _PERCENT[name]
    size = endpoint.at(*path)
    if size is None:
        yield endpoint.fault(path[:-1], f"{name} is missing", allowed=f"{low} to {high} percent")
        return
    value = below(size, "Value")
    if not isinstance(value, int):
        return
    of_fleet = below(size, "Type") == "CAPACITY_PERCENT"
    if value < 1 or (of_fleet and not low <= value <= high):
        allowed = f"{low} to {high} percent" if of_fleet else "at least 1 instance"
        yield endpoint.fault(
            (*path, "Value"), f"{name} is out of range", got=value, allowed=allowed
        )


@each(ENDPOINT)
def _fleet(endpoint: Resource) -> Iterator[Fault]:
    fleet = _fleet_of(endpoint)
    for path, size in _asked(endpoint):
        value = below(size, "Value")
        if fleet is None or not isinstance(value, int):
            continue
        if below(size, "Type") == "INSTANCE_COUNT" and 2 * value > fleet:
            yield endpoint.fault(
                (*path, "Value"),
                f"{path[-1]} is more than half of the fleet",
                got=f"{value} of {fleet} instances",
                allowed="at most half of them",
                advice="raise InitialInstanceCount or ask for less",
            )
        elif fleet < 2:
            yield endpoint.fault(
                path,
                f"{path[-1]} needs a fleet that can be divided",
                got=f"{fleet} instance",
                allowed="at least 2 instances in every variant",
            )


def _asked(endpoint: Resource) -> Iterator[tuple[Path, Json]]:
    for beginning in (_ROUTING, _ROLLING):
        for name in _PERCENT:
            size = endpoint.at(*beginning, name)
            if isinstance(size, Mapping):
                yield (*beginning, name), size


def config_of(endpoint: Resource) -> Resource | None:
    """The configuration an endpoint names, where it is in the same template."""
    found = endpoint.template.every.get(target(endpoint.at("EndpointConfigName")))
    return found if found is not None and found.kind == CONFIG else None


def _fleet_of(endpoint: Resource) -> int | None:
    """The instances of the endpoint's smallest variant; None where the template does not say."""
    config = config_of(endpoint)
    variants = [] if config is None else mappings(config.at("ProductionVariants"))
    counts = [variant.get("InitialInstanceCount") for variant in variants]
    known = [count for count in counts if isinstance(count, int)]
    return min(known) if known else None


@each(ENDPOINT)
def _timeout(endpoint: Resource) -> Iterator[Fault]:
    for path, steps in ((_ROUTING, _steps(endpoint)), (_ROLLING, _batches(endpoint))):
        policy = endpoint.at(*path)
        at = path if path == _ROLLING else path[:-1]
        limit = endpoint.at(*at, "MaximumExecutionTimeoutInSeconds")
        if not isinstance(policy, Mapping) or not isinstance(limit, int):
            continue
        wait = policy.get("WaitIntervalInSeconds")
        waits = steps * wait if isinstance(wait, int) else 0
        low, high = _TIMEOUT_SECONDS
        if not low <= limit <= high or limit <= waits:
            yield endpoint.fault(
                (*at, "MaximumExecutionTimeoutInSeconds"),
                "the deployment would run out of time",
                got=limit,
                allowed=f"{low} to {high} seconds, and more than its waits, {waits}",
            )


def _steps(endpoint: Resource) -> int:
    routing = endpoint.at(*_ROUTING)
    kind = below(routing, "Type")
    if kind == "LINEAR":
        return _parts(below(routing, "LinearStepSize"))
    return 2 if kind == "CANARY" else 1


def _batches(endpoint: Resource) -> int:
    return _parts(endpoint.at(*_ROLLING, "MaximumBatchSize"))


def _parts(size: Any) -> int:
    value = below(size, "Value")
    percent = below(size, "Type") == "CAPACITY_PERCENT"
    return -(-100 // value) if percent and isinstance(value, int) and value > 0 else 1


@each(ENDPOINT)
def _rolling(endpoint: Resource) -> Iterator[Fault]:
    config = config_of(endpoint)
    if endpoint.at(*_ROLLING) is None or config is None:
        return
    variants = mappings(config.at("ProductionVariants"))
    if len(variants) > 1:
        yield endpoint.fault(
            _ROLLING, "rolling takes one variant", got=len(variants), advice="use blue/green"
        )
    if any("ServerlessConfig" in variant for variant in variants):
        yield endpoint.fault(_ROLLING, "rolling takes no serverless endpoint")


@each(ENDPOINT)
def _retained(endpoint: Resource) -> Iterator[Fault]:
    if endpoint.at("RetainAllVariantProperties") is not True:
        yield endpoint.fault(
            ("RetainAllVariantProperties",),
            "a deploy would reset weights and instances that were changed since the last one",
            got=endpoint.at("RetainAllVariantProperties"),
            allowed="true",
        )


@each(ENDPOINT)
def _alarm_count(endpoint: Resource) -> Iterator[Fault]:
    path = (_DEPLOYMENT, "AutoRollbackConfiguration", "Alarms")
    alarms = endpoint.at(*path)
    if endpoint.at(*path[:-1]) is not None and not 1 <= len(mappings(alarms)) <= 10:
        got = len(mappings(alarms))
        yield endpoint.fault(path, "wrong number of alarms", got=got, allowed="1 to 10")


_GUIDE = "SageMaker developer guide, Deployment guardrails"
RULES = (
    Rule(
        id="deployment-policy",
        holds="a deployment is blue/green or rolling, not both and not neither",
        source=_API,
        check=_choice,
    ),
    Rule(
        id="deployment-wait",
        holds="each policy says its wait, 0 to 3600 seconds",
        source="SageMaker API reference, TrafficRoutingConfig, RollingUpdatePolicy",
        check=_waits,
    ),
    Rule(
        id="deployment-step",
        holds="a canary is 1 to 50 percent, a linear step 10 to 50, a batch 5 to 50",
        source="SageMaker API reference, TrafficRoutingConfig, RollingUpdatePolicy",
        check=_sizes,
    ),
    Rule(
        id="deployment-fleet",
        holds="a step or batch is at most half of a fleet of at least two instances",
        source=f"{_GUIDE}: canary and linear traffic shifting, rolling deployments",
        check=_fleet,
    ),
    Rule(
        id="deployment-timeout",
        holds="a deployment has time for its waits, 600 to 28800 seconds",
        source="SageMaker API reference, BlueGreenUpdatePolicy, RollingUpdatePolicy",
        check=_timeout,
    ),
    Rule(
        id="rolling-variants",
        holds="rolling updates have one variant, on instances",
        source=f"{_GUIDE}: exclusions",
        check=_rolling,
    ),
    Rule(
        id="rollback-alarms",
        holds="auto-rollback watches 1 to 10 alarms",
        source="SageMaker API reference, AutoRollbackConfig",
        check=_alarm_count,
    ),
    Rule(
        id="variant-properties-kept",
        holds="a deploy keeps the weights and instances that are",
        source="SageMaker API reference, UpdateEndpoint: RetainAllVariantProperties",
        check=_retained,
        severity=Severity.WARNING,
    ),
)
