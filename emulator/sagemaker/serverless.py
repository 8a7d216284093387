"""What a serverless variant may be: its configuration, its updates, its description. Pure.

Source: API reference, ProductionVariantServerlessConfig; developer guide, "Deploy models with
Serverless Inference" (feature exclusions, and which endpoints can be converted). AWS's own
sentences are not known to us.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.ports import OnDemand
from emulator.sagemaker.state import Endpoint, Model, Planned

MEMORY_MEGABYTES = range(1_024, 6_145, 1_024)
_OF_INSTANCES = (
    "InstanceType",
    "InitialInstanceCount",
    "AcceleratorType",
    "VolumeSizeInGB",
    "InstancePools",
    "ManagedInstanceScaling",
)
_NOT_WITH = ("DataCaptureConfig", "AsyncInferenceConfig", "VpcConfig", "KmsKeyId")


def is_serverless(definition: Mapping[str, Any]) -> bool:
    """Whether a variant is serverless."""
    return definition.get("ServerlessConfig") is not None


def on_demand(definition: Mapping[str, Any]) -> OnDemand | None:
    """The limits of a serverless variant; None of one on instances."""
    if not is_serverless(definition):
        return None
    config = definition["ServerlessConfig"]
    return OnDemand(
        max_concurrency=int(config["MaxConcurrency"]),
        provisioned=int(config.get("ProvisionedConcurrency", 0)),
    )


def check_config(request: Mapping[str, Any]) -> None:
    """ValidationException where a configuration has what serverless variants cannot."""
    variants: Sequence[Mapping[str, Any]] = request["ProductionVariants"]
    if not any(is_serverless(variant) for variant in variants):
        return
    if len(variants) > 1:
        raise errors.validation(
            "An endpoint configuration with ServerlessConfig has one production variant, got "
            f"{len(variants)}."
        )
    (variant,) = variants
    config, name = variant["ServerlessConfig"], variant["VariantName"]
    _check_sizes(config, name)
    for member in (*_OF_INSTANCES, *_NOT_WITH):
        if variant.get(member) is not None or request.get(member) is not None:
            raise errors.validation(
                f"{member} is not supported with ServerlessConfig of production variant {name}."
            )
    if request.get("EnableNetworkIsolation"):
        raise errors.validation("Network isolation is not supported with ServerlessConfig.")


def _check_sizes(config: Mapping[str, Any], name: str) -> None:
    if config["MemorySizeInMB"] not in MEMORY_MEGABYTES:
        allowed = ", ".join(str(size) for size in MEMORY_MEGABYTES)
        raise errors.validation(
            f"MemorySizeInMB of production variant {name} must be one of {allowed}, got "
            f"{config['MemorySizeInMB']}."
        )
    if config.get("ProvisionedConcurrency", 0) > config["MaxConcurrency"]:
        raise errors.validation(
            f"ProvisionedConcurrency of production variant {name} must be at most MaxConcurrency "
            f"({config['MaxConcurrency']}), got {config['ProvisionedConcurrency']}."
        )


def check_model(model: Model) -> None:
    """ValidationException where a model has what serverless variants cannot."""
    for member, words in (("VpcConfig", "A VPC"), ("EnableNetworkIsolation", "Network isolation")):
        if model.request.get(member):
            raise errors.validation(
                f"{words} is not supported with ServerlessConfig: model {model.name} has {member}."
            )


def check_conversion(endpoint: Endpoint, plan: Iterable[Planned]) -> None:
    """An endpoint on instances is not made serverless by an update; the other way is allowed."""
    if not endpoint.variants or any(is_serverless(v.definition) for v in endpoint.variants):
        return
    if any(is_serverless(one.definition) for one in plan):
        raise errors.validation(
            f"Endpoint {endpoint.name} is on instances and cannot be updated to a serverless one: "
            "create another endpoint."
        )


def check_shift(deployment: Mapping[str, Any], plan: Sequence[Planned]) -> None:
    """Traffic goes to a serverless variant at once: it has no instances to go by.

    Rolling is excluded by the developer guide; that canary and linear, whose sizes are parts of the
    instances, are refused is assumed.
    """
    if not any(is_serverless(one.definition) for one in plan):
        return
    routing = deployment.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    kind = routing.get("Type", "ALL_AT_ONCE")
    if deployment.get("RollingUpdatePolicy") is not None or kind != "ALL_AT_ONCE":
        raise errors.validation(
            "Endpoints with ServerlessConfig are updated ALL_AT_ONCE, got "
            f"{'a RollingUpdatePolicy' if routing == {} else kind}."
        )


def check_wishes(endpoint: Endpoint, wishes: Iterable[Mapping[str, Any]]) -> None:
    """A serverless variant has no instance count, and another one no concurrency."""
    served = {v.name: is_serverless(v.definition) for v in endpoint.variants}
    for wish in wishes:
        name = wish["VariantName"]
        if served[name] and wish.get("DesiredInstanceCount") is not None:
            raise errors.validation(f"Variant {name} is serverless and has no instances.")
        if wish.get("ServerlessUpdateConfig") is not None:
            raise errors.not_emulated("changes of concurrency in place (ServerlessUpdateConfig)")


def shown(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The members of DescribeEndpoint that a serverless variant has instead of instance counts."""
    config = dict(definition["ServerlessConfig"])
    return {"CurrentServerlessConfig": config, "DesiredServerlessConfig": dict(config)}
