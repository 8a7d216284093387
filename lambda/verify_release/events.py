"""What ReleaseVerify is asked, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tidegate.deploy import Deploy
from tidegate.errors import InvalidValueError
from tidegate.pointer import Declaration
from tidegate_aws.cloudformation import CustomResourceRequest, Done

CONFIG = "EndpointConfigName"
START = "StartSeconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """A deploy that has ended. `previous_configs` are those that CloudFormation may go back to."""

    declaration: Declaration
    previous_configs: frozenset[str]


def verify_request(request: CustomResourceRequest) -> VerifyRequest:
    """The request in CloudFormation's; InvalidValueError says what it lacks."""
    deploy = Deploy.from_properties(request.properties)
    return VerifyRequest(
        declaration=deploy.declaration(_config(request.properties)),
        previous_configs=frozenset(
            str(properties[CONFIG])
            for properties in (request.old_properties,)
            if CONFIG in properties
        ),
    )


def start_seconds(request: CustomResourceRequest) -> float:
    """How long the instances of a fleet may take until they answer; InvalidValueError without."""
    if START not in request.properties:
        raise InvalidValueError([f"property {START} is missing"])
    return float(request.properties[START])


def _config(properties: Mapping[str, Any]) -> str:
    if CONFIG not in properties:
        raise InvalidValueError([f"property {CONFIG} is missing"])
    return str(properties[CONFIG])


def verified(model: str, leftovers: str) -> Done:
    """The answer for a deploy that serves what it declared."""
    return Done(physical_id=model, data={"Leftovers": leftovers})
