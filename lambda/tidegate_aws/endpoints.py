"""Weights of production variants in SageMaker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.errors import ConflictError, NotFoundError
from tidegate.ports import EndpointState, VariantState
from tidegate_aws.errors import code_of, message_of

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_BUSY = "in-progress"
_ABSENT = "Could not find"


@dataclass(frozen=True, slots=True, kw_only=True)
class SageMakerEndpoints:
    """Port `Endpoints` over SageMaker's control plane."""

    client: SageMakerClient

    def read(self, endpoint_name: str) -> EndpointState:
        """What serves now, read from the service; NotFoundError for an unknown endpoint."""
        try:
            answer = self.client.describe_endpoint(EndpointName=endpoint_name)
        except self.client.exceptions.ClientError as error:
            raise _translated(error, endpoint_name) from error
        # Older API versions leave out the variants of an endpoint that never served.
        variants = answer.get("ProductionVariants", [])
        return EndpointState(
            status=answer["EndpointStatus"],
            config_name=answer["EndpointConfigName"],
            variants={variant["VariantName"]: _state(variant) for variant in variants},
            failure_reason=answer.get("FailureReason", ""),
            shadows={
                variant["VariantName"]: _state(variant)
                for variant in answer.get("ShadowProductionVariants", [])
            },
        )

    def set_weights(self, endpoint_name: str, shares: dict[str, int]) -> None:
        """Ask for these shares in percent; ConflictError while the endpoint is being changed.

        All of the traffic is a weight of 1, as in templates: what SageMaker copies to a shadow is
        the shadow's weight over that of the variant that serves. The service answers before it has
        done it: the loop's next task reads back what serves.
        """
        try:
            self.client.update_endpoint_weights_and_capacities(
                EndpointName=endpoint_name,
                DesiredWeightsAndCapacities=[
                    {"VariantName": slot, "DesiredWeight": share / 100}
                    for slot, share in sorted(shares.items())
                ],
            )
        except self.client.exceptions.ClientError as error:
            raise _translated(error, endpoint_name) from error

    def wake(self, endpoint_name: str, slot: str, *, share: int) -> None:
        """Ask for one instance of a variant, whatever its share: more come as requests do.

        ConflictError while the endpoint is being changed.
        """
        del share
        try:
            self.client.update_endpoint_weights_and_capacities(
                EndpointName=endpoint_name,
                DesiredWeightsAndCapacities=[{"VariantName": slot, "DesiredInstanceCount": 1}],
            )
        except self.client.exceptions.ClientError as error:
            raise _translated(error, endpoint_name) from error


def _state(variant: Mapping[str, Any]) -> VariantState:
    return VariantState(
        weight=variant.get("CurrentWeight", 0.0),
        current_instances=variant.get("CurrentInstanceCount"),
        desired_instances=variant.get("DesiredInstanceCount"),
    )


def _translated(error: Any, endpoint_name: str) -> Exception:
    """SageMaker has one error code for most refusals: its sentence says which one it is."""
    message = message_of(error)
    if code_of(error) in {"ResourceInUse", "ConflictException"} or _BUSY in message:
        return ConflictError(f"endpoint {endpoint_name} is being changed: {message}")
    if code_of(error) == "ResourceNotFound" or _ABSENT in message:
        return NotFoundError(f"no endpoint {endpoint_name}: {message}")
    found: Exception = error
    return found
