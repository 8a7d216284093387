"""A small hosting account in the embedded cloud: tiny real models, endpoints, traffic."""

import io
import itertools
import json
import tarfile
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud
from tests.polling import until

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
PROGRAM = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}
GOOD = """
import json, os
def model_fn(model_dir):
    return open(os.path.join(model_dir, "name")).read()
def input_fn(body, content_type):
    return json.loads(body)
def predict_fn(data, model):
    return {"model": model, "data": data}
def output_fn(prediction, accept):
    return json.dumps(prediction)
"""
SICK = GOOD + "\nraise RuntimeError('this model never starts')\n"
PING_SENTENCE = (
    "The primary container for production variant green did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)


class Hosting:
    """Makes models, configurations and endpoints with names of their own."""

    def __init__(self, cloud: EmbeddedCloud, role: str) -> None:
        session = cloud.session()
        self.cloud = cloud
        self.role = role
        self.sagemaker = session.client("sagemaker")
        self.runtime = session.client("sagemaker-runtime")
        self.s3 = session.client("s3")
        self.bucket = f"models-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.names = (f"n{uuid.uuid4().hex[:8]}-{number}" for number in itertools.count())

    def artifact(self, source: str = GOOD) -> str:
        """An artifact that answers with its own key; its URL."""
        key = f"{uuid.uuid4().hex}.tar.gz"
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path, text in {"code/inference.py": source, "name": key}.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=packed.getvalue())
        return f"s3://{self.bucket}/{key}"

    def model(self, source: str = GOOD) -> str:
        """A model of a new artifact; its name."""
        name = next(self.names)
        container = {
            "Image": IMAGE,
            "ModelDataUrl": self.artifact(source),
            "Environment": PROGRAM,
        }
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=self.role, PrimaryContainer=container
        )
        return name

    def config(self, blue: str, green: str, *, count: int = 1) -> str:
        """A configuration with all weight on blue; its name."""
        name = next(self.names)
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=variants(blue, green, count=count)
        )
        return name

    def endpoint(self, config: str) -> str:
        """An endpoint that has settled; its name."""
        name = next(self.names)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        self.settled(name)
        return name

    def settled(self, name: str, *, seconds: float = 20) -> dict[str, Any]:
        """DescribeEndpoint once nothing is under way; AssertionError if that takes longer."""

        def found() -> dict[str, Any] | None:
            described: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=name)
            return described if described["EndpointStatus"] in {"InService", "Failed"} else None

        return until(found, seconds=seconds, what=f"endpoint {name} settled")

    def answer(self, endpoint: str, **options: Any) -> str:
        """The key of the artifact that answered one request."""
        response = self.runtime.invoke_endpoint(
            EndpointName=endpoint, Body=b"[1]", ContentType="application/json", **options
        )
        return str(json.loads(response["Body"].read())["model"])

    def url_key(self, model: str) -> str:
        """The key of a model's artifact."""
        container = self.sagemaker.describe_model(ModelName=model)["PrimaryContainer"]
        return str(container["ModelDataUrl"]).rpartition("/")[2]


def variants(blue: str, green: str, *, count: int = 1) -> list[dict[str, Any]]:
    """Production variants with all weight on blue."""
    return [
        {
            "VariantName": name,
            "ModelName": model,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": count,
            "InitialVariantWeight": weight,
        }
        for name, model, weight in (("blue", blue, 1.0), ("green", green, 0.0))
    ]


def make_hosting(cloud: EmbeddedCloud) -> Hosting:
    """A role that may read artifacts, and a bucket for them."""
    iam = cloud.session().client("iam")
    name = f"exec-{uuid.uuid4().hex[:8]}"
    trust = policy(Action="sts:AssumeRole", Principal={"Service": "sagemaker.amazonaws.com"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    document = policy(Action="s3:GetObject", Resource="arn:aws:s3:::models-*/*")
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
    return Hosting(cloud, role)


def policy(**statement: Any) -> str:
    """A policy document of one allowing statement."""
    allowed = {"Effect": "Allow", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


def code_of(call: Callable[[], Any]) -> tuple[str, str]:
    """Code and message of the error that the call ends in."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


class Traffic:
    """Concurrent requests that never stop while the block runs; their answers and errors."""

    def __init__(self, hosting: Hosting, endpoint: str, *, users: int = 4) -> None:
        self._hosting, self._endpoint, self._users = hosting, endpoint, users
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(users)
        self.answers: list[str] = []
        self.errors: list[Exception] = []

    def __enter__(self) -> Self:
        for _ in range(self._users):
            self._pool.submit(self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()

    def _ask(self) -> None:
        while not self._stop.is_set():
            try:
                self.answers.append(self._hosting.answer(self._endpoint))
            except ClientError as error:
                self.errors.append(error)
