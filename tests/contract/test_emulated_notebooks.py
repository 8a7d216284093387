"""Notebook instances of the embedded cloud, as a client with boto3 and a stack see them."""

import base64
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.polling import until

pytestmark = pytest.mark.accept

SCRIPT = base64.b64encode(b"#!/bin/bash\nexit 1\n").decode()
Make = Callable[..., str]


@pytest.fixture(scope="module")
def sagemaker(ground_cloud: EmbeddedCloud) -> Any:
    """An administrator's client."""
    return ground_cloud.session().client("sagemaker")


@pytest.fixture
def make(sagemaker: Any, make_role: Callable[..., str]) -> Iterator[Make]:
    """Instances that go with their test; the name of each."""
    made: list[str] = []

    def create(**more: Any) -> str:
        name = f"Notebook-{uuid.uuid4().hex[:8]}"
        role = make_role("sagemaker", "sagemaker:ListTags")
        given = {"InstanceType": "ml.t3.medium", "RoleArn": role, "VolumeSizeInGB": 5, **more}
        sagemaker.create_notebook_instance(NotebookInstanceName=name, **given)
        made.append(name)
        return name

    yield create
    for name in made:
        if settled(sagemaker, name) == "InService":
            sagemaker.stop_notebook_instance(NotebookInstanceName=name)
            settled(sagemaker, name)
        sagemaker.delete_notebook_instance(NotebookInstanceName=name)


def settled(sagemaker: Any, name: str) -> str:
    """The status that the instance stays in."""

    def found() -> str | None:
        told = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
        status = str(told["NotebookInstanceStatus"])
        return status if status in {"InService", "Stopped", "Failed"} else None

    return until(found, seconds=60, what=f"the end of what is under way of {name}")


def test_an_instance_runs_a_jupyter_server_until_it_is_stopped(sagemaker: Any, make: Make):
    """Its address opens it; a stopped one has none, and keeps its volume's folder."""
    name = make()
    assert settled(sagemaker, name) == "InService"
    url = sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName=name)
    address, _, token = url["AuthorizedUrl"].partition("/?token=")
    assert address.startswith("http://127.0.0.1:")
    headers = {"Authorization": f"token {token}"}
    told = urllib3.request("GET", f"{address}/api/status", headers=headers)
    assert told.json()["kernels"] == 0
    sagemaker.stop_notebook_instance(NotebookInstanceName=name)
    assert settled(sagemaker, name) == "Stopped"
    with pytest.raises(urllib3.exceptions.MaxRetryError):
        urllib3.request("GET", f"{address}/api/status", retries=0)
    with pytest.raises(ClientError, match="Unable to transition"):
        sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName=name)


def test_what_runs_is_neither_changed_nor_deleted(sagemaker: Any, make: Make):
    """It is stopped first, as on AWS."""
    name = make()
    settled(sagemaker, name)
    for operation in ("update", "delete"):
        asked = getattr(sagemaker, f"{operation}_notebook_instance")
        with pytest.raises(ClientError, match=r"Status \(InService\) not in"):
            asked(NotebookInstanceName=name)


def test_it_is_told_as_it_was_asked_for(sagemaker: Any, make: Make):
    """Names are compared without case, and written in small letters in ARN and address."""
    name = make(RootAccess="Disabled", Tags=[{"Key": "team", "Value": "ml"}])
    told = sagemaker.describe_notebook_instance(NotebookInstanceName=name.upper())
    assert told["NotebookInstanceArn"].endswith(f"notebook-instance/{name.lower()}")
    assert told["Url"] == f"{name.lower()}.notebook.us-east-1.sagemaker.aws"
    assert (told["RootAccess"], told["VolumeSizeInGB"]) == ("Disabled", 5)
    tags = sagemaker.list_tags(ResourceArn=told["NotebookInstanceArn"])["Tags"]
    assert tags == [{"Key": "team", "Value": "ml"}]
    listed = sagemaker.list_notebook_instances(NameContains=name)["NotebookInstances"]
    assert [one["NotebookInstanceName"] for one in listed] == [name]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"DirectInternetAccess": "Disabled"}, "only if a SubnetId is given"),
        ({"LifecycleConfigName": "none-of-that-name"}, "Could not find"),
        ({"RoleArn": "arn:aws:iam::000000000000:role/nobody"}, "Could not assume role"),
    ],
)
def test_what_aws_refuses_is_refused(sagemaker: Any, make: Make, more: Any, wanted: str):
    """Nothing is made of it."""
    with pytest.raises(ClientError, match=wanted):
        make(**more)


