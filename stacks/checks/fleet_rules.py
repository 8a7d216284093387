"""Rules for endpoints that cfn-lint has not: variants, serverless memory, deployment policies.

Limits are those of the SageMaker API reference: BlueGreenUpdatePolicy, TrafficRoutingConfig,
RollingUpdatePolicy, ProductionVariantServerlessConfig; a shadow variant has one production variant
beside it (CreateEndpointConfig, ShadowProductionVariants).
"""

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

MOST_VARIANTS = 10
_MEMORY_MEGABYTES = range(1_024, 6_145, 1_024)
_WAIT_SECONDS = (0, 3_600)
_PERCENT: Mapping[str, tuple[int, int]] = {
    "CanarySize": (1, 50),
    "LinearStepSize": (10, 50),
    "MaximumBatchSize": (5, 50),
}
_SIZES = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}


def config_faults(resource: Json) -> Iterator[str]:
    """Variants differ, have weights that add up, and may stand beside each other."""
    properties = resource["Properties"]
    variants = properties["ProductionVariants"]
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) != len(names):
        yield f"variant names must differ, got {', '.join(names)}"
    if not 1 <= len(variants) <= MOST_VARIANTS:
        yield f"an endpoint has 1 to {MOST_VARIANTS} production variants, got {len(variants)}"
    yield from _weight_faults(variants)
    shadows = properties.get("ShadowProductionVariants", ())
    if shadows and (len(variants), len(shadows)) != (1, 1):
        yield (
            f"one shadow variant stands beside one production variant, got {len(shadows)} beside "
            f"{len(variants)}"
        )
    yield from _serverless_faults(variants)
    if resource.get("UpdateReplacePolicy") != "Retain":
        yield "UpdateReplacePolicy must be Retain: a release may go back to what is replaced"


def _weight_faults(variants: list[Json]) -> Iterator[str]:
    weights: list[Any] = [variant.get("InitialVariantWeight") for variant in variants]
    if any(weight is None or weight < 0 for weight in weights):
        yield f"every variant needs a weight of 0 or more, got {weights}: no weight means 1"
    elif variants and sum(weights) == 0:
        yield "all weights are 0: nothing would serve"


def _serverless_faults(variants: list[Json]) -> Iterator[str]:
    serverless = [v["ServerlessConfig"] for v in variants if "ServerlessConfig" in v]
    if serverless and len(variants) > 1:
        yield f"a serverless endpoint has one variant, got {len(variants)}"
    for config in serverless:
        memory = config.get("MemorySizeInMB")
        if memory not in _MEMORY_MEGABYTES:
            yield f"MemorySizeInMB is {memory}, must be 1024 to 6144 in steps of 1024"
        most, kept = config.get("MaxConcurrency", 0), config.get("ProvisionedConcurrency", 0)
        if kept > most:
            yield f"ProvisionedConcurrency is {kept}, above MaxConcurrency, {most}"


def endpoint_faults(resource: Json) -> Iterator[str]:
    """A deploy leaves weights and instances alone, and its policies are such as SageMaker takes."""
    properties = resource["Properties"]
    if properties.get("RetainAllVariantProperties") is not True:
        yield "RetainAllVariantProperties must be true: a deploy would reset weights and instances"
    if not isinstance(properties.get("EndpointName"), str):
        yield "EndpointName must be literal: alarms and endpoint would need each other"
    deployment = properties.get("DeploymentConfig")
    if deployment is not None:
        yield from _deployment_faults(deployment)


def _deployment_faults(deployment: Json) -> Iterator[str]:
    blue_green = deployment.get("BlueGreenUpdatePolicy")
    rolling = deployment.get("RollingUpdatePolicy")
    if (blue_green is None) == (rolling is None):
        got = "both" if rolling is not None else "neither"
        yield f"a deployment has BlueGreenUpdatePolicy or RollingUpdatePolicy, got {got}"
    if blue_green is not None:
        yield from _blue_green_faults(blue_green["TrafficRoutingConfiguration"])
    if rolling is not None:
        yield from _wait_faults(rolling)
        yield from _size_faults("MaximumBatchSize", rolling.get("MaximumBatchSize"))


def _blue_green_faults(routing: Json) -> Iterator[str]:
    yield from _wait_faults(routing)
    needed = _SIZES.get(routing["Type"])
    for size in _SIZES.values():
        if size == needed:
            yield from _size_faults(size, routing.get(size))
        elif size in routing:
            yield f"{size} does not go with {routing['Type']}: drop it"


def _wait_faults(policy: Json) -> Iterator[str]:
    low, high = _WAIT_SECONDS
    key = "WaitIntervalInSeconds"
    if key not in policy:
        yield f"{key} is missing: the API needs it, the schema does not"
    elif isinstance(policy[key], int) and not low <= policy[key] <= high:
        yield f"{key} is {policy[key]}, must be {low} to {high}"


def _size_faults(name: str, size: Json | None) -> Iterator[str]:
    if size is None:
        yield f"{name} is missing"
        return
    low, high = _PERCENT[name]
    value = size.get("Value")
    if not isinstance(value, int):
        return
    if size.get("Type") == "CAPACITY_PERCENT" and not low <= value <= high:
        yield f"{name} is {value} percent, must be {low} to {high}"
    if value < 1:
        yield f"{name} is {value}, must be at least 1"


def fleet_faults(template: Json) -> Iterator[str]:
    """A step or batch in instances is at most half of the fleet that it is taken from."""
    resources = template["Resources"]
    for id_, resource in resources.items():
        if resource["Type"] != "AWS::SageMaker::Endpoint":
            continue
        fleet = _fleet_of(resource["Properties"], resources)
        for name, size in _sizes_of(resource["Properties"].get("DeploymentConfig", {})):
            if size.get("Type") != "INSTANCE_COUNT" or fleet is None:
                continue
            if 2 * size["Value"] > fleet:
                yield f"{id_}: {name} is {size['Value']} of {fleet} instances, at most half of them"


def _sizes_of(deployment: Json) -> Iterator[tuple[str, Json]]:
    routing = deployment.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    for policy in (routing, deployment.get("RollingUpdatePolicy", {})):
        for name in _PERCENT:
            if policy.get(name) is not None:
                yield name, policy[name]


def _fleet_of(endpoint: Json, resources: Json) -> int | None:
    """The instances of the endpoint's smallest variant; None where the template does not say."""
    name = endpoint.get("EndpointConfigName")
    target = str(name.get("Fn::GetAtt", [""])[0]) if isinstance(name, Mapping) else ""
    if target not in resources:
        return None
    variants = resources[target]["Properties"]["ProductionVariants"]
    counts = [variant.get("InitialInstanceCount") for variant in variants]
    known = [count for count in counts if isinstance(count, int)]
    return min(known) if known else None
