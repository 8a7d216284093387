"""The model registry of the embedded cloud, as a client with boto3, a rule and a stack see it."""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.emulated_hosting import IMAGE, PROGRAM, Hosting, code_of, make_hosting, policy
from tests.emulated_queues import listening_queue, taken
from tests.polling import until

ARN = "arn:aws:sagemaker:us-east-1:000000000000"
Registered = Callable[..., str]


@pytest.fixture(scope="module")
def hosting(ground_cloud: EmbeddedCloud) -> Hosting:
    """A role that may read artifacts, and a bucket for them."""
    return make_hosting(ground_cloud)


@pytest.fixture
def group(hosting: Hosting) -> str:
    """A group of its own for each test; its name has capitals."""
    name = f"Group-{uuid.uuid4().hex[:8]}"
    hosting.sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


@pytest.fixture
def register(hosting: Hosting, group: str) -> Registered:
    """Creates a version in the group; its ARN."""

    def create(status: str | None = None, url: str = "s3://models/m.tar.gz") -> str:
        container = {"Image": IMAGE, "ModelDataUrl": url, "Environment": PROGRAM}
        given = {} if status is None else {"ModelApprovalStatus": status}
        made = hosting.sagemaker.create_model_package(
            ModelPackageGroupName=group,
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            **given,
        )
        return str(made["ModelPackageArn"])

    return create


def test_versions_of_a_group_count_up(hosting: Hosting, group: str, register: Registered):
    """ARNs have the group's name in lower case and the version."""
    prefix = f"{ARN}:model-package/{group.lower()}"
    assert [register() for _ in range(2)] == [f"{prefix}/1", f"{prefix}/2"]
    told = hosting.sagemaker.describe_model_package(ModelPackageName=f"{prefix}/2")
    assert (told["ModelPackageGroupName"], told["ModelPackageVersion"]) == (group, 2)
    assert told["ModelPackageStatus"] == "Completed"
    assert told["ModelApprovalStatus"] == "PendingManualApproval"


def test_lists_are_read_page_by_page(hosting: Hosting, group: str, register: Registered):
    """By boto3's own paginator, the oldest first unless asked otherwise."""
    arns = [register() for _ in range(5)]
    pages = hosting.sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group, PaginationConfig={"PageSize": 2}
    )
    listed = [page["ModelPackageSummaryList"] for page in pages]
    assert [len(page) for page in listed] == [2, 2, 1]
    assert [each["ModelPackageArn"] for page in listed for each in page] == arns
    newest = hosting.sagemaker.list_model_packages(
        ModelPackageGroupName=group, SortOrder="Descending", MaxResults=1
    )["ModelPackageSummaryList"]
    assert newest[0]["ModelPackageArn"] == arns[-1]


def test_a_rule_hears_of_approvals(hosting: Hosting, group: str, register: Registered):
    """Of creation and of each change, in order; a pattern of the status picks the approvals."""
    session = hosting.cloud.session()
    events, name = session.client("events"), uuid.uuid4().hex
    sqs, queue, queue_arn = listening_queue(session)
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": [group], "ModelApprovalStatus": ["Approved"]},
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "q", "Arn": queue_arn}])
    pending, rejected, approved = register(), register(), register()
    for arn, status in ((rejected, "Rejected"), (approved, "Approved")):
        hosting.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)
    made = register("Approved")

    messages: list[Any] = []
    until(
        lambda: messages.extend(taken(sqs, queue)) or len(messages) >= 2,
        seconds=10,
        what="two events",
    )
    first, second = sorted(messages, key=lambda m: int(m["detail"]["ModelPackageVersion"]))
    assert [m["detail"]["ModelPackageArn"] for m in (first, second)] == [approved, made]
    assert first["resources"] == [approved]
    assert first["source"] == "aws.sagemaker"
    assert first["detail"]["UpdatedModelPackageFields"] == ["ModelApprovalStatus"]
    assert pending not in json.dumps(messages)


def client_of(hosting: Hosting, *statements: Mapping[str, Any]) -> Any:
    """SageMaker as a new user sees it whose rights are these."""
    iam, name = hosting.cloud.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    for number, statement in enumerate(statements):
        iam.put_user_policy(
            UserName=name, PolicyName=f"p{number}", PolicyDocument=policy(**statement)
        )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")
    return session.client("sagemaker", endpoint_url=hosting.cloud.endpoint_url)


def test_rights_are_asked_on_the_groups_versions(
    hosting: Hosting, group: str, register: Registered
):
    """Who may read one group's versions may neither change them nor read another's."""
    arn = register()
    versions = f"{ARN}:model-package/{group.lower()}/*"
    actions = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
    reader = client_of(hosting, {"Action": actions, "Resource": versions})
    (listed,) = reader.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    assert reader.describe_model_package(ModelPackageName=arn)["ModelPackageVersion"] == 1
    assert listed["ModelPackageArn"] == arn
    for forbidden in (
        lambda: reader.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved"),
        lambda: reader.list_model_packages(ModelPackageGroupName="another"),
        lambda: reader.create_model_package(ModelPackageGroupName=group, SourceUri="s3://b/k"),
    ):
        assert code_of(forbidden)[0] == "AccessDeniedException"


