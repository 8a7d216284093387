"""An account of the embedded cloud that transforms data sets with a tiny real model."""

import io
import itertools
import json
import tarfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from emulator import processes
from emulator.server import EmbeddedCloud
from tests.emulated_hosting import IMAGE, PROGRAM
from tests.polling import until

SOURCE = """
import json, os, pathlib, time

def model_fn(model_dir):
    print("loaded")
    return pathlib.Path(model_dir)

def transform_fn(model, body, content_type, accept):
    text = body if isinstance(body, str) else body.decode()
    if content_type == "application/json":
        records = [json.loads(line) for line in text.splitlines()]
        answers = [json.dumps({"sum": sum(record["x"])}) for record in records]
        return "\\n".join(answers) + "\\n", "application/json"
    return "".join(answer(model, line) + "\\n" for line in text.splitlines()), "text/csv"

def answer(model, line):
    if line == "poison":
        raise ValueError("a poisoned record")
    if line == "refuse":
        raise SystemExit
    if line == "die" or (line == "die once" and not (model.parent.parent / "died").exists()):
        (model.parent.parent / "died").touch()
        os.kill(os.getpid(), 9)
    if line == "sleep":
        time.sleep(60)
    if line == "nap":
        time.sleep(0.2)
    if line == "environment":
        told = ("SAGEMAKER_BATCH", "SAGEMAKER_M", "X_")
        return json.dumps({k: v for k, v in os.environ.items() if k.startswith(told)})
    return "<" + line + ">"
"""


class Batch:
    """Makes jobs over buckets `in` and `out` of its own, with one role for everything."""

    def __init__(self, cloud: EmbeddedCloud, *, account: str | None = None) -> None:
        session = cloud.session() if account is None else cloud.session(account)
        self.cloud = cloud
        self.sagemaker = session.client("sagemaker")
        self.s3 = session.client("s3")
        self.logs = session.client("logs")
        self.iam = session.client("iam")
        mark = uuid.uuid4().hex[:8]
        self.source, self.target = f"in-{mark}", f"out-{mark}"
        for bucket in (self.source, self.target):
            self.s3.create_bucket(Bucket=bucket)
        self.names: Iterator[str] = (f"job-{mark}-{number}" for number in itertools.count())
        self.role_name = f"batch-{mark}"
        trusted = {"Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}
        role = self.iam.create_role(
            RoleName=self.role_name, AssumeRolePolicyDocument=document(trusted)
        )
        self.role = str(role["Role"]["Arn"])
        self.allow(*self.usual())
        self.model = f"model-{mark}"
        self.s3.put_object(Bucket=self.source, Key="models/model.tar.gz", Body=packed(SOURCE))
        self.create_model(self.model)

    def usual(self) -> list[dict[str, Any]]:
        """What a role needs: list and read the input, write the output."""
        return [
            {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{self.source}"},
            {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{self.source}/*"},
            {
                "Action": ["s3:PutObject", "s3:AbortMultipartUpload"],
                "Resource": f"arn:aws:s3:::{self.target}/*",
            },
        ]

    def allow(self, *statements: Mapping[str, Any]) -> None:
        """The role may do this and nothing else."""
        self.iam.put_role_policy(
            RoleName=self.role_name, PolicyName="p", PolicyDocument=document(*statements)
        )

    def create_model(self, name: str, key: str = "models/model.tar.gz") -> None:
        """A model of the artifact."""
        container = {
            "Image": IMAGE,
            "ModelDataUrl": f"s3://{self.source}/{key}",
            "Environment": {**PROGRAM, "X_OF": "the model", "X_MODEL": "1"},
        }
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=self.role, PrimaryContainer=container
        )

    def put(self, key: str, body: bytes | str) -> None:
        """An input object."""
        self.s3.put_object(Bucket=self.source, Key=key, Body=body)

    def request(self, uri: str, **members: Any) -> dict[str, Any]:
        """A request for a job over lines of CSV; `members` replace whole members of it."""
        name = next(self.names)
        given = members.pop("given", {})
        wanted = members.pop("wanted", {})
        return {
            "TransformJobName": name,
            "ModelName": self.model,
            "TransformInput": {
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": members.pop("data_type", "S3Prefix"),
                        "S3Uri": uri if uri.startswith("s3:") else f"s3://{self.source}/{uri}",
                    }
                },
                "ContentType": "text/csv",
                "SplitType": "Line",
                **given,
            },
            "TransformOutput": {"S3OutputPath": f"s3://{self.target}/{name}", **wanted},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            **members,
        }

    def start(self, uri: str, **members: Any) -> str:
        """A job that has been created; its name."""
        request = self.request(uri, **members)
        self.sagemaker.create_transform_job(**request)
        return str(request["TransformJobName"])

    def ended(self, name: str) -> dict[str, Any]:
        """DescribeTransformJob once the job has ended."""

        def found() -> dict[str, Any] | None:
            job: dict[str, Any] = self.sagemaker.describe_transform_job(TransformJobName=name)
            return None if job["TransformJobStatus"] in {"InProgress", "Stopping"} else job

        return until(found, seconds=30, what=f"job {name} ended")

    def outputs(self, name: str) -> dict[str, str]:
        """What the job wrote, by key below its output path."""
        listed = self.s3.list_objects_v2(Bucket=self.target, Prefix=f"{name}/")
        keys = [entry["Key"] for entry in listed.get("Contents", [])]
        return {key.removeprefix(f"{name}/"): self.output(key) for key in keys}

    def output(self, key: str) -> str:
        """The text of one output object."""
        body: bytes = self.s3.get_object(Bucket=self.target, Key=key)["Body"].read()
        return body.decode()

    def transformed(self, uri: str, **members: Any) -> dict[str, str]:
        """The outputs of a job that was completed."""
        name = self.start(uri, **members)
        job = self.ended(name)
        assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
        return self.outputs(name)

    def failed(self, uri: str, **members: Any) -> dict[str, Any]:
        """The description of a job that failed."""
        job = self.ended(self.start(uri, **members))
        assert job["TransformJobStatus"] == "Failed"
        return job

    def log(self, name: str) -> dict[str, str]:
        """What is in the job's log streams, by the end of their names."""
        group = "/aws/sagemaker/TransformJobs"
        streams = self.logs.describe_log_streams(
            logGroupName=group, logStreamNamePrefix=f"{name}/"
        )["logStreams"]
        texts: dict[str, str] = {}
        for stream in (each["logStreamName"] for each in streams):
            events = self.logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]
            kind = "data" if stream.endswith("/data-log") else "container"
            lines = [texts.get(kind, ""), *(event["message"] for event in events)]
            texts[kind] = "\n".join(lines)
        return texts

    def uploads(self) -> list[Any]:
        """Multipart uploads that are open in the output's bucket."""
        listed = self.s3.list_multipart_uploads(Bucket=self.target)
        return list(listed.get("Uploads", []))


def document(*statements: Mapping[str, Any]) -> str:
    """A policy document of allowing statements."""
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def packed(source: str) -> bytes:
    """model.tar.gz of a program."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(source.encode())
        archive.addfile(entry, io.BytesIO(source.encode()))
    return buffer.getvalue()


def descendants(pid: int) -> set[int]:
    """Every process below that runs."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text("ascii").split()):
            if processes.is_running(child):
                found |= {child, *descendants(child)}
    return found
