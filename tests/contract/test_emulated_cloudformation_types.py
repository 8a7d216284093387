"""One template with every resource type the product uses deploys, with AWS's Ref and GetAtt."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import urllib3

from emulator.server import EmbeddedCloud
from tests.emulated_resources import ACCOUNT, PASS, REGION, RESOURCES

HERE = rf"{REGION}:{ACCOUNT}"
NAME = r"[\w.-]+"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

REFS = {
    "Role": rf"everything-Role-{NAME}",
    "ManagedPolicy": rf"arn:aws:iam::{ACCOUNT}:policy/everything-ManagedPolicy-{NAME}",
    "Key": UUID,
    "KeyAlias": r"alias/everything",
    "Table": rf"everything-Table-{NAME}",
    "Bucket": rf"everything-bucket-{NAME}",
    "BucketPolicy": rf"everything-bucket-{NAME}",
    "Parameter": r"/everything/live",
    "Secret": rf"arn:aws:secretsmanager:{HERE}:secret:{NAME}-[A-Za-z0-9]{{6}}",
    "LogGroup": r"/aws/lambda/everything",
    "Function": r"everything",
    "Version": rf"arn:aws:lambda:{HERE}:function:everything:1",
    "Alias": rf"arn:aws:lambda:{HERE}:function:everything:live",
    "SubscriptionFilter": rf"{NAME}",
    "Machine": rf"arn:aws:states:{HERE}:stateMachine:{NAME}",
    "MachineFromBucket": rf"arn:aws:states:{HERE}:stateMachine:{NAME}",
    "Api": r"[a-z0-9]{8,10}",
    "Integration": r"[a-z0-9]{7,10}",
    "Route": r"[a-z0-9]{7,10}",
    "Stage": r"\$default",
    "Topic": rf"arn:aws:sns:{HERE}:everything-Topic-{NAME}",
    "Rule": rf"everything-Rule-{NAME}",
    "Alarm": rf"everything-Alarm-{NAME}",
    "Dashboard": rf"(everything-)?Dashboard-{NAME}",
    "Target": r"endpoint/e/variant/blue\|sagemaker:variant:DesiredInstanceCount\|sagemaker",
    "Scaling": rf"arn:aws:{NAME}:{HERE}:.+",
    "Group": rf"arn:aws:sagemaker:{HERE}:model-package-group/phishing",
}
ATTRIBUTES = {
    ("Role", "Arn"): rf"arn:aws:iam::{ACCOUNT}:role/everything-Role-{NAME}",
    ("Role", "RoleId"): r"AROA[A-Z0-9]{16,17}",
    ("Key", "Arn"): rf"arn:aws:kms:{HERE}:key/{UUID}",
    ("Key", "KeyId"): UUID,
    ("Table", "Arn"): rf"arn:aws:dynamodb:{HERE}:table/everything-Table-{NAME}",
    ("Table", "StreamArn"): rf"arn:aws:dynamodb:{HERE}:table/{NAME}/stream/.+",
    ("Bucket", "Arn"): rf"arn:aws:s3:::everything-bucket-{NAME}",
    ("Bucket", "RegionalDomainName"): rf"everything-bucket-{NAME}\.s3\.{REGION}\.amazonaws\.com",
    ("Parameter", "Value"): r"blue",
    ("Secret", "Id"): rf"arn:aws:secretsmanager:{HERE}:secret:{NAME}",
    ("LogGroup", "Arn"): rf"arn:aws:logs:{HERE}:log-group:/aws/lambda/everything:\*",
    ("Function", "Arn"): rf"arn:aws:lambda:{HERE}:function:everything",
    ("Version", "Version"): r"1",
    ("Alias", "AliasArn"): rf"arn:aws:lambda:{HERE}:function:everything:live",
    ("Machine", "Arn"): rf"arn:aws:states:{HERE}:stateMachine:{NAME}",
    ("Machine", "Name"): NAME,
    ("Api", "ApiEndpoint"): r"http://127\.0\.0\.1:\d+/_aws/execute-api/[a-z0-9]+/\$default",
    ("Topic", "TopicArn"): rf"arn:aws:sns:{HERE}:everything-Topic-{NAME}",
    ("Topic", "TopicName"): rf"everything-Topic-{NAME}",
    ("Rule", "Arn"): rf"arn:aws:events:{HERE}:rule/everything-Rule-{NAME}",
    ("Alarm", "Arn"): rf"arn:aws:cloudwatch:{HERE}:alarm:everything-Alarm-{NAME}",
    ("Target", "Id"): r".+",
    ("Scaling", "Arn"): rf"arn:aws:{NAME}:{HERE}:.+",
    ("Group", "ModelPackageGroupArn"): rf"arn:aws:sagemaker:{HERE}:model-package-group/phishing",
}


def _outputs() -> dict[str, Any]:
    refs = {f"Ref{name}": {"Value": {"Ref": name}} for name in REFS}
    attributes = {
        f"Att{name}{attribute}": {"Value": {"Fn::GetAtt": [name, attribute]}}
        for name, attribute in ATTRIBUTES
    }
    return {**refs, **attributes}


@pytest.fixture(scope="module")
def cloud() -> Iterator[EmbeddedCloud]:
    """A cloud in which the template of this module is deployed as stack `everything`."""
    with EmbeddedCloud.start() as started:
        session = started.session()
        s3 = session.client("s3")
        s3.create_bucket(Bucket="definitions")
        s3.put_object(Bucket="definitions", Key="pass.json", Body=PASS.encode())
        template = json.dumps({"Resources": RESOURCES, "Outputs": _outputs()})
        cloudformation = session.client("cloudformation")
        cloudformation.create_stack(
            StackName="everything", TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        _require_rest(cloudformation, "CREATE_COMPLETE")
        yield started


def _require_rest(cloudformation: Any, wanted: str) -> None:
    deadline = time.monotonic() + 30
    status = ""
    while time.monotonic() < deadline and status != wanted:
        (stack,) = cloudformation.describe_stacks(StackName="everything")["Stacks"]
        status = stack["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            break
    events = cloudformation.describe_stack_events(StackName="everything")["StackEvents"]
    reasons = [e["ResourceStatusReason"] for e in events if e["ResourceStatus"].endswith("FAILED")]
    assert status == wanted, reasons


@pytest.fixture(scope="module")
def outputs(cloud: EmbeddedCloud) -> Mapping[str, str]:
    """The outputs of the stack."""
    (stack,) = cloud.session().client("cloudformation").describe_stacks()["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}


@pytest.mark.parametrize("name", REFS)
def test_ref_is_what_aws_answers(outputs: Mapping[str, str], name: str) -> None:
    """`Ref` has the shape of the type's documented return value."""
    assert re.fullmatch(REFS[name], outputs[f"Ref{name}"])