def test_approving_can_be_left_to_others(hosting: Hosting, register: Registered):
    """By the condition key of the new status."""
    arn = register()
    allowed = {"StringNotEquals": {"sagemaker:ModelApprovalStatus": "Approved"}}
    clerk = client_of(
        hosting,
        {"Action": "sagemaker:UpdateModelPackage", "Resource": "*", "Condition": allowed},
    )
    clerk.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected")
    approve = {"ModelPackageArn": arn, "ModelApprovalStatus": "Approved"}
    assert code_of(lambda: clerk.update_model_package(**approve))[0] == "AccessDeniedException"


def test_a_group_with_versions_is_not_deleted(hosting: Hosting, group: str, register: Registered):
    """boto3 knows the error; an empty group goes."""
    arn = register()
    with pytest.raises(hosting.sagemaker.exceptions.ConflictException, match="1 model package"):
        hosting.sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    hosting.sagemaker.delete_model_package(ModelPackageName=arn)
    hosting.sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    with pytest.raises(ClientError, match="does not exist"):
        hosting.sagemaker.describe_model_package_group(ModelPackageGroupName=group)


def test_a_model_of_an_approved_package_serves(hosting: Hosting, register: Registered):
    """Its image, artifact and environment are the package's."""
    url = hosting.artifact()
    arn = register("Approved", url)
    name = next(hosting.names)
    hosting.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=hosting.role,
        Containers=[{"ModelPackageName": arn}],
    )
    endpoint = hosting.endpoint(hosting.config(name, name))
    assert hosting.answer(endpoint) == url.rpartition("/")[2]


def template(status: str, metadata: Mapping[str, str], *, image: str = IMAGE) -> str:
    """A group with a policy, and a version in it."""
    allowed = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
        "Action": "sagemaker:DescribeModelPackage",
        "Resource": f"{ARN}:model-package/stacked/*",
    }
    group = {
        "ModelPackageGroupName": "Stacked",
        "ModelPackageGroupPolicy": {"Version": "2012-10-17", "Statement": [allowed]},
    }
    package = {
        "ModelPackageGroupName": "Stacked",
        "ModelApprovalStatus": status,
        "ApprovalDescription": "by template",
        "CustomerMetadataProperties": metadata,
        "InferenceSpecification": {
            "Containers": [{"Image": image}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    }
    resources = {
        "Group": {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": group},
        "Package": {
            "Type": "AWS::SageMaker::ModelPackage",
            "Properties": package,
            "DependsOn": "Group",
        },
    }
    outputs = {
        "Group": {"Value": {"Ref": "Group"}},
        "Package": {"Value": {"Ref": "Package"}},
        "Status": {"Value": {"Fn::GetAtt": ["Package", "ModelPackageStatus"]}},
    }
    return json.dumps({"Resources": resources, "Outputs": outputs})


def test_a_stack_has_groups_and_versions(hosting: Hosting):
    """Approved in place, replaced by another version, and gone with the stack; tags or no tags."""
    stacks, registry = hosting.cloud.session().client("cloudformation"), hosting.sagemaker
    tags = [{"Key": "team", "Value": "ml"}]

    def rests(wanted: str) -> dict[str, str]:
        stack = until(lambda: at_rest(stacks, "registry"), seconds=20, what=wanted)
        assert stack["StackStatus"] == wanted, stack.get("StackStatusReason")
        return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}

    first = template("PendingManualApproval", {"auc": "0.9", "old": "x"})
    stacks.create_stack(StackName="registry", TemplateBody=first, Tags=tags)
    told = rests("CREATE_COMPLETE")
    assert told["Group"] == f"{ARN}:model-package-group/stacked"
    assert told["Package"] == f"{ARN}:model-package/stacked/1"
    assert told["Status"] == "Completed"
    kept = registry.list_tags(ResourceArn=told["Group"])["Tags"]
    assert {"Key": "team", "Value": "ml"} in kept
    shared = registry.get_model_package_group_policy(ModelPackageGroupName="Stacked")
    assert "model-package/stacked/*" in shared["ResourcePolicy"]

    approved = template("Approved", {"auc": "0.8"})
    stacks.update_stack(StackName="registry", TemplateBody=approved, Tags=tags)
    assert rests("UPDATE_COMPLETE")["Package"] == told["Package"]
    package = registry.describe_model_package(ModelPackageName=told["Package"])
    assert (package["ModelApprovalStatus"], package["ApprovalDescription"]) == (
        "Approved",
        "by template",
    )
    assert package["CustomerMetadataProperties"] == {"auc": "0.8"}

    another = template("Approved", {"auc": "0.8"}, image="image:2")
    stacks.update_stack(StackName="registry", TemplateBody=another, Tags=tags)
    assert rests("UPDATE_COMPLETE")["Package"] == f"{ARN}:model-package/stacked/2"
    listed = registry.list_model_packages(ModelPackageGroupName="Stacked")
    assert [p["ModelPackageVersion"] for p in listed["ModelPackageSummaryList"]] == [2]

    stacks.delete_stack(StackName="registry")
    until(lambda: gone(registry, "Stacked"), seconds=20, what="the group gone")


def at_rest(stacks: Any, name: str) -> Any:
    """The stack once nothing of it is in progress."""
    (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
    return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack


def gone(registry: Any, name: str) -> bool:
    """Whether there is no group of that name."""
    listed = registry.list_model_package_groups(NameContains=name)
    return listed["ModelPackageGroupSummaryList"] == []
