"""Multi-model endpoints as a client with boto3 sees them: many models behind one container."""

import io
import json
import os
import tarfile
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from emulator.serving_container.multi_model import ROOM
from tests.emulated_hosting import IMAGE, Hosting, code_of, make_hosting, policy
from tests.polling import until

PROGRAM = """
import json, os
LOADS = []
def model_fn(model_dir):
    name = open(os.path.join(model_dir, "name")).read()
    LOADS.append(name)
    if name == "broken":
        raise ValueError("no weights")
    return name
def input_fn(body, content_type):
    return json.loads(body)
def predict_fn(data, model):
    return {"model": model, "loads": LOADS.count(model), "pid": os.getpid()}
def output_fn(prediction, accept):
    return json.dumps(prediction), "application/json"
"""
BROKEN = "import a_module_that_nobody_has\n"
DOWNLOAD = (
    "Failed to download model data(bucket: {bucket}, key: {key}). Please ensure that there is an "
    "object located at the URL and that the role passed to CreateModel has permissions to "
    "download the model."
)


def packed(**files: str) -> bytes:
    """A .tar.gz of these files; `_` in a name stands for its dot."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name.replace("_", "."))
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return whole.getvalue()


class Shop:
    """An account with a prefix of models, and endpoints that host them."""

    def __init__(self, hosting: Hosting) -> None:
        self.hosting = hosting
        self.prefix = f"s3://{hosting.bucket}/many/"
        for name in ("one", "two"):
            self.put(f"{name}.tar.gz", name)

    def put(self, relative: str, name: str) -> str:
        """An object below the prefix: a model that answers with `name`."""
        key = f"many/{relative}"
        self.hosting.s3.put_object(Bucket=self.hosting.bucket, Key=key, Body=packed(name=name))
        return relative

    def model(self, program: str = PROGRAM, **members: Any) -> str:
        """A model of the prefix with a program for all; its name."""
        name, key = next(self.hosting.names), f"code/{next(self.hosting.names)}.tar.gz"
        code = packed(inference_py=program)
        self.hosting.s3.put_object(Bucket=self.hosting.bucket, Key=key, Body=code)
        environment = {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{self.hosting.bucket}/{key}",
        }
        self.hosting.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=self.hosting.role,
            PrimaryContainer={
                "Image": IMAGE,
                "Mode": "MultiModel",
                "ModelDataUrl": self.prefix,
                "Environment": environment,
                **members,
            },
        )
        return name

    def config(self, model: str, *variants: str) -> str:
        """A configuration of these variants, which share the requests; its name."""
        name = next(self.hosting.names)
        self.hosting.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": variant,
                    "ModelName": model,
                    "InstanceType": "ml.m5.large",
                    "InitialInstanceCount": 1,
                }
                for variant in variants or ("blue",)
            ],
        )
        return name

    def ask(self, endpoint: str, target: str | None, **members: Any) -> dict[str, Any]:
        """What one model answered; none is named where `target` is None."""
        named = {} if target is None else {"TargetModel": target}
        answer = self.hosting.runtime.invoke_endpoint(
            EndpointName=endpoint,
            Body=b"[1]",
            ContentType="application/json",
            **named,
            **members,
        )
        document: dict[str, Any] = json.loads(answer["Body"].read())
        return {**document, "variant": answer["InvokedProductionVariant"]}


def allow(hosting: Hosting, name: str, *resources: str) -> None:
    """The execution role may read these objects and list the bucket, and nothing else."""
    iam = hosting.cloud.session().client("iam")
    role = hosting.role.rpartition("/")[2]
    reading = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": list(resources)}
    listing = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{hosting.bucket}",
    }
    document = {"Version": "2012-10-17", "Statement": [reading, listing]}
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@pytest.fixture(scope="module")
def shop(ground_cloud: EmbeddedCloud) -> Shop:
    """A role that may read all objects but those below many/secret/, and list the bucket."""
    hosting = make_hosting(ground_cloud)
    bucket = f"arn:aws:s3:::{hosting.bucket}"
    allow(hosting, "p", f"{bucket}/code/*", f"{bucket}/many/*.tar.gz")
    iam = ground_cloud.session().client("iam")
    denied = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"{bucket}/many/secret/*"}
    iam.put_role_policy(
        RoleName=hosting.role.rpartition("/")[2],
        PolicyName="secret",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [denied]}),
    )
    return Shop(hosting)


@pytest.fixture(scope="module")
def endpoint(shop: Shop) -> str:
    """An endpoint that hosts the prefix."""
    return shop.hosting.endpoint(shop.config(shop.model()))


def test_models_of_one_endpoint_answer_each_for_itself(shop: Shop, endpoint: str):
    """One process has both; each is loaded once, however often it is asked."""
    answers = [shop.ask(endpoint, name) for name in ("one.tar.gz", "two.tar.gz", "one.tar.gz")]
    assert [answer["model"] for answer in answers] == ["one", "two", "one"]
    assert {answer["loads"] for answer in answers} == {1}
    assert len({answer["pid"] for answer in answers}) == 1


def test_a_model_put_below_the_prefix_later_is_served(shop: Shop, endpoint: str):
    """Without any change of the endpoint; a changed object is not noticed."""
    shop.put("later/three.tar.gz", "three")
    assert shop.ask(endpoint, "later/three.tar.gz")["model"] == "three"
    shop.put("later/three.tar.gz", "another")
    assert shop.ask(endpoint, "later/three.tar.gz")["model"] == "three"


def test_a_request_must_name_a_model(shop: Shop, endpoint: str):
    """AWS's sentence, with the id of the request."""
    with pytest.raises(ClientError) as caught:
        shop.ask(endpoint, None)
    identity = caught.value.response["ResponseMetadata"]["RequestId"]
    assert caught.value.response["Error"] == {
        "Code": "ValidationError",
        "Message": f"Request {identity} is missing a target model header.",
    }


