"""Checks a request against SageMaker's published API model, as the service's own front end does."""

from collections.abc import Mapping
from typing import Any

from emulator import apimodels
from emulator.sagemaker import errors


def check_request(operation: str, request: Mapping[str, Any]) -> None:
    """Every constraint of the operation holds, or an error names all that don't."""
    try:
        failures = apimodels.constraint_failures("sagemaker", operation, request)
    except apimodels.MalformedRequestError as error:
        raise errors.serialization(str(error)) from error
    if failures:
        raise errors.constraint_failures(failures)
