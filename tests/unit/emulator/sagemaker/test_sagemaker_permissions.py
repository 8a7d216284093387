"""Which permissions an operation needs."""

from typing import Any

import pytest

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.permissions import needed

TENANT = Tenant("123456789012", "eu-west-1")
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:"
ROLE = "arn:aws:iam::123456789012:role/exec"


def _asked(operation: Any, **request: Any) -> Any:
    return [(n.action, n.resource) for n in needed(operation, TENANT, request)]


def test_names_are_lower_case_in_arns():
    """SageMaker writes names in lower case in ARNs, so policies are matched against that."""
    assert _asked("DescribeEndpoint", EndpointName="MyEndpoint") == [
        ("sagemaker:DescribeEndpoint", f"{ARN}endpoint/myendpoint")
    ]


@pytest.mark.parametrize("operation", ["CreateEndpoint", "UpdateEndpoint"])
def test_endpoint_and_configuration_are_both_asked(operation: Any):
    """Putting a configuration into service is asked on the endpoint and on the configuration."""
    assert _asked(operation, EndpointName="e", EndpointConfigName="c") == [
        (f"sagemaker:{operation}", f"{ARN}endpoint/e"),
        (f"sagemaker:{operation}", f"{ARN}endpoint-config/c"),
    ]


def test_passing_a_role_is_asked_on_the_role():
    """A model's execution role needs iam:PassRole to SageMaker."""
    wanted = needed("CreateModel", TENANT, {"ModelName": "m", "ExecutionRoleArn": ROLE})
    passing = wanted[-1]
    assert (passing.action, passing.resource) == ("iam:PassRole", ROLE)
    assert passing.context == {"iam:PassedToService": "sagemaker.amazonaws.com"}


def test_tags_at_creation_need_add_tags():
    """Creating with tags needs sagemaker:AddTags, and the tags are condition keys."""
    tags = [{"Key": "team", "Value": "ml"}]
    wanted = needed("CreateModel", TENANT, {"ModelName": "m", "Tags": tags})
    assert [n.action for n in wanted] == ["sagemaker:CreateModel", "sagemaker:AddTags"]
    assert wanted[0].context == {"aws:RequestTag/team": "ml", "aws:TagKeys": ["team"]}


def test_rollback_alarms_need_describe_alarms():
    """An update with rollback alarms needs cloudwatch:DescribeAlarms."""
    deployment = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}
    actions = _asked("UpdateEndpoint", EndpointName="e", DeploymentConfig=deployment)
    assert ("cloudwatch:DescribeAlarms", "*") in actions


def test_lists_are_asked_on_everything():
    """List operations have no resource."""
    assert _asked("ListModels") == [("sagemaker:ListModels", "*")]


@pytest.mark.parametrize("request_", [{"EndpointName": 7}, {"Tags": "x"}, {"Tags": [1]}, {}])
def test_malformed_requests_are_still_asked_about(request_: Any):
    """A request of the wrong shape is asked about before it is refused, never let through."""
    assert _asked("DeleteEndpoint", **request_)[0] == ("sagemaker:DeleteEndpoint", "*")
