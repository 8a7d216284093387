"""What a role may do, read from its template: kinds of resources, one line a right."""

from typing import Any

import pytest

from cli.privileges.rights import Right, RoleRights, kind_of, role_name, roles_of, union


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        ("*", "*"),
        ({"Ref": "Notifications"}, "Notifications"),
        ({"Fn::GetAtt": ["ReleaseTable", "Arn"]}, "ReleaseTable"),
        ({"Fn::GetAtt": "ReleaseTable.StreamArn"}, "ReleaseTable"),
        (
            {"Fn::Sub": "arn:aws:sagemaker:eu-west-1:${AWS::AccountId}:endpoint/acme-dev-*"},
            "sagemaker endpoint",
        ),
        ({"Fn::Sub": "${CaptureBucket.Arn}/acme/*"}, "CaptureBucket objects"),
        ({"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/*"]]}, "Bucket/*"),
        ({"Fn::ImportValue": "acme-dev-release-SigningSecretArn"}, "imported SigningSecretArn"),
        ("arn:aws:s3:::acme-dev-model-*", "s3 bucket"),
        ("arn:aws:s3:::acme-dev-model-*/*", "s3 objects"),
        ("arn:aws:route53:::hostedzone/Z1", "route53 hostedzone"),
        ("arn:aws:logs:eu-west-1:1:log-group:/aws/x:*", "logs log-group"),
    ],
)
def test_a_resource_is_named_by_its_kind(resource: Any, kind: str):
    """The same in every project, stage, account and region."""
    assert kind_of(resource) == kind


def test_a_way_to_name_a_resource_that_is_not_known_is_an_error():
    """No right is read wrongly without a word."""
    with pytest.raises(ValueError, match="Fn::Select"):
        kind_of({"Fn::Select": [0, ["x"]]})


def test_a_role_of_one_version_is_the_role_of_every_version():
    """Where the deploy is the release, the id of the containers' role ends in a digest."""
    assert role_name("ExecutionRoleB44ebd41") == "ExecutionRole"
    assert role_name("ExecutionRole") == "ExecutionRole"
    assert role_name("ChapterMachineRole") == "ChapterMachineRole"


def role(*statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A template with one role that Lambda takes."""
    trust = {"Statement": [{"Principal": {"Service": "lambda.amazonaws.com"}}]}
    policies = [{"PolicyName": "Work", "PolicyDocument": {"Statement": list(statements)}}]
    declared = {"AssumeRolePolicyDocument": trust, "Policies": policies, **properties}
    return {"Resources": {"WorkRole": {"Type": "AWS::IAM::Role", "Properties": declared}}}


def test_every_action_on_every_kind_is_a_right():
    """Alternatives of one kind are one right; one action on two kinds is two."""
    (found,) = roles_of(
        role(
            {"Action": ["a:One", "a:Two"], "Resource": [{"Ref": "X"}, {"Ref": "Y"}]},
            {"Action": "a:One", "Resource": "*"},
        )
    )
    assert found.taken_by == "lambda.amazonaws.com"
    assert [(r.action, r.resource) for r in found.rights] == [
        ("a:One", "*"),
        ("a:One", "X"),
        ("a:One", "Y"),
        ("a:Two", "X"),
        ("a:Two", "Y"),
    ]


def test_a_managed_policy_is_a_right_that_nobody_proves():
    """What AWS may change under us is shown as it is attached."""
    (found,) = roles_of(role(ManagedPolicyArns=["arn:aws:iam::aws:policy/Whatever"]))
    assert found.rights == (
        Right(
            role="WorkRole", action="arn:aws:iam::aws:policy/Whatever", resource="managed policy"
        ),
    )


def test_a_role_of_two_templates_has_the_rights_of_both():
    """The page shows a role once."""
    first = role({"Action": "a:One", "Resource": "*"})
    second = role({"Action": "a:Two", "Resource": "*"})
    (found,) = union([*roles_of(first), *roles_of(second)])
    assert [right.action for right in found.rights] == ["a:One", "a:Two"]


def test_a_role_of_one_name_is_taken_by_everybody_who_takes_one():
    """Two engines of a service may each have a role of the name; the page says whose it may be."""
    each = [
        RoleRights(role="IndexRole", taken_by=name, rights=()) for name in ("b.com", "a.com, c.com")
    ]
    (found,) = union([*each, each[0]])
    assert found.taken_by == "a.com, b.com, c.com"
