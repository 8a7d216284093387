"""What an update makes of a package's members."""

from typing import Any

import pytest

from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.registry.changes import announced, updated

BEFORE = {
    "ModelApprovalStatus": "PendingManualApproval",
    "CustomerMetadataProperties": {"auc": "0.9", "old": "x"},
}
CONTAINERS = [{"Image": "i"}]


def test_metadata_is_merged_and_taken_out():
    """A key has its new value, and those to be removed are gone."""
    after = updated(
        BEFORE,
        {
            "CustomerMetadataProperties": {"auc": "0.8"},
            "CustomerMetadataPropertiesToRemove": ["old", "never"],
        },
    )
    assert after["CustomerMetadataProperties"] == {"auc": "0.8"}
    assert after["ModelApprovalStatus"] == "PendingManualApproval"


def test_what_is_left_empty_is_not_described():
    """A map without members is left out, as AWS's shape demands at least one."""
    after = updated(BEFORE, {"CustomerMetadataPropertiesToRemove": ["auc", "old"]})
    assert after == {"ModelApprovalStatus": "PendingManualApproval"}


def test_specifications_are_added_by_name():
    """Behind those that are there."""
    one = updated({}, {"AdditionalInferenceSpecificationsToAdd": [{"Name": "a"}]})
    two = updated(one, {"AdditionalInferenceSpecificationsToAdd": [{"Name": "b"}]})
    assert [s["Name"] for s in two["AdditionalInferenceSpecifications"]] == ["a", "b"]


def test_all_broken_limits_are_named():
    """At once."""
    request: dict[str, Any] = {
        "CustomerMetadataProperties": {f"k{n}": "v" for n in range(50)},
        "AdditionalInferenceSpecificationsToAdd": [{"Name": "a"}] * 16,
    }
    with pytest.raises(SageMakerError) as refused:
        updated(BEFORE, request)
    for words in ("at most 50 members, got 52", "at most 15 members, got 16", "got a more than"):
        assert words in refused.value.message


def test_fields_are_told_as_the_guide_spells_them():
    """Of those that changed; a model card is not told of."""
    after = {**BEFORE, "SourceUri": "s3://b/k", "ModelCard": {}, "ModelApprovalStatus": "Approved"}
    assert announced(BEFORE, after) == ["ModelApprovalStatus", "sourceUri"]
