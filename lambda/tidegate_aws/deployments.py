"""Endpoints that SageMaker updates by itself: what serves, and what is on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.errors import NotFoundError
from tidegate.guardrail.ports import Deployment
from tidegate_aws.errors import message_of

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_ABSENT = "Could not find"


@dataclass(frozen=True, slots=True, kw_only=True)
class SageMakerDeployments:
    """Port `Deployments` over SageMaker's control plane."""

    client: SageMakerClient

    def read(self, endpoint_name: str) -> Deployment:
        """What serves and what is to come; NotFoundError for an unknown endpoint."""
        try:
            answer: Mapping[str, Any] = self.client.describe_endpoint(EndpointName=endpoint_name)
        except self.client.exceptions.ClientError as error:
            if _ABSENT in message_of(error):
                raise NotFoundError(f"no endpoint {endpoint_name}: {message_of(error)}") from error
            raise
        pending = answer.get("PendingDeploymentSummary")
        variants = answer.get("ProductionVariants", [])
        return Deployment(
            status=answer["EndpointStatus"],
            config_name=answer["EndpointConfigName"],
            variants=tuple(variant["VariantName"] for variant in variants),
            pending_config=None if pending is None else pending["EndpointConfigName"],
            pending_percent=0 if pending is None else _percent(pending),
            failure_reason=answer.get("FailureReason", ""),
        )


def _percent(pending: Mapping[str, Any]) -> int:
    """The share of the traffic that the pending variants have.

    CurrentWeight is told to grow towards DesiredWeight while traffic shifts (API reference,
    PendingProductionVariantSummary).
    """
    variants = pending.get("ProductionVariants", [])
    wanted = sum(variant.get("DesiredWeight", 0.0) for variant in variants)
    current = sum(variant.get("CurrentWeight", 0.0) for variant in variants)
    return 0 if wanted == 0 else min(100, round(100 * current / wanted))
