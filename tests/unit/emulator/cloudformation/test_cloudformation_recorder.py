"""Recording resources of types that do not run."""

import re
from typing import Any

import pytest

from emulator.cloudformation.generic import AlreadyExistsError, Recorder, replaces
from emulator.cloudformation.identity import Identity, value_for
from emulator.cloudformation.registry import ResourceContext, ResourceError
from emulator.cloudformation.schemas import bundled_catalogue

GROUP = "AWS::CodeGuruProfiler::ProfilingGroup"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
TARGET_PROPERTIES = {
    "MinCapacity": 1,
    "MaxCapacity": 4,
    "ResourceId": "endpoint/e/variant/blue",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    "ServiceNamespace": "sagemaker",
}


def _context(region: str = "us-east-1") -> ResourceContext:
    return ResourceContext(
        account="123456789012",
        region=region,
        stack_name="stack",
        logical_id="It",
        generated_name=lambda longest: "stack-It-ABCDEF"[:longest],
    )


@pytest.fixture
def recorder() -> Recorder:
    """An empty recorder whose clock stands still."""
    return Recorder(bundled_catalogue(), now=lambda: "2026-01-01T00:00:00Z")


def test_ref_is_the_primary_identifier(recorder: Recorder) -> None:
    """One identifying property is `Ref` itself."""
    made = recorder.create(GROUP, _context(), {"ProfilingGroupName": "g"})
    assert made.physical_id == "g"


def test_ref_of_several_identifiers_joins_them(recorder: Recorder) -> None:
    """Several identifying properties are joined with bars, as on AWS."""
    made = recorder.create(TARGET, _context(), TARGET_PROPERTIES)
    assert made.physical_id == (
        "endpoint/e/variant/blue|sagemaker:variant:DesiredInstanceCount|sagemaker"
    )


def test_an_arn_names_service_region_account_and_resource(recorder: Recorder) -> None:
    """`Fn::GetAtt Arn` has the shape that the schema demands."""
    made = recorder.create(GROUP, _context("eu-west-1"), {"ProfilingGroupName": "g"})
    assert made.attributes["Arn"] == (
        "arn:aws:codeguru-profiler:eu-west-1:123456789012:profilingGroup/g"
    )


def test_an_arn_of_other_properties_is_made_of_them(recorder: Recorder) -> None:
    """A Kendra index's of its id, a vector index's of its bucket's ARN or name."""
    role = "arn:aws:iam::123456789012:role/r"
    properties = {"Name": "docs", "Edition": "DEVELOPER_EDITION", "RoleArn": role}
    index = recorder.create("AWS::Kendra::Index", _context(), properties)
    assert index.attributes["Arn"] == (
        f"arn:aws:kendra:us-east-1:123456789012:index/{index.physical_id}"
    )
    bucket = "arn:aws:s3vectors:us-east-1:123456789012:bucket/vectors"
    shape = {"DataType": "float32", "Dimension": 8, "DistanceMetric": "cosine"}
    for name, place in (("a", {"VectorBucketArn": bucket}), ("b", {"VectorBucketName": "vectors"})):
        made = recorder.create(
            "AWS::S3Vectors::Index", _context(), {"IndexName": f"docs-{name}", **shape, **place}
        )
        assert made.physical_id == f"{bucket}/index/docs-{name}"


def test_the_same_name_lives_once_a_region(recorder: Recorder) -> None:
    """A taken name is refused in its region and free in another."""
    recorder.create(GROUP, _context(), {"ProfilingGroupName": "g"})
    recorder.create(GROUP, _context("eu-west-1"), {"ProfilingGroupName": "g"})
    with pytest.raises(AlreadyExistsError, match="already exists"):
        recorder.create(GROUP, _context(), {"ProfilingGroupName": "g"})


def test_a_deleted_name_is_free_again(recorder: Recorder) -> None:
    """Deletion forgets, and deleting what is gone is no error."""
    recorder.create(GROUP, _context(), {"ProfilingGroupName": "g"})
    recorder.delete(GROUP, _context(), "g")
    recorder.delete(GROUP, _context(), "g")
    assert recorder.recorded() == ()


def test_an_update_in_place_keeps_identity_and_takes_properties(recorder: Recorder) -> None:
    """A mutable change is recorded under the same physical id."""
    made = recorder.create(TARGET, _context(), TARGET_PROPERTIES)
    new = {**TARGET_PROPERTIES, "MaxCapacity": 9}
    changed = recorder.update(TARGET, _context(), made.physical_id, old=TARGET_PROPERTIES, new=new)
    (record,) = recorder.recorded()
    assert changed == made
    assert record.properties["MaxCapacity"] == 9


def test_a_replacement_leaves_the_predecessor_to_the_engine(recorder: Recorder) -> None:
    """A create-only change records a second resource; the first stays until it is deleted."""
    old, new = {"ProfilingGroupName": "a"}, {"ProfilingGroupName": "b"}
    recorder.create(GROUP, _context(), old)
    assert recorder.update(GROUP, _context(), "a", old=old, new=new).physical_id == "b"
    assert [r.physical_id for r in recorder.recorded()] == ["a", "b"]


def test_updating_what_is_not_there_is_an_error(recorder: Recorder) -> None:
    """A resource that vanished cannot be updated."""
    old = {"ProfilingGroupName": "a"}
    new = {"ProfilingGroupName": "a", "Tags": [{"Key": "k", "Value": "v"}]}
    with pytest.raises(ResourceError, match="was not found"):
        recorder.update(GROUP, _context(), "a", old=old, new=new)


def test_text_and_number_of_one_value_do_not_replace() -> None:
    """Properties are compared in the schema's types by their callers, create-only ones only."""
    schema = bundled_catalogue().load(TARGET)
    assert not replaces(schema, {"MinCapacity": 1}, {"MinCapacity": 2})
    assert replaces(schema, {"ResourceId": "a"}, {"ResourceId": "b"})


@pytest.mark.parametrize(
    ("type_name", "attribute", "shape"),
    [
        ("AWS::Lex::Bot", "Id", r"[0-9a-zA-Z]{10}"),
        ("AWS::Kendra::Index", "Id", r".{36}"),
        ("AWS::SageMaker::ModelPackageGroup", "CreationTime", r"2026-01-01T00:00:00Z"),
        ("AWS::SageMaker::Pipeline", "PipelineName", r".+"),
        ("AWS::Bedrock::Guardrail", "GuardrailId", r"[a-z0-9]+"),
    ],
)
def test_made_values_have_the_shape_of_the_schema(
    type_name: str, attribute: str, shape: str
) -> None:
    """Identifiers satisfy the pattern that the service's own would."""
    identity = Identity(
        account="123456789012",
        region="us-east-1",
        name="Name-1",
        seed="s",
        created="2026-01-01T00:00:00Z",
    )
    value: Any = value_for(bundled_catalogue().load(type_name), attribute, identity)
    assert re.fullmatch(shape, value)