def test_scripts_are_checked_and_kept(sagemaker: Any, make: Make):
    """A script that fails does no harm: it is not run here."""
    name = f"start-{uuid.uuid4().hex[:8]}"
    with pytest.raises(ClientError, match="base64"):
        sagemaker.create_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=name, OnStart=[{"Content": "#!/bin/bash"}]
        )
    sagemaker.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name, OnStart=[{"Content": SCRIPT}]
    )
    notebook = make(LifecycleConfigName=name)
    with pytest.raises(ClientError, match="it is used by notebook instance"):
        sagemaker.delete_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=name
        )
    assert settled(sagemaker, notebook) == "InService"
    told = sagemaker.describe_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName=name
    )
    assert told["OnStart"] == [{"Content": SCRIPT}]


def test_a_stack_stops_what_it_changes_and_starts_it_again(
    sagemaker: Any, ground_cloud: EmbeddedCloud, make_role: Callable[..., str]
):
    """Another type in place; `Ref` is the ARN; the stack's end stops and deletes it."""
    stacks = ground_cloud.session().client("cloudformation")
    stack, role = f"notebooks-{uuid.uuid4().hex[:8]}", make_role("sagemaker", "s3:*")

    def body(instance_type: str) -> str:
        notebook = {
            "InstanceType": instance_type,
            "RoleArn": role,
            "LifecycleConfigName": {"Fn::GetAtt": ["Start", "NotebookInstanceLifecycleConfigName"]},
        }
        scripts = {"OnStart": [{"Content": SCRIPT}]}
        kind = "AWS::SageMaker::NotebookInstance"
        return json.dumps(
            {
                "Resources": {
                    "Start": {"Type": f"{kind}LifecycleConfig", "Properties": scripts},
                    "Notebook": {"Type": kind, "Properties": notebook},
                },
                "Outputs": {
                    "Arn": {"Value": {"Ref": "Notebook"}},
                    "Name": {"Value": {"Fn::GetAtt": ["Notebook", "NotebookInstanceName"]}},
                },
            }
        )

    def ended() -> Any:
        found = stacks.describe_stacks(StackName=stack)["Stacks"][0]
        return None if found["StackStatus"].endswith("IN_PROGRESS") else found

    stacks.create_stack(StackName=stack, TemplateBody=body("ml.t3.medium"))
    made = until(ended, seconds=60, what="the stack")
    assert made["StackStatus"] == "CREATE_COMPLETE", made
    outputs = {o["OutputKey"]: o["OutputValue"] for o in made["Outputs"]}
    assert outputs["Arn"].endswith(f"notebook-instance/{outputs['Name'].lower()}")

    stacks.update_stack(StackName=stack, TemplateBody=body("ml.t3.large"))
    assert until(ended, seconds=60, what="the update")["StackStatus"] == "UPDATE_COMPLETE"
    told = sagemaker.describe_notebook_instance(NotebookInstanceName=outputs["Name"])
    assert (told["InstanceType"], told["NotebookInstanceStatus"]) == ("ml.t3.large", "InService")

    stacks.delete_stack(StackName=stack)

    def gone() -> bool:
        try:
            stacks.describe_stacks(StackName=stack)
        except ClientError:
            return True
        return False

    until(gone, seconds=60, what="the end of the stack")
    with pytest.raises(ClientError, match="Could not find"):
        sagemaker.describe_notebook_instance(NotebookInstanceName=outputs["Name"])
