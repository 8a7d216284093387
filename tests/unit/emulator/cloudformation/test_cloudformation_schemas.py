"""The catalogue of public resource schemas."""

import subprocess
import sys
from pathlib import Path

import pytest

from emulator.cloudformation.schemas import UnknownResourceTypeError, bundled_catalogue

ROOT = Path(__file__).resolve().parents[4]


def test_every_public_type_is_known() -> None:
    """The catalogue names far more types than any template uses, the product's among them."""
    names = bundled_catalogue().type_names()
    assert len(names) > 1500
    assert {"AWS::SageMaker::Endpoint", "AWS::Lambda::Function"} <= names


def test_a_schema_tells_identity_and_mutability() -> None:
    """Primary identifier, read-only and create-only properties come as dotted names."""
    schema = bundled_catalogue().load("AWS::CodeGuruProfiler::ProfilingGroup")
    assert schema.primary_identifier == ("ProfilingGroupName",)
    assert schema.read_only == ("Arn",)
    assert set(schema.create_only) == {"ProfilingGroupName", "ComputePlatform"}
    assert schema.service == "codeguru-profiler"
    assert schema.tag_property == "Tags"


def test_a_type_without_update_handler_is_not_updatable() -> None:
    """Schemas tell whether a type can be changed at all."""
    catalogue = bundled_catalogue()
    assert not catalogue.load("AWS::Personalize::Schema").updatable
    assert catalogue.load("AWS::SageMaker::Endpoint").updatable


def test_an_unknown_type_names_type_and_region() -> None:
    """A type without a schema is an error that says where it was looked for."""
    with pytest.raises(UnknownResourceTypeError, match=r"AWS::Not::There .* region eu-west-1"):
        bundled_catalogue().load("AWS::Not::There", "eu-west-1")


def test_a_region_has_its_own_types() -> None:
    """A type that is still rolling out is absent where AWS has not brought it yet."""
    catalogue = bundled_catalogue()
    assert "AWS::SageMaker::Algorithm" in catalogue.type_names("us-east-1")
    assert "AWS::SageMaker::Algorithm" not in catalogue.type_names("eu-west-1")


def test_the_linter_itself_is_not_imported() -> None:
    """Reading schemas must not load cfn-lint, which is far bigger than the server."""
    program = (
        "import sys; from emulator.cloudformation.schemas import bundled_catalogue; "
        "bundled_catalogue().load('AWS::S3::Bucket'); print('cfnlint' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