def test_a_model_that_is_not_there_is_a_validation_error(shop: Shop, endpoint: str):
    """It names bucket and key."""
    code, message = code_of(lambda: shop.ask(endpoint, "none.tar.gz"))
    assert code == "ValidationError"
    assert message == DOWNLOAD.format(bucket=shop.hosting.bucket, key="many/none.tar.gz")


def test_a_model_that_the_role_may_not_read_is_one_too(shop: Shop, endpoint: str):
    """The caller's rights do not count, the role's do."""
    target = shop.put("secret/four.tar.gz", "four")
    code, message = code_of(lambda: shop.ask(endpoint, target))
    assert code == "ValidationError"
    assert message == DOWNLOAD.format(bucket=shop.hosting.bucket, key="many/secret/four.tar.gz")


def test_a_model_that_cannot_be_loaded_is_a_model_error(shop: Shop, endpoint: str):
    """With what its loading raised; the others answer on."""
    target = shop.put("broken.tar.gz", "broken")
    with pytest.raises(ClientError) as caught:
        shop.ask(endpoint, target)
    error: Any = caught.value.response
    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 500)
    assert json.loads(error["OriginalMessage"])["message"] == "no weights"
    assert shop.ask(endpoint, "one.tar.gz")["model"] == "one"


def test_the_model_asked_for_the_longest_ago_makes_room(shop: Shop):
    """It is loaded again when it is asked for again, by the same process."""
    endpoint = shop.hosting.endpoint(shop.config(shop.model()))
    targets = [shop.put(f"room/{number}.tar.gz", f"{number}") for number in range(ROOM + 1)]
    for target in targets:
        assert shop.ask(endpoint, target)["loads"] == 1
    last, first = (shop.ask(endpoint, target) for target in (targets[-1], targets[0]))
    assert (last["loads"], first["loads"]) == (1, 2)
    assert last["pid"] == first["pid"]


