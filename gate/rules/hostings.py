"""Serverless and asynchronous endpoints: what else of a template must go with the choice."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gate.finding import Fault, Severity
from gate.rule import Rule, each
from gate.rules.deployments import ENDPOINT, config_of
from gate.rules.scaling import INSTANCES, TARGET
from gate.rules.variants import CONFIG
from gate.template import Assembly, Resource, mappings, target, text_of

CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"
BACKLOG = "ApproximateBacklogSizePerInstance"
WAKING = "HasBacklogWithoutCapacity"
_ROUTING = ("DeploymentConfig", "BlueGreenUpdatePolicy", "TrafficRoutingConfiguration", "Type")
_NOT_OF_ASYNC = ("Invocations", "InvocationsPerInstance", "OverheadLatency")
_VARIANT = re.compile(r"^endpoint/(?P<endpoint>.+)/variant/(?P<variant>[^/]+)$")
_ALONE = ("VpcConfig", "EnableNetworkIsolation")


def _is_serverless(variant: Mapping[str, Any]) -> bool:
    return isinstance(variant.get("ServerlessConfig"), Mapping)


def _is_asynchronous(config: Resource) -> bool:
    return config.at("AsyncInferenceConfig") is not None


@each(ENDPOINT)
def _at_once(endpoint: Resource) -> Iterator[Fault]:
    config, kind = config_of(endpoint), endpoint.at(*_ROUTING)
    variants = [] if config is None else mappings(config.at("ProductionVariants"))
    if kind in {"CANARY", "LINEAR"} and any(_is_serverless(variant) for variant in variants):
        yield endpoint.fault(
            _ROUTING,
            "a serverless endpoint has no instances that a step could be a part of",
            got=kind,
            allowed="ALL_AT_ONCE",
        )


@each(CONFIG)
def _alone(config: Resource) -> Iterator[Fault]:
    for variant in mappings(config.at("ProductionVariants")):
        model = config.template.every.get(target(variant.get("ModelName")))
        if model is None or not _is_serverless(variant):
            continue
        for name in _ALONE:
            if model.at(name):
                yield model.fault(
                    (name,),
                    "a serverless endpoint has no network of its own",
                    advice="drop it, or host the model on instances",
                )
        if len(mappings(model.at("Containers"))) > 1:
            yield model.fault(("Containers",), "a serverless endpoint runs no inference pipeline")
        if model.at("PrimaryContainer", "Mode") == "MultiModel":
            path = ("PrimaryContainer", "Mode")
            yield model.fault(path, "a serverless endpoint hosts one model", got="MultiModel")


def _scaled(scaled: Resource) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    """The configurations, with the variant, that a scalable target may be about."""
    match = _VARIANT.match(text_of(scaled.at("ResourceId")) or "")
    for config in scaled.template.of(CONFIG):
        for variant in mappings(config.at("ProductionVariants")):
            if match is not None and match["variant"] == variant.get("VariantName"):
                yield config, variant


@each(TARGET)
def _dimension(scaled: Resource) -> Iterator[Fault]:
    dimension = scaled.at("ScalableDimension")
    for _, variant in _scaled(scaled):
        serverless = variant.get("ServerlessConfig")
        wanted = INSTANCES if serverless is None else CONCURRENCY
        if dimension in {INSTANCES, CONCURRENCY} and dimension != wanted:
            yield scaled.fault(
                ("ScalableDimension",),
                "the variant has nothing of this dimension",
                got=dimension,
                allowed=wanted,
            )
        elif isinstance(serverless, Mapping) and "ProvisionedConcurrency" not in serverless:
            yield scaled.fault(
                ("ScalableDimension",),
                "the variant has no provisioned concurrency that could be scaled",
                advice="set ProvisionedConcurrency, or drop the scalable target",
            )


@each(TARGET)
def _to_zero(scaled: Resource) -> Iterator[Fault]:
    if scaled.at("ScalableDimension") != INSTANCES or scaled.at("MinCapacity") != 0:
        return
    for config, _ in _scaled(scaled):
        if not _is_asynchronous(config):
            yield scaled.fault(
                ("MinCapacity",),
                "only asynchronous endpoints scale to zero instances",
                got=0,
                allowed="1 or more, or AsyncInferenceConfig",
            )
            return
    if any(_is_asynchronous(config) for config, _ in _scaled(scaled)) and not _wakes(scaled):
        yield scaled.fault(
            ("MinCapacity",),
            f"nothing wakes it: with 0 instances only {WAKING} says that a request waits",
            got=0,
            advice=f"add a step scaling policy on an alarm of {WAKING}",
        )


def _wakes(scaled: Resource) -> bool:
    """Whether the template has an alarm of waiting requests, and a step policy of this target."""
    alarms = scaled.template.of("AWS::CloudWatch::Alarm")
    steps = (
        policy
        for policy in scaled.template.of("AWS::ApplicationAutoScaling::ScalingPolicy")
        if policy.at("PolicyType") == "StepScaling"
        and target(policy.at("ScalingTargetId")) in {scaled.id, ""}
    )
    return any(alarm.at("MetricName") == WAKING for alarm in alarms) and any(steps)


def _followed(assembly: Assembly) -> Iterator[Fault]:
    tracking = ("TargetTrackingScalingPolicyConfiguration", "PredefinedMetricSpecification")
    path = (*tracking, "PredefinedMetricType")
    for policy in assembly.of("AWS::ApplicationAutoScaling::ScalingPolicy"):
        scaled = policy.template.every.get(target(policy.at("ScalingTargetId")))
        if scaled is None or policy.at(*path) != "SageMakerVariantInvocationsPerInstance":
            continue
        if any(_is_asynchronous(config) for config, _ in _scaled(scaled)):
            yield policy.fault(
                path,
                "asynchronous endpoints do not publish InvocationsPerInstance",
                got=policy.at(*path),
                allowed=f"a CustomizedMetricSpecification of {BACKLOG}, by EndpointName",
            )


def _watched(assembly: Assembly) -> Iterator[Fault]:
    for alarm in assembly.of("AWS::CloudWatch::Alarm"):
        if alarm.at("Namespace") != "AWS/SageMaker" or alarm.at("MetricName") not in _NOT_OF_ASYNC:
            continue
        configs = list(alarm.template.of(CONFIG))
        if configs and all(_is_asynchronous(config) for config in configs):
            yield alarm.fault(
                ("MetricName",),
                "asynchronous endpoints do not publish this metric: the alarm never sees data",
                got=alarm.at("MetricName"),
                allowed="InvocationsProcessed, InvocationFailures, TotalProcessingTime and others",
            )


def _kind(config: Resource) -> str:
    variants = mappings(config.at("ProductionVariants"))
    if any(_is_serverless(variant) for variant in variants):
        return "serverless"
    return "asynchronous" if _is_asynchronous(config) else "instances"


def _converted(assembly: Assembly) -> Iterator[Fault]:
    earlier = {template.stack: template for template in assembly.before}
    for config in assembly.of(CONFIG):
        before = earlier.get(config.template.stack)
        was = None if before is None else before.every.get(config.id)
        if was is None or was.kind != CONFIG:
            continue
        now, then = _kind(config), _kind(was)
        if now != then and "serverless" in {now, then}:
            yield config.fault(
                ("ProductionVariants",),
                "an endpoint is not converted to serverless by an update, nor back for good",
                got=now,
                allowed=then,
                advice="give it another endpoint, and move callers there",
            )


_SERVERLESS = "SageMaker developer guide, Serverless Inference"
_ASYNC = "SageMaker developer guide, Asynchronous inference"
RULES = (
    Rule(
        id="serverless-deployment",
        holds="a serverless endpoint is updated all at once",
        source="SageMaker API reference, TrafficRoutingConfig: sizes are parts of the instances",
        check=_at_once,
    ),
    Rule(
        id="serverless-model",
        holds="a serverless endpoint has one container, and no network of its own",
        source=f"{_SERVERLESS}: feature exclusions",
        check=_alone,
    ),
    Rule(
        id="scaling-dimension",
        holds="a scalable target is about what its variant has",
        source="Application Auto Scaling API reference, RegisterScalableTarget; "
        f"{_SERVERLESS}: scale Provisioned Concurrency",
        check=_dimension,
    ),
    Rule(
        id="scaling-to-zero",
        holds="only asynchronous endpoints scale to zero, and something wakes them",
        source=f"{_ASYNC}: autoscale an asynchronous endpoint",
        check=_to_zero,
    ),
    Rule(
        id="scaling-asynchronous",
        holds="an asynchronous endpoint is scaled by its backlog",
        source=f"{_ASYNC}: autoscale an asynchronous endpoint",
        check=_followed,
    ),
    Rule(
        id="alarm-asynchronous",
        holds="alarms of an asynchronous endpoint watch what it publishes",
        source=f"{_ASYNC}: alarms and logs for tracking metrics",
        check=_watched,
        severity=Severity.WARNING,
    ),
    Rule(
        id="update-to-serverless",
        holds="an endpoint stays serverless, or not (with --against)",
        source=f"{_SERVERLESS}: endpoints on instances cannot be converted",
        check=_converted,
    ),
)
