"""The template of notebooks: isolated or not, encrypted, and with no right but what is named."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from stacks.idle_costs import stack_cost
from tests.synth.assembly import ROOT, Assembly
from tests.synth.examples import synthesized

STACK = "tidegate-dev-notebooks"
MOST_SCRIPT = 16_384
"""Characters of a script of a lifecycle configuration, in base64 (SageMaker developer guide)."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example's assembly."""
    folder: Path = tmp_path_factory.mktemp("notebooks")
    return synthesized(ROOT / "examples" / "notebooks" / "tidegate.yaml", folder)


def of(template: Assembly, id_: str) -> dict[str, Any]:
    """The properties of a resource."""
    properties: dict[str, Any] = template.templates[STACK]["Resources"][id_]["Properties"]
    return properties


def test_a_notebook_is_isolated_unless_the_file_says_otherwise(template: Assembly):
    """No internet, in a subnet of its own; both encrypted, without root, with IMDSv2."""
    isolated, direct = of(template, "ExploreNotebook"), of(template, "PackagesNotebook")
    assert isolated["DirectInternetAccess"] == "Disabled"
    assert isolated["SubnetId"] == {"Ref": "IsolatedSubnet"}
    assert direct["DirectInternetAccess"] == "Enabled"
    assert "SubnetId" not in direct
    for notebook in (isolated, direct):
        assert notebook["KmsKeyId"] == {"Ref": "VolumeKey"}
        assert notebook["RootAccess"] == "Disabled"
        least = notebook["InstanceMetadataServiceConfiguration"]
        assert least == {"MinimumInstanceMetadataServiceVersion": "2"}


def test_nothing_leads_out_of_the_isolated_network(template: Assembly):
    """No gateway, no route; S3 and two services of SageMaker by endpoints."""
    kinds = {r["Type"] for r in template.templates[STACK]["Resources"].values()}
    assert not kinds & {
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NatGateway",
        "AWS::EC2::Route",
        "AWS::EC2::EIP",
    }
    endpoints = template.resources(STACK, "AWS::EC2::VPCEndpoint").values()
    named = {str(e["Properties"]["ServiceName"]).partition("eu-west-1.")[2] for e in endpoints}
    assert named == {"s3", "sagemaker.api", "sagemaker.runtime"}


def test_its_role_may_ask_its_model_and_stop_itself(template: Assembly):
    """And get its files, and write its log; nothing has a wildcard but streams of its own log."""
    (policy,) = of(template, "ExploreNotebookRole")["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    allowed = {action: json.dumps(s["Resource"]) for s in statements for action in s["Action"]}
    name = of(template, "ExploreNotebook")["NotebookInstanceName"]
    assert f"notebook-instance/{name}" in allowed["sagemaker:StopNotebookInstance"]
    assert "endpoint/tidegate-dev-flights" in allowed["sagemaker:InvokeEndpoint"]
    assert {action for action, on in allowed.items() if "*" in on} == {
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
    }
    (without,) = of(template, "PackagesNotebookRole")["Policies"]
    assert "InvokeEndpoint" not in json.dumps(without)


def test_what_cannot_change_of_one_is_in_its_name(template: Assembly):
    """Another network makes another instance beside it, under another name."""
    names = [of(template, f"{n}Notebook")["NotebookInstanceName"] for n in ("Explore", "Packages")]
    digests = {re.fullmatch(r"tidegate-dev-\w+-([0-9a-f]{8})", name)[1] for name in names}  # type: ignore[index]
    assert len(digests) == 2


@pytest.mark.parametrize("id_", ["ExploreStart", "PackagesStart"])
def test_its_script_fits_and_stops_it(template: Assembly, id_: str):
    """Once CloudFormation has filled in what it knows."""
    (hook,) = of(template, id_)["OnStart"]
    text = re.sub(r"\$\{AWS::\w+\}", "123456789012", hook["Content"]["Fn::Base64"]["Fn::Sub"])
    text = text.replace("${!", "${")
    assert len(base64.b64encode(text.encode())) <= MOST_SCRIPT
    assert "@" not in re.sub(r"\S+@\S+", "", text)
    assert "--idle-seconds" in text


def test_only_volumes_endpoints_and_the_key_bill_while_idle(template: Assembly):
    """Instances stop; one that nothing stops is counted, and said."""
    resources = json.loads(json.dumps(template.templates[STACK]["Resources"]))
    items = {c.item for c in stack_cost(STACK, resources, region="us-east-1").costs}
    assert items == {"interface_endpoint", "key", "notebook_volume_gb"}
    del resources["ExploreNotebook"]["Metadata"]
    costs = stack_cost(STACK, resources, region="us-east-1").costs
    (running,) = [c for c in costs if c.item == "notebook:ml.t3.medium"]
    assert running.words == "1 notebook ml.t3.medium that nothing stops"
    assert running.usd == pytest.approx(36.5)
