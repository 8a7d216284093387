"""An account of the embedded cloud that trains and processes with tiny real programs."""

import io
import itertools
import json
import tarfile
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.server import EmbeddedCloud
from tests.emulated_hosting import IMAGE
from tests.emulated_transforms import document
from tests.polling import until

ENDED = {"Completed", "Failed", "Stopped"}

TRAIN = """
import argparse, json, os, pathlib, signal, sys, time

options = argparse.ArgumentParser()
options.add_argument("--rate", type=float, default=0.0)
options.add_argument("--behaviour", default="")
given = options.parse_args()
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
rows = sorted(
    line for file in pathlib.Path(os.environ["SM_CHANNEL_TRAIN"]).rglob("*") if file.is_file()
    for line in file.read_text().split()
)
(model / "model.json").write_text(json.dumps({"rows": rows, "rate": given.rate}))
print("accuracy=0.5;")
if given.behaviour == "fail":
    raise ValueError("no such luck")
if given.behaviour == "sleep":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("asleep")
    time.sleep(60)
if given.behaviour == "report":
    told = {k: v for k, v in os.environ.items() if k.startswith("SM_")}
    config = pathlib.Path(os.environ["SM_INPUT_CONFIG_DIR"])
    told["files"] = {file.name: json.loads(file.read_text()) for file in config.iterdir()}
    (pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"]) / "told.json").write_text(json.dumps(told))
print("accuracy=0.75;")
"""

PROCESS = """
import argparse, os, pathlib, sys

options = argparse.ArgumentParser()
options.add_argument("--source", type=pathlib.Path)
options.add_argument("--target", type=pathlib.Path)
options.add_argument("--fail", action="store_true")
given = options.parse_args()
if given.fail:
    (pathlib.Path(given.source).parents[1] / "output" / "message").write_text("bad rows")
    sys.exit(3)
for file in given.source.rglob("*.csv"):
    (given.target / file.name).write_text(file.read_text().upper())
print("done")
"""


class Shop:
    """Makes jobs over a bucket of its own, with one role for everything."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        session = cloud.session()
        self.cloud = cloud
        self.sagemaker = session.client("sagemaker")
        self.s3 = session.client("s3")
        self.logs = session.client("logs")
        self.iam = session.client("iam")
        self.mark = uuid.uuid4().hex[:8]
        self.bucket = f"jobs-{self.mark}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.names: Iterator[str] = (f"job-{self.mark}-{number}" for number in itertools.count())
        self.role_name = f"jobs-{self.mark}"
        trusted = {"Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}
        role = self.iam.create_role(
            RoleName=self.role_name, AssumeRolePolicyDocument=document(trusted)
        )
        self.role = str(role["Role"]["Arn"])
        self.allow(*self.usual())
        self.put("code/train.tar.gz", packed({"train.py": TRAIN}))
        self.put("code/process.py", PROCESS)
        self.put("data/a.csv", "one\ntwo\n")
        self.put("data/deep/b.csv", "three\n")

    def usual(self) -> list[dict[str, Any]]:
        """What a role of jobs needs."""
        return [
            {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{self.bucket}"},
            {
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": f"arn:aws:s3:::{self.bucket}/*",
            },
        ]

    def allow(self, *statements: Mapping[str, Any]) -> None:
        """The role may do this and nothing else."""
        self.iam.put_role_policy(
            RoleName=self.role_name, PolicyName="p", PolicyDocument=document(*statements)
        )

    def put(self, key: str, body: bytes | str) -> None:
        """An object of the bucket."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def uri(self, key: str) -> str:
        """The object's, or prefix's, URI."""
        return f"s3://{self.bucket}/{key}"

    def body(self, uri: str) -> bytes:
        """The content of an object."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def training(self, hyperparameters: Mapping[str, str] | None = None, **more: Any) -> Any:
        """A CreateTrainingJob request; `more` replaces whole members."""
        return {
            "TrainingJobName": next(self.names),
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "accuracy", "Regex": "accuracy=([0-9.]+);"}],
            },
            "RoleArn": self.role,
            "HyperParameters": {
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": self.uri("code/train.tar.gz"),
                **(hyperparameters or {}),
            },
            "InputDataConfig": [channel("train", self.uri("data/"))],
            "OutputDataConfig": {"S3OutputPath": self.uri("models")},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 10,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **more,
        }

    def processing(self, *arguments: str, **more: Any) -> Any:
        """A CreateProcessingJob request; `more` replaces whole members."""
        name = next(self.names)
        places = ("--source", "/opt/ml/processing/data", "--target", "/opt/ml/processing/out")
        return {
            "ProcessingJobName": name,
            "AppSpecification": {
                "ImageUri": IMAGE,
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/process.py"],
                "ContainerArguments": [*places, *arguments],
            },
            "RoleArn": self.role,
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceType": "ml.m5.large",
                    "InstanceCount": 1,
                    "VolumeSizeInGB": 10,
                }
            },
            "ProcessingInputs": [
                processing_input("code", self.uri("code/process.py")),
                processing_input("data", self.uri("data/")),
            ],
            "ProcessingOutputConfig": {
                "Outputs": [processing_output("out", self.uri(f"processed/{name}"))]
            },
            **more,
        }

    def trained(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The description of the training job once it has ended."""
        self.sagemaker.create_training_job(**request)
        return self.training_ended(request["TrainingJobName"])

    def training_ended(self, name: str) -> dict[str, Any]:
        """The description of a job that has ended."""

        def found() -> dict[str, Any] | None:
            job: dict[str, Any] = self.sagemaker.describe_training_job(TrainingJobName=name)
            return job if job["TrainingJobStatus"] in ENDED else None

        return until(found, seconds=60, what=f"training job {name} ended")

    def processed(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The description of the processing job once it has ended."""
        self.sagemaker.create_processing_job(**request)
        name = request["ProcessingJobName"]

        def found() -> dict[str, Any] | None:
            job: dict[str, Any] = self.sagemaker.describe_processing_job(ProcessingJobName=name)
            return job if job["ProcessingJobStatus"] in ENDED else None

        return until(found, seconds=60, what=f"processing job {name} ended")

    def log(self, group: str, name: str) -> str:
        """What the job's program printed; nothing yet where the first line made no group so far."""
        try:
            told = self.logs.describe_log_streams(
                logGroupName=group, logStreamNamePrefix=f"{name}/"
            )
        except self.logs.exceptions.ResourceNotFoundException:
            return ""
        streams = told["logStreams"]
        events = [
            event
            for stream in streams
            for event in self.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"]
            )["events"]
        ]
        return "\n".join(event["message"] for event in events)


def channel(name: str, uri: str) -> dict[str, Any]:
    """A channel of everything below the URI."""
    return {
        "ChannelName": name,
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
    }


def processing_input(name: str, uri: str) -> dict[str, Any]:
    """An input at /opt/ml/processing/<name>."""
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
        },
    }


def processing_output(name: str, uri: str) -> dict[str, Any]:
    """An output from /opt/ml/processing/<name>."""
    return {
        "OutputName": name,
        "S3Output": {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/{name}",
            "S3UploadMode": "EndOfJob",
        },
    }


def packed(files: Mapping[str, str]) -> bytes:
    """A `.tar.gz` of texts by name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def unpacked(body: bytes) -> dict[str, Any]:
    """The JSON files of a `.tar.gz` by name."""
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
        opened = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        return {name: json.load(file) for name, file in opened.items() if file is not None}
