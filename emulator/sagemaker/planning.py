"""Which variants an endpoint configuration asks for, and what of the running ones it retains. Pure.

It also refuses, by name, what AWS would host and this emulation does not, before anything starts.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from emulator.sagemaker import errors, multi_model
from emulator.sagemaker.serverless import is_serverless
from emulator.sagemaker.state import (
    Endpoint,
    EndpointConfig,
    Model,
    Planned,
    Variant,
    VariantRole,
)

_UNEMULATED_CONFIG = {
    "ExplainerConfig": "online explainability (ExplainerConfig)",
}
_UNEMULATED_VARIANT = {
    "InstancePools": "instance pools (InstancePools)",
}


def plan_variants(
    config: EndpointConfig,
    model_of: Callable[[str], Model],
    retained: Mapping[str, Mapping[str, Any]],
) -> tuple[Planned, ...]:
    """The variants to run, shadows last; `retained` overrides weight and count by variant name.

    Only production variants retain anything; whether shadows do on AWS is not documented.
    """
    for member, words in _UNEMULATED_CONFIG.items():
        if config.request.get(member):
            raise errors.not_emulated(words)
    production = (
        _planned(definition, config, model_of, retained.get(definition["VariantName"], {}))
        for definition in config.variants
    )
    shadows = (_planned(definition, config, model_of, {}) for definition in config.shadows)
    if config.request.get("AsyncInferenceConfig") is not None:
        return tuple(replace(one, asynchronous=True) for one in production)
    return (*production, *(replace(shadow, role=VariantRole.SHADOW) for shadow in shadows))


def _planned(
    definition: Mapping[str, Any],
    config: EndpointConfig,
    model_of: Callable[[str], Model],
    kept: Mapping[str, Any],
) -> Planned:
    for member, words in _UNEMULATED_VARIANT.items():
        if definition.get(member) is not None:
            raise errors.not_emulated(words)
    if definition.get("ModelName") is None:
        raise errors.not_emulated("variants for inference components (no ModelName)")
    model = model_of(definition["ModelName"])
    refuse_unemulated_container(model)
    _refuse_serverless_pipeline(definition, model)
    multi_model.check_variant(model, definition, config.request)
    weight = kept.get("DesiredWeight", definition.get("InitialVariantWeight", 1.0))
    count = kept.get("DesiredInstanceCount", definition.get("InitialInstanceCount", 1))
    if is_serverless(definition):
        count = 0
    return Planned(
        name=definition["VariantName"],
        model=model,
        definition=definition,
        weight=float(weight),
        instance_count=int(count),
    )


def refuse_unemulated_container(model: Model) -> None:
    """The model is a container, or several in series, or an error names what it is instead.

    The one container may host several models.
    """
    execution = model.request.get("InferenceExecutionConfig", {})
    if execution.get("Mode", "Serial") != "Serial":
        raise errors.not_emulated("direct invocation of containers (InferenceExecutionConfig)")
    for container in model.containers:
        if "Image" not in container:
            raise errors.not_emulated("containers without an Image")
    multi_model.refuse_unhosted(model)


def _refuse_serverless_pipeline(definition: Mapping[str, Any], model: Model) -> None:
    """Developer guide, Serverless Inference: feature exclusions."""
    if is_serverless(definition) and len(model.containers) > 1:
        raise errors.validation(
            f"Inference pipelines are not supported for serverless variants: model {model.name} of "
            f"variant {definition['VariantName']} has {len(model.containers)} containers."
        )


def retained_properties(
    endpoint: Endpoint, request: Mapping[str, Any]
) -> dict[str, dict[str, float]]:
    """What `RetainAllVariantProperties` keeps: each running variant's weight and instance count.

    `ExcludeRetainedVariantProperties` takes kinds of property out again.
    """
    if not request.get("RetainAllVariantProperties", False):
        return {}
    excluded = {
        item["VariantPropertyType"] for item in request.get("ExcludeRetainedVariantProperties", [])
    }
    running = {
        variant.name: {
            "DesiredWeight": variant.desired_weight,
            **_counted(variant),
        }
        for variant in endpoint.variants
        if variant.role is VariantRole.PRODUCTION
    }
    return {
        name: {kind: value for kind, value in kept.items() if kind not in excluded}
        for name, kept in running.items()
    }


def _counted(variant: Variant) -> dict[str, float]:
    """A serverless variant has no instances that another one could retain."""
    if is_serverless(variant.definition):
        return {}
    return {"DesiredInstanceCount": float(variant.desired_instance_count)}
