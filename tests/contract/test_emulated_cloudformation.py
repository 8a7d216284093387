"""Stacks of the embedded cloud replace, retain, roll back and report as CloudFormation does."""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from emulator.server import EmbeddedCloud

RECORDED_REASON = "recorded by the embedded cloud, not running"


class Stacks:
    """Stacks of one cloud."""

    def __init__(self, session: boto3.Session) -> None:
        self._cloudformation = session.client("cloudformation")
        self._dynamodb = session.client("dynamodb")
        self._ssm = session.client("ssm")

    def put(self, name: str, resources: dict[str, Any], **more: Any) -> str:
        """Create or update a stack; return the status in which it comes to rest."""
        body = json.dumps({"Resources": resources, **more})
        capabilities = ["CAPABILITY_NAMED_IAM"]
        try:
            self._cloudformation.create_stack(
                StackName=name, TemplateBody=body, Capabilities=capabilities
            )
        except self._cloudformation.exceptions.AlreadyExistsException:
            self._cloudformation.update_stack(
                StackName=name, TemplateBody=body, Capabilities=capabilities
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            stack = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return str(stack["StackStatus"])
        raise AssertionError(f"stack {name} did not come to rest in 30 s")

    def events(self, name: str, logical_id: str) -> list[tuple[str, str, str]]:
        """Status, reason and physical id of each event of a resource, oldest first."""
        events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return [
            (e["ResourceStatus"], e.get("ResourceStatusReason", ""), e["PhysicalResourceId"])
            for e in reversed(events)
            if e["LogicalResourceId"] == logical_id
        ]

    def statuses(self, name: str, logical_id: str) -> list[str]:
        """Status of each event of a resource, oldest first."""
        return [status for status, _, _ in self.events(name, logical_id)]

    def reason(self, name: str, logical_id: str) -> str:
        """Why the resource failed last."""
        failed = [e for e in self.events(name, logical_id) if e[0].endswith("_FAILED")]
        return failed[-1][1]

    def physical_id(self, name: str, logical_id: str) -> str:
        """The physical id that the stack lists for a resource."""
        detail = self._cloudformation.describe_stack_resource(
            StackName=name, LogicalResourceId=logical_id
        )["StackResourceDetail"]
        return str(detail["PhysicalResourceId"])

    def has_parameter(self, name: str) -> bool:
        """Whether an SSM parameter of that name exists."""
        found = self._ssm.get_parameters(Names=[name])["Parameters"]
        return bool(found)

    def delete(self, name: str) -> None:
        """The stack is gone, but for what it keeps."""
        self._cloudformation.delete_stack(StackName=name)
        self._cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1}
        )

    def keep_item(self, table: str, key: str) -> None:
        """An item is in a table."""
        self._dynamodb.put_item(TableName=table, Item={"pk": {"S": key}})

    def has_item(self, table: str, key: str) -> bool:
        """Whether it is."""
        return "Item" in self._dynamodb.get_item(TableName=table, Key={"pk": {"S": key}})


@pytest.fixture(scope="module")
def stacks() -> Iterator[Stacks]:
    """Stacks of a cloud of this module's own."""
    with EmbeddedCloud.start() as cloud:
        yield Stacks(cloud.session())


def _profile(name: str | None = None, **more: Any) -> dict[str, Any]:
    properties = {"ProfilingGroupName": name, **more}
    return {"Type": "AWS::CodeGuruProfiler::ProfilingGroup", "Properties": properties}


def _disk(name: str, *, gigabytes: int = 8) -> dict[str, Any]:
    """A recorded type whose size may only be said when it is made."""
    properties = {"DiskName": name, "SizeInGb": gigabytes}
    return {"Type": "AWS::Lightsail::Disk", "Properties": properties}


def _schema(**more: Any) -> dict[str, Any]:
    """A recorded type that may not be updated at all."""
    body = json.dumps({"type": "record", "name": "Interactions", "fields": []})
    return {"Type": "AWS::Personalize::Schema", "Properties": {"Schema": body, **more}}


def _parameter(name: str, value: str, **attributes: Any) -> dict[str, Any]:
    properties = {"Type": "String", "Name": name, "Value": value}
    return {"Type": "AWS::SSM::Parameter", "Properties": properties, **attributes}


def _impossible(**attributes: Any) -> dict[str, Any]:
    """A resource whose creation always fails, for want of a required property."""
    return {"Type": "AWS::CodeGuruProfiler::ProfilingGroup", "Properties": {}, **attributes}


def test_a_recorded_resource_says_that_it_does_not_run(stacks: Stacks) -> None:
    """The completion event of a type without behaviour carries that as its reason."""
    assert stacks.put("says", {"Says": _disk("says")}) == "CREATE_COMPLETE"
    assert stacks.events("says", "Says")[-1] == ("CREATE_COMPLETE", RECORDED_REASON, "says")


