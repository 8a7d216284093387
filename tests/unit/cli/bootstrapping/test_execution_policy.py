"""Policies for CloudFormation: a stage's types, under its names, in its region."""

from typing import Any

from cli.bootstrapping.actions import actions_for
from cli.bootstrapping.policy import LONGEST_POLICY, Scope, documents, length_of

SCOPE = Scope(project="acme", stage="dev", region="eu-west-1", account="123456789012")
PERMISSIONS = {
    "AWS::Lambda::Function": {
        "create": ["lambda:CreateFunction", "iam:PassRole", "kms:Decrypt", "ec2:DescribeVpcs"],
        "read": ["lambda:GetFunction"],
        "update": ["lambda:UpdateFunctionCode", "lambda:PutFunctionConcurrency"],
        "delete": ["lambda:DeleteFunction"],
        "list": ["lambda:ListFunctions"],
    },
    "AWS::IAM::Role": {
        "create": ["iam:CreateRole", "iam:PutRolePolicy"],
        "delete": ["iam:DeleteRole"],
    },
    "AWS::EC2::VPC": {"create": ["ec2:CreateVpc"], "read": ["ec2:DescribeVpcs"]},
    "AWS::Logs::LogGroup": {"create": ["logs:CreateLogGroup", "s3:REST.PUT.OBJECT"]},
    "AWS::SecretsManager::Secret": {
        "create": ["secretsmanager:CreateSecret", "secretsmanager:GetRandomPassword"]
    },
}


def template(**types: str) -> dict[str, Any]:
    """A template with these logical ids and types."""
    return {"Resources": {name: {"Type": type_name} for name, type_name in types.items()}}


def statements(scope: Scope = SCOPE, **types: str) -> list[dict[str, Any]]:
    """Every statement of the policies for such a template."""
    made = documents(scope, [template(**types)], PERMISSIONS)
    return [statement for document in made for statement in document["Statement"]]


def of(action: str, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The statements that allow an action."""
    return [statement for statement in found if action in statement["Action"]]


def test_actions_of_services_that_the_stage_does_not_use_are_left_out():
    """Nor features that no template has, lists, and what is no action at all."""
    types = ["AWS::Lambda::Function", "AWS::Logs::LogGroup"]
    assert actions_for(types, PERMISSIONS) == {
        "iam:PassRole",
        "lambda:CreateFunction",
        "lambda:DeleteFunction",
        "lambda:GetFunction",
        "lambda:UpdateFunctionCode",
        "logs:CreateLogGroup",
    }


def test_named_resources_are_allowed_by_the_stages_names():
    """The names begin with project and stage, in the stage's account and region."""
    (found,) = of("lambda:CreateFunction", statements(Work="AWS::Lambda::Function"))
    assert found["Resource"] == ["arn:aws:lambda:eu-west-1:123456789012:function:acme-dev-*"]


def test_a_secret_is_named_after_its_logical_id():
    """So does CloudFormation, without the stack's name."""
    (found,) = of("secretsmanager:CreateSecret", statements(Key="AWS::SecretsManager::Secret"))
    assert found["Resource"][1].endswith(":secret:Key-*")


def test_what_has_no_name_is_held_to_the_region():
    """Ids of networks are drawn by EC2."""
    (found,) = of("ec2:CreateVpc", statements(Net="AWS::EC2::VPC"))
    assert found["Resource"] == ["*"]
    assert found["Condition"] == {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}


def test_roles_are_passed_only_to_the_services_that_the_stage_has():
    """And only roles of the stage."""
    (found,) = of("iam:PassRole", statements(Work="AWS::Lambda::Function"))
    assert found["Resource"] == ["arn:aws:iam::123456789012:role/acme-dev-*"]
    assert found["Condition"] == {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com"]}}
    assert of("iam:PassRole", statements(Net="AWS::EC2::VPC")) == []


def test_a_boundary_is_asked_of_every_role_that_is_made():
    """Whoever deploys cannot make a role that may do more than the boundary says."""
    arn = "arn:aws:iam::123456789012:policy/boundary"
    scope = Scope(project="acme", stage="dev", region="eu-west-1", boundary=arn)
    found = statements(scope, Role="AWS::IAM::Role")
    (made,) = of("iam:CreateRole", found)
    assert made["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": arn}}
    assert "iam:PutRolePolicy" in made["Action"]
    (deleted,) = of("iam:DeleteRole", found)
    assert "Condition" not in deleted


def test_custom_resources_call_functions_of_the_stage():
    """Nothing else is invoked."""
    (found,) = of("lambda:InvokeFunction", statements(Guard="Custom::ReleaseGuard"))
    assert found["Resource"] == [f"arn:aws:lambda:eu-west-1:{SCOPE.account}:function:acme-dev-*"]


def test_policies_are_split_where_iam_takes_no_more():
    """Each is short enough, and none of the statements is lost."""
    many = {f"AWS::Own{n}::Thing": {"create": [f"own{n}:Create{'x' * 200}"]} for n in range(60)}
    names = {f"T{n}": f"AWS::Own{n}::Thing" for n in range(60)}
    made = documents(SCOPE, [template(**names)], many)
    assert len(made) > 1
    assert max(length_of(document) for document in made) <= LONGEST_POLICY
    actions = {a for d in made for s in d["Statement"] for a in s["Action"]}
    assert len([a for a in actions if a.startswith("own")]) == 60
