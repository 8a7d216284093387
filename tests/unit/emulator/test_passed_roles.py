"""Which requests hand a role to a service."""

import pytest
from botocore.session import Session

from emulator.passed_roles import PASSED, passed

ROLE, OTHER = "arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"
SERVICES = {
    "states": "stepfunctions",
    "apigateway": "apigatewayv2",
}


def test_a_role_is_passed_to_the_service_of_the_request():
    """Its principal is the condition key's value."""
    assert passed("lambda:CreateFunction", {"Role": ROLE}) == [(ROLE, "lambda.amazonaws.com")]
    assert passed("ecs:RegisterTaskDefinition", {"taskRoleArn": ROLE}) == [
        (ROLE, "ecs-tasks.amazonaws.com")
    ]


def test_every_role_of_a_request_is_passed_once():
    """Each target of a rule may have one."""
    targets = [{"RoleArn": ROLE}, {"RoleArn": OTHER}, {"RoleArn": OTHER}, {}]
    request = {"Targets": targets}
    assert [role for role, _ in passed("events:PutTargets", request)] == [ROLE, OTHER]


def test_other_requests_pass_nothing():
    """Nor does a request that leaves its role out."""
    assert passed("s3:PutObject", {"Role": ROLE}) == []
    assert passed("lambda:CreateFunction", {}) == []


@pytest.mark.parametrize("action", sorted(PASSED))
def test_the_table_names_members_that_requests_have(action: str):
    """Every path is one of the operation's, by AWS's model of the service."""
    service, _, operation = action.partition(":")
    if service == "apigateway":
        operation = {"POST": "CreateIntegration", "PATCH": "UpdateIntegration"}[operation]
    model = Session().get_service_model(SERVICES.get(service, service))
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    for path in PASSED[action][1]:
        found = shape
        for part in path.split("."):
            name = part.removesuffix("[]")
            members = {m.serialization.get("name", n): m for n, m in found.members.items()}
            assert name in {**found.members, **members}
            found = {**found.members, **members}[name]
            found = found.member if part.endswith("[]") else found
        assert found.type_name == "string"