def test_missing_wrong_and_unknown_properties_are_all_named(stacks: Stacks) -> None:
    """A failed validation names every fault at once, in CloudFormation's words."""
    wrong = _profile("a b", ComputePlatform="Moon", AgentPermissions={}, Colour="red")
    assert stacks.put("wrong", {"Wrong": wrong}) == "ROLLBACK_COMPLETE"
    assert stacks.reason("wrong", "Wrong") == (
        "Properties validation failed for resource Wrong with message:\n"
        "[#/AgentPermissions: required key [Principals] not found, "
        "#/ComputePlatform: Moon is not a valid enum value, "
        "#/ProfilingGroupName: failed validation constraint for keyword [pattern], "
        "#: extraneous key [Colour] is not permitted]"
    )


def test_a_misspelt_property_of_a_running_type_is_refused(stacks: Stacks) -> None:
    """Types that ministack runs are held to their schema as well."""
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BilingMode": "PAY_PER_REQUEST",
        },
    }
    assert stacks.put("misspelt", {"Misspelt": table}) == "ROLLBACK_COMPLETE"
    assert "#: extraneous key [BilingMode] is not permitted" in stacks.reason(
        "misspelt", "Misspelt"
    )


def test_an_unknown_type_is_refused_before_anything_is_created(stacks: Stacks) -> None:
    """A type that no public schema describes fails the request itself."""
    cloudformation = stacks._cloudformation
    body = json.dumps({"Resources": {"X": {"Type": "AWS::Not::There"}}})
    with pytest.raises(cloudformation.exceptions.ClientError, match="Unrecognized resource types"):
        cloudformation.create_stack(StackName="unknown", TemplateBody=body)


def test_a_second_resource_of_one_name_already_exists(stacks: Stacks) -> None:
    """Creating a recorded resource under a taken name fails with AlreadyExists."""
    stacks.put("first", {"First": _disk("taken")})
    assert stacks.put("second", {"Second": _disk("taken")}) == "ROLLBACK_COMPLETE"
    assert "already exists" in stacks.reason("second", "Second")


def test_a_mutable_property_is_updated_in_place(stacks: Stacks) -> None:
    """A change that is not create-only keeps the physical id."""
    stacks.put("mutable", {"Mutable": _profile("mutable")})
    changed = _profile("mutable", Tags=[{"Key": "k", "Value": "v"}])
    assert stacks.put("mutable", {"Mutable": changed}) == "UPDATE_COMPLETE"
    assert stacks.physical_id("mutable", "Mutable") == "mutable"
    assert stacks.statuses("mutable", "Mutable")[-2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_create_only_change_replaces_and_deletes_the_old_one_last(stacks: Stacks) -> None:
    """The successor is complete before the predecessor is deleted."""
    stacks.put("replaced", {"Replaced": _profile("old-one")})
    assert stacks.put("replaced", {"Replaced": _profile("new-one")}) == "UPDATE_COMPLETE"
    assert stacks.physical_id("replaced", "Replaced") == "new-one"
    assert [(s, p) for s, _, p in stacks.events("replaced", "Replaced")][-3:] == [
        ("UPDATE_COMPLETE", "new-one"),
        ("DELETE_IN_PROGRESS", "old-one"),
        ("DELETE_COMPLETE", "old-one"),
    ]


def test_a_create_only_change_under_a_kept_name_fails(stacks: Stacks) -> None:
    """Replacement creates first, so a fixed name is taken by the predecessor."""
    stacks.put("fixed", {"Fixed": _disk("fixed", gigabytes=8)})
    status = stacks.put("fixed", {"Fixed": _disk("fixed", gigabytes=32)})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert "already exists" in stacks.reason("fixed", "Fixed")


def test_a_type_without_update_handler_is_replaced_by_any_change(stacks: Stacks) -> None:
    """Every change of a type that cannot be updated makes a new resource."""
    stacks.put("schema", {"Schema": _schema(Name="one")})
    before = stacks.physical_id("schema", "Schema")
    assert stacks.put("schema", {"Schema": _schema(Name="two")}) == "UPDATE_COMPLETE"
    assert stacks.physical_id("schema", "Schema") != before


def test_update_replace_policy_retain_keeps_the_predecessor(stacks: Stacks) -> None:
    """A retained predecessor is skipped, and its name stays taken."""
    retained = {"UpdateReplacePolicy": "Retain"}
    stacks.put("retained", {"Retained": {**_profile("kept-one"), **retained}})
    stacks.put("retained", {"Retained": {**_profile("kept-two"), **retained}})
    assert stacks.statuses("retained", "Retained")[-1] == "DELETE_SKIPPED"
    assert stacks.put("taker", {"Taker": _profile("kept-one")}) == "ROLLBACK_COMPLETE"


def test_deletion_policy_retain_keeps_a_removed_resource(stacks: Stacks) -> None:
    """A resource with DeletionPolicy Retain survives its removal from the template."""
    kept = _parameter("/kept", "1", DeletionPolicy="Retain")
    stacks.put(
        "removal", {"Kept": kept, "Gone": _parameter("/gone", "1"), "Rest": _schema(Name="r")}
    )
    stacks.put("removal", {"Rest": _schema(Name="r")})
    assert stacks.has_parameter("/kept")
    assert not stacks.has_parameter("/gone")


def test_a_failed_update_restores_properties_and_keeps_the_replaced(stacks: Stacks) -> None:
    """Rollback sends changed resources back, and the old physical resource is still the stack's."""
    first = {"Value": _parameter("/back", "old"), "Group": _profile("group-old")}
    stacks.put("undone", first)
    later = _impossible(DependsOn=["Value", "Group"])
    second = {"Value": _parameter("/back", "new"), "Group": _profile("group-new"), "Later": later}
    assert stacks.put("undone", second) == "UPDATE_ROLLBACK_COMPLETE"
    value = stacks._ssm.get_parameter(Name="/back")["Parameter"]["Value"]
    assert (value, stacks.physical_id("undone", "Group")) == ("old", "group-old")
    assert stacks.put("free", {"Free": _profile("group-new")}) == "CREATE_COMPLETE"


def test_a_failed_creation_deletes_what_it_made(stacks: Stacks) -> None:
    """Rollback of a new stack removes the resources created before the failure."""
    made = {"Made": _parameter("/made", "1"), "Later": _impossible(DependsOn="Made")}
    assert stacks.put("failed", made) == "ROLLBACK_COMPLETE"
    assert not stacks.has_parameter("/made")


def test_an_untouched_resource_has_no_event_and_a_new_one_is_created(stacks: Stacks) -> None:
    """An update tells of what it changes only, and calls creation by its name."""
    stacks.put("quiet", {"Same": _parameter("/same", "1")})
    before = stacks.statuses("quiet", "Same")
    stacks.put("quiet", {"Same": _parameter("/same", "1"), "New": _parameter("/new", "1")})
    assert stacks.statuses("quiet", "Same") == before
    assert stacks.statuses("quiet", "New") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


def test_an_identical_template_is_no_update(stacks: Stacks) -> None:
    """CloudFormation refuses an update that changes nothing."""
    stacks.put("identical", {"P": _parameter("/identical", "1")})
    with pytest.raises(stacks._cloudformation.exceptions.ClientError, match="No updates"):
        stacks.put("identical", {"P": _parameter("/identical", "1")})


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"Fn::Equals": [{"Fn::Join": ["", {"Ref": "Names"}]}, ""]}, True),
        ({"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}, True),
        ({"Fn::Equals": [{"Fn::FindInMap": ["M", "a", "b"]}, "yes"]}, True),
        ({"Fn::Not": [{"Fn::Equals": [{"Fn::Sub": "${AWS::Partition}"}, "aws"]}]}, False),
    ],
)
def test_conditions_take_every_function(
    stacks: Stacks, request: pytest.FixtureRequest, *, condition: dict[str, Any], holds: bool
) -> None:
    """A condition decides by the value of its functions, whichever they are."""
    name = f"condition-{request.node.callspec.indices['condition']}"
    stacks.put(
        name,
        {"If": {**_parameter(f"/{name}", "1"), "Condition": "C"}, "Always": _schema(Name=name)},
        Conditions={"C": condition},
        Parameters={"Names": {"Type": "CommaDelimitedList", "Default": ""}},
        Mappings={"M": {"a": {"b": "yes"}}},
    )
    assert stacks.has_parameter(f"/{name}") is holds


