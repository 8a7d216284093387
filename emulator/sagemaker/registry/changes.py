"""What UpdateModelPackage changes of a package, and what EventBridge hears of it. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.registry.creation import repeated_names

MOST_METADATA = 50
"""Customer metadata properties of one package: the limit of the API's map."""
MOST_SPECIFICATIONS = 15
"""Additional inference specifications of one package: the limit of the API's list."""

_REPLACED = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)
_METADATA, _SPECIFICATIONS = "CustomerMetadataProperties", "AdditionalInferenceSpecifications"
ANNOUNCED = {
    "ModelApprovalStatus": "ModelApprovalStatus",
    "ApprovalDescription": "ApprovalDescription",
    "SourceUri": "sourceUri",
    "CustomerMetadataProperties": "CustomerMetadataProperties",
    "InferenceSpecification": "InferenceSpecification",
    "ModelLifeCycle": "ModelLifeCycle",
}
"""`UpdatedModelPackageFields` of the event by member, spelled as in the developer guide."""


def updated(members: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """The members after the request; one that would break a limit is refused."""
    given = {name: request[name] for name in _REPLACED if name in request}
    after = {
        **members,
        **given,
        _METADATA: _metadata(members, request),
        _SPECIFICATIONS: [
            *members.get(_SPECIFICATIONS, []),
            *request.get(f"{_SPECIFICATIONS}ToAdd", []),
        ],
    }
    faults = [*_faults(after)]
    if faults:
        raise errors.validation(" ".join(faults))
    return {name: value for name, value in after.items() if value not in ({}, [])}


def _metadata(members: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, str]:
    removed = request.get(f"{_METADATA}ToRemove", ())
    together = {**members.get(_METADATA, {}), **request.get(_METADATA, {})}
    return {key: value for key, value in together.items() if key not in removed}


def _faults(after: Mapping[str, Any]) -> Iterator[str]:
    for member, most in ((_METADATA, MOST_METADATA), (_SPECIFICATIONS, MOST_SPECIFICATIONS)):
        if len(after[member]) > most:
            yield f"{member} must have at most {most} members, got {len(after[member])}."
    yield from repeated_names(after[_SPECIFICATIONS])


def announced(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names, as events spell them, of the changed fields that events tell of."""
    return [name for member, name in ANNOUNCED.items() if before.get(member) != after.get(member)]
