"""Variants of SageMaker endpoint configurations."""

from collections.abc import Iterator
from typing import Any

from gate.finding import Fault, Severity
from gate.rule import Rule, each
from gate.template import Resource, below, mappings

CONFIG = "AWS::SageMaker::EndpointConfig"
_API = "SageMaker API reference, CreateEndpointConfig"
_VARIANTS = "ProductionVariants"
MOST_VARIANTS = 10
_MEMORY_MEGABYTES = range(1_024, 6_145, 1_024)


@each(CONFIG)
def _names(config: Resource) -> Iterator[Fault]:
    every = [*mappings(config.at(_VARIANTS)), *mappings(config.at("ShadowProductionVariants"))]
    names = [str(variant.get("VariantName")) for variant in every]
    if len(set(names)) != len(names):
        yield config.fault(
            (_VARIANTS,), "variants share a name", got=names, advice="give each a name of its own"
        )


@each(CONFIG)
def _count(config: Resource) -> Iterator[Fault]:
    given = config.at(_VARIANTS)
    if isinstance(given, list) and not 1 <= len(given) <= MOST_VARIANTS:
        allowed = f"1 to {MOST_VARIANTS} production variants"
        yield config.fault(
            (_VARIANTS,), "too few or too many variants", got=len(given), allowed=allowed
        )


@each(CONFIG)
def _weights(config: Resource) -> Iterator[Fault]:
    weights: list[Any] = [v.get("InitialVariantWeight") for v in mappings(config.at(_VARIANTS))]
    numbers = [w for w in weights if isinstance(w, int | float) and not isinstance(w, bool)]
    for index, weight in enumerate(weights):
        if isinstance(weight, int | float) and weight < 0:
            path = (_VARIANTS, index, "InitialVariantWeight")
            yield config.fault(path, "a weight is negative", got=weight, allowed="0 or more")
    if weights and len(numbers) == len(weights) and sum(numbers) == 0:
        yield config.fault(
            (_VARIANTS,),
            "all weights are 0, so that nothing would serve",
            got=weights,
            allowed="a sum above 0",
        )


@each(CONFIG)
def _weights_said(config: Resource) -> Iterator[Fault]:
    variants = mappings(config.at(_VARIANTS))
    for index, variant in enumerate(variants if len(variants) > 1 else ()):
        if variant.get("InitialVariantWeight") is None:
            yield config.fault(
                (_VARIANTS, index),
                "no weight means 1, a full share of the traffic",
                allowed="InitialVariantWeight, 0 or more",
            )


@each(CONFIG)
def _shadows(config: Resource) -> Iterator[Fault]:
    shadows = mappings(config.at("ShadowProductionVariants"))
    beside = len(mappings(config.at(_VARIANTS)))
    if shadows and (beside, len(shadows)) != (1, 1):
        yield config.fault(
            ("ShadowProductionVariants",),
            "too many shadow variants, or beside too many",
            got=f"{len(shadows)} beside {beside} production variants",
            allowed="1 beside 1",
        )


@each(CONFIG)
def _serverless(config: Resource) -> Iterator[Fault]:
    variants = mappings(config.at(_VARIANTS))
    for index, variant in enumerate(variants):
        serverless = variant.get("ServerlessConfig")
        if not isinstance(serverless, dict):
            continue
        at = (_VARIANTS, index, "ServerlessConfig")
        if len(variants) > 1:
            got = len(variants)
            yield config.fault(at, "a serverless endpoint has one variant", got=got, allowed="1")
        yield from _memory(config, (*at, "MemorySizeInMB"), serverless.get("MemorySizeInMB"))
        most, kept = serverless.get("MaxConcurrency"), serverless.get("ProvisionedConcurrency")
        if isinstance(most, int) and isinstance(kept, int) and kept > most:
            path = (*at, "ProvisionedConcurrency")
            allowed = f"at most MaxConcurrency, {most}"
            yield config.fault(path, "more is provisioned than allowed", got=kept, allowed=allowed)
        for name in ("InstanceType", "InitialInstanceCount"):
            if name in variant:
                where = (_VARIANTS, index, name)
                yield config.fault(
                    where, f"{name} does not go with ServerlessConfig", got=variant[name]
                )


def _memory(config: Resource, path: tuple[str | int, ...], memory: Any) -> Iterator[Fault]:
    if isinstance(memory, int) and memory not in _MEMORY_MEGABYTES:
        allowed = "1024 to 6144 in steps of 1024"
        yield config.fault(path, "no such memory size", got=memory, allowed=allowed)


@each(CONFIG)
def _serverless_exclusions(config: Resource) -> Iterator[Fault]:
    variants = mappings(config.at(_VARIANTS))
    if not any("ServerlessConfig" in variant for variant in variants):
        return
    for name in ("DataCaptureConfig", "AsyncInferenceConfig", "VpcConfig", "KmsKeyId"):
        if name in config.properties:
            yield config.fault(
                (name,), f"{name} does not go with ServerlessConfig", advice="drop one of the two"
            )


@each(CONFIG)
def _capacity(config: Resource) -> Iterator[Fault]:
    for index, variant in enumerate(mappings(config.at(_VARIANTS))):
        if "ModelName" not in variant or "ServerlessConfig" in variant:
            continue
        for name in ("InstanceType", "InitialInstanceCount"):
            if variant.get(name) is None and below(variant, "ManagedInstanceScaling") is None:
                yield config.fault(
                    (_VARIANTS, index),
                    f"{name} is missing",
                    allowed="InstanceType and InitialInstanceCount, or ServerlessConfig",
                )


RULES = (
    Rule(
        id="variant-names",
        holds="variants of an endpoint have names of their own",
        source=_API,
        check=_names,
    ),
    Rule(
        id="variant-count",
        holds="an endpoint has 1 to 10 production variants",
        source=_API,
        check=_count,
    ),
    Rule(
        id="variant-weights",
        holds="weights are 0 or more and not all 0",
        source=f"{_API}, ProductionVariant",
        check=_weights,
    ),
    Rule(
        id="variant-weight-said",
        holds="of several variants each says its weight",
        source=f"{_API}, ProductionVariant: InitialVariantWeight is 1 if it is not said",
        check=_weights_said,
        severity=Severity.WARNING,
    ),
    Rule(
        id="shadow-variants",
        holds="one shadow variant stands beside one production variant",
        source=f"{_API}, ShadowProductionVariants",
        check=_shadows,
    ),
    Rule(
        id="serverless-variant",
        holds="a serverless endpoint has one variant, of a memory size that there is",
        source=f"{_API}, ProductionVariantServerlessConfig",
        check=_serverless,
    ),
    Rule(
        id="serverless-exclusions",
        holds="serverless endpoints have no capture, queue, network or volume key of their own",
        source="SageMaker developer guide, Serverless Inference: feature exclusions",
        check=_serverless_exclusions,
    ),
    Rule(
        id="variant-capacity",
        holds="a variant with a model says what it runs on",
        source=f"{_API}, ProductionVariant",
        check=_capacity,
    ),
)