def test_variants_each_hold_the_models_that_they_are_asked_for(shop: Shop):
    """TargetVariant and TargetModel go together."""
    endpoint = shop.hosting.endpoint(shop.config(shop.model(), "blue", "green"))
    answers = [shop.ask(endpoint, "one.tar.gz", TargetVariant=name) for name in ("blue", "green")]
    assert [answer["variant"] for answer in answers] == ["blue", "green"]
    assert len({answer["pid"] for answer in answers}) == 2


def test_an_update_brings_another_program_for_the_same_models(shop: Shop):
    """The old container is gone, and with it what it had loaded."""
    old = PROGRAM
    endpoint = shop.hosting.endpoint(shop.config(shop.model(old)))
    before = shop.ask(endpoint, "one.tar.gz")
    new = PROGRAM.replace('"model": model', '"model": model.upper()')
    shop.hosting.sagemaker.update_endpoint(
        EndpointName=endpoint, EndpointConfigName=shop.config(shop.model(new))
    )
    shop.hosting.settled(endpoint)
    after = shop.ask(endpoint, "one.tar.gz")
    assert (before["model"], after["model"]) == ("one", "ONE")
    until(lambda: _gone(before["pid"]), seconds=20, what="the old container ended")


def test_a_program_that_cannot_be_imported_fails_the_endpoint(shop: Shop):
    """The reason is AWS's; the traceback is in the endpoint's log."""
    endpoint = shop.hosting.endpoint(shop.config(shop.model(BROKEN)))
    described = shop.hosting.sagemaker.describe_endpoint(EndpointName=endpoint)
    assert described["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in described["FailureReason"]
    logs = shop.hosting.cloud.session().client("logs")

    def printed() -> bool:
        found = logs.filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{endpoint}")
        return any("a_module_that_nobody_has" in event["message"] for event in found["events"])

    until(printed, seconds=20, what="the traceback is logged")


def test_deletion_leaves_no_process(shop: Shop):
    """Whatever was loaded."""
    endpoint = shop.hosting.endpoint(shop.config(shop.model()))
    pid = shop.ask(endpoint, "one.tar.gz")["pid"]
    shop.hosting.sagemaker.delete_endpoint(EndpointName=endpoint)
    until(lambda: _gone(pid), seconds=20, what="the container ended")


def test_a_prefix_with_nothing_below_it_refuses_the_model(shop: Shop):
    """CreateModel lists it as the role."""
    empty = f"s3://{shop.hosting.bucket}/nothing/"
    code, message = code_of(lambda: shop.model(ModelDataUrl=empty))
    assert (code, message) == ("ValidationException", f"Could not find model data at {empty}.")


def test_a_role_that_may_not_list_the_bucket_refuses_the_model(ground_cloud: EmbeddedCloud):
    """The right to read its objects is not enough."""
    hosting = make_hosting(ground_cloud)
    other = Shop(hosting)
    code, message = code_of(other.model)
    assert code == "ValidationException"
    assert message.startswith(f"Could not access model data at {other.prefix}.")


def test_a_policy_may_allow_some_models_only(shop: Shop, endpoint: str):
    """By the condition key sagemaker:TargetModel."""
    iam = shop.hosting.cloud.session().client("iam")
    user = next(shop.hosting.names)
    iam.create_user(UserName=user)
    document = policy(
        Action="sagemaker:InvokeEndpoint",
        Resource="*",
        Condition={"StringLike": {"sagemaker:TargetModel": "one*"}},
    )
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    runtime = boto3.client(
        "sagemaker-runtime",
        endpoint_url=shop.hosting.cloud.endpoint_url,
        region_name=shop.hosting.cloud.region,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )

    def ask(target: str) -> Any:
        return runtime.invoke_endpoint(
            EndpointName=endpoint,
            Body=b"[1]",
            ContentType="application/json",
            TargetModel=target,
        )

    assert ask("one.tar.gz")["InvokedProductionVariant"] == "blue"
    assert code_of(lambda: ask("two.tar.gz"))[0] == "AccessDeniedException"


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
