"""What an endpoint's AsyncInferenceConfig says. Pure.

Source: API reference, AsyncInferenceConfig and what it refers to; developer guide, "Asynchronous
inference". AWS's own sentences for what is refused are not known to us.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.state import Endpoint, EndpointConfig, Planned

CONCURRENT_INVOCATIONS = 4
"""Requests that an instance gets at once where the configuration does not say; AWS chooses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncConfig:
    """Where answers, failures and news go. Prefixes are s3:// URLs without a slash at the end."""

    output: str
    failures: str | None
    key: str | None
    success_topic: str | None
    error_topic: str | None
    per_instance: int

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "AsyncConfig":
        """What a configuration's AsyncInferenceConfig says."""
        told, client = config["OutputConfig"], config.get("ClientConfig", {})
        topics = told.get("NotificationConfig", {})
        failures = told.get("S3FailurePath")
        return cls(
            output=str(told.get("S3OutputPath", "")).rstrip("/"),
            failures=None if failures is None else str(failures).rstrip("/"),
            key=told.get("KmsKeyId"),
            success_topic=topics.get("SuccessTopic"),
            error_topic=topics.get("ErrorTopic"),
            per_instance=int(
                client.get("MaxConcurrentInvocationsPerInstance", CONCURRENT_INVOCATIONS)
            ),
        )


def check_config(request: Mapping[str, Any]) -> None:
    """An error where a configuration asks for what does not go with asynchronous inference."""
    config = request.get("AsyncInferenceConfig")
    if config is None:
        return
    if request.get("ShadowProductionVariants"):
        raise errors.validation("Shadow variants are not supported with AsyncInferenceConfig.")
    if not str(config["OutputConfig"].get("S3OutputPath", "")).startswith("s3://"):
        raise errors.not_emulated("asynchronous inference without an S3OutputPath of s3://")
    if config["OutputConfig"].get("NotificationConfig", {}).get("IncludeInferenceResponseIn"):
        raise errors.not_emulated("answers inside notifications (IncludeInferenceResponseIn)")
    if request.get("DataCaptureConfig") is not None:
        raise errors.not_emulated("data capture of asynchronous endpoints")


def check_conversion(endpoint: Endpoint, config: EndpointConfig) -> None:
    """What AWS does when an update changes the kind of an endpoint is not known to us."""
    wanted = config.request.get("AsyncInferenceConfig") is not None
    if endpoint.variants and wanted != (endpoint.asynchronous is not None):
        raise errors.not_emulated("updates between real-time and asynchronous endpoints")


def check_shift(deployment: Mapping[str, Any], plan: Iterable[Planned]) -> None:
    """Steps of a fleet that sleeps are steps of nothing; what AWS does then is not known to us."""
    routing = deployment.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
    stepped = "RollingUpdatePolicy" in deployment or routing.get("Type") in {"CANARY", "LINEAR"}
    if stepped and any(one.asynchronous and one.instance_count == 0 for one in plan):
        raise errors.not_emulated("stepwise updates of asynchronous endpoints without instances")


def check_wishes(endpoint: Endpoint, wishes: Iterable[Mapping[str, Any]]) -> None:
    """Only an asynchronous endpoint may have no instances."""
    if endpoint.asynchronous is not None:
        return
    for wish in wishes:
        if wish.get("DesiredInstanceCount") == 0:
            raise errors.validation(
                f"DesiredInstanceCount of variant {wish['VariantName']} must be at least 1."
            )