def test_a_log_group_without_a_name_is_called_after_its_stack(stacks: Stacks) -> None:
    """As policies that name a stack's resources expect, and for as long as it lives."""
    group: dict[str, Any] = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}}
    assert stacks.put("called", {"Group": group}) == "CREATE_COMPLETE"
    name = stacks.physical_id("called", "Group")
    assert name.startswith("called-Group-")

    group["Properties"]["RetentionInDays"] = 14
    assert stacks.put("called", {"Group": group}) == "UPDATE_COMPLETE"
    assert stacks.physical_id("called", "Group") == name

    group["Properties"]["LogGroupName"] = "called-otherwise"
    assert stacks.put("called", {"Group": group}) == "UPDATE_COMPLETE"
    assert stacks.physical_id("called", "Group") == "called-otherwise"


def test_what_a_stack_kept_is_left_alone_by_the_next_one_of_its_name(
    stacks: Stacks,
) -> None:
    """Tables and log groups without a name are called otherwise each time that they are created."""
    key = {"AttributeName": "pk", "AttributeType": "S"}
    table = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [key],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    }
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    made = {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table, **kept},
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {}, **kept},
    }
    assert stacks.put("twice", made) == "CREATE_COMPLETE"
    first = {name: stacks.physical_id("twice", name) for name in made}
    stacks.keep_item(first["Table"], "precious")
    stacks.delete("twice")

    assert stacks.put("twice", made) == "CREATE_COMPLETE"
    assert all(stacks.physical_id("twice", name) != first[name] for name in made)
    assert stacks.has_item(first["Table"], "precious")
    second = stacks.physical_id("twice", "Table")
    stacks.keep_item(second, "news")
    table["DeletionProtectionEnabled"] = True
    assert stacks.put("twice", made) == "UPDATE_COMPLETE"
    assert stacks.physical_id("twice", "Table") == second
    assert stacks.has_item(second, "news")