@pytest.mark.parametrize(("name", "attribute"), ATTRIBUTES)
def test_getatt_is_what_aws_answers(outputs: Mapping[str, str], name: str, attribute: str) -> None:
    """`Fn::GetAtt` has the shape of the type's documented return value."""
    assert re.fullmatch(ATTRIBUTES[name, attribute], outputs[f"Att{name}{attribute}"])


@pytest.mark.parametrize(
    ("machine", "said"), [("Machine", '"hello"'), ("MachineFromBucket", '"from a bucket"')]
)
def test_substitutions_reach_the_state_machine(
    cloud: EmbeddedCloud, outputs: Mapping[str, str], machine: str, said: str
) -> None:
    """`DefinitionSubstitutions` are in the definition that runs, from a string or a bucket."""
    states = cloud.session().client("stepfunctions")
    definition = states.describe_state_machine(stateMachineArn=outputs[f"Ref{machine}"])
    assert said in definition["definition"]


def test_the_table_has_what_the_template_says(
    cloud: EmbeddedCloud, outputs: Mapping[str, str]
) -> None:
    """On-demand billing, time to live, recovery and encryption reach DynamoDB."""
    dynamodb = cloud.session().client("dynamodb")
    name = outputs["RefTable"]
    table = dynamodb.describe_table(TableName=name)["Table"]
    recovery = dynamodb.describe_continuous_backups(TableName=name)
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSEDescription"]["KMSMasterKeyArn"] == outputs["AttKeyArn"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
    described = recovery["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert described["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_generated_secret_has_its_length(
    cloud: EmbeddedCloud, outputs: Mapping[str, str]
) -> None:
    """`GenerateSecretString` makes a secret of the wanted length that nobody typed."""
    secrets = cloud.session().client("secretsmanager")
    value = secrets.get_secret_value(SecretId=outputs["RefSecret"])["SecretString"]
    assert re.fullmatch(r"[A-Za-z0-9]{40}", value)


def test_the_route_demands_a_signature(cloud: EmbeddedCloud, outputs: Mapping[str, str]) -> None:
    """`AuthorizationType: AWS_IAM` reaches the route."""
    api = cloud.session().client("apigatewayv2")
    (route,) = api.get_routes(ApiId=outputs["RefApi"])["Items"]
    assert (route["RouteKey"], route["AuthorizationType"]) == ("POST /route", "AWS_IAM")


def test_the_api_endpoint_can_be_called(outputs: Mapping[str, str]) -> None:
    """A request to `ApiEndpoint` plus a route reaches the API, which demands a signature."""
    answer = urllib3.request("POST", outputs["AttApiApiEndpoint"] + "/route")
    assert answer.status == 403


def test_recorded_resources_are_listed_in_the_stack(cloud: EmbeddedCloud) -> None:
    """A recorded resource is a stack resource like any other."""
    cloudformation = cloud.session().client("cloudformation")
    listed = cloudformation.list_stack_resources(StackName="everything")["StackResourceSummaries"]
    assert {r["LogicalResourceId"] for r in listed} == set(RESOURCES)
