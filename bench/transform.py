"""What the embedded cloud's batch transform adds to a model, over a whole data set.

A real scikit-learn model transforms rows of CSV from S3 to S3, IAM on. The same model code is then
given the same mini-batches in a process of its own, prepared as a container is (modules loaded, the
collector frozen, one thread), without a cloud: no HTTP, no S3, no splitting. Both are repeated in
turn and the quicker of each counts. The server's memory is told twice: how far its peak was above
what it holds afterwards (the stored objects are its own memory, as S3 is a part of it), for the
data set and for one of four times as many rows. S3 joins an output's parts when it is complete: a
larger output has a higher peak, which is not the job's. The server's processor time is what
reading, splitting, asking and writing cost beside the model, whatever else runs on the machine.

    python -m bench.transform [--rows N] [--rounds N] [--limit-percent 20]

Exits 1 when the job is slower by more than the limit. Linux only: memory is read from /proc.
"""

import argparse
import io
import json
import os
import pickle
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression

from bench.direct import PAYLOAD_MB, ask_directly
from bench.invoke_endpoint import IMAGE, make_role
from emulator.server import EmbeddedCloud

COLUMNS = 4
INFERENCE = """
import os, pickle

def model_fn(model_dir):
    with open(os.path.join(model_dir, "model.pickle"), "rb") as file:
        return pickle.load(file)
"""
ENVIRONMENT = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}
DIRECT = """
import inference
from pathlib import Path
from bench.direct import payloads
from emulator.serving_container.httpd import HttpRequest
from emulator.serving_container.transformer import Transformer
from emulator.serving_container.responses import install_framework_modules
install_framework_modules()
model = Transformer(inference, Path({model!r}))
chunks = [
    HttpRequest(method="POST", path="/invocations", body=body,
                headers={{"content-type": "text/csv", "accept": "text/csv"}})
    for body in payloads(Path({data!r}))
]
def ask(chunk):
    return len(model(chunk).body)
"""


def main() -> int:
    """Measure and print; 1 when the limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows (default 1,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions (default 3)")
    parser.add_argument("--limit-percent", type=float, default=20.0, help="allowed slowness")
    options = parser.parse_args()
    data = rows(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        write_model(Path(folder), data)
        with EmbeddedCloud.start() as cloud:
            job = Job(cloud, Path(folder))
            job.put("data", data)
            times = [(job.run("data"), direct(Path(folder))) for _ in range(options.rounds)]
            job.put("more", 4 * data)
            more = job.run("more")
    return report(options, len(data), times, more.peak_mb)


def report(options: Any, size: int, times: Any, fourfold: float) -> int:
    """Print the figures; the exit code."""
    by_job = min(told.seconds for told, _ in times)
    directly = min(seconds for _, seconds in times)
    slower = 100 * (by_job / directly - 1)
    print(f"{options.rows:,} rows, {size / 1e6:.1f} MB, {PAYLOAD_MB} MB a request, best of each")
    print(f"  transform job   {by_job:7.2f} s   {options.rows / by_job:12,.0f} rows a second")
    print(f"  model directly  {directly:7.2f} s   {options.rows / directly:12,.0f} rows a second")
    processor = min(told.processor_seconds for told, _ in times)
    print(f"  server beside   {processor:7.2f} s of processor time")
    peak = max(told.peak_mb for told, _ in times)
    print(
        f"  server's peak above what it holds: {peak:.0f} MB, of 4 times the rows {fourfold:.0f} MB"
    )
    within = slower <= options.limit_percent
    print(
        f"the job takes {slower:+.1f} %, limit {options.limit_percent:g} %: "
        f"{'within' if within else 'EXCEEDED'}"
    )
    return 0 if within else 1


def rows(count: int) -> bytes:
    """Short rows of CSV, the same at every run."""
    numbers = np.random.default_rng(20_261_129).normal(size=(count, COLUMNS))
    text = io.StringIO()
    np.savetxt(text, numbers, fmt="%.3f", delimiter=",")
    return text.getvalue().encode()


def write_model(folder: Path, data: bytes) -> None:
    """A trained model, its code and the data stand in the folder."""
    inputs = np.arange(40.0).reshape(10, COLUMNS) % 7
    (folder / "model.pickle").write_bytes(
        pickle.dumps(LinearRegression().fit(inputs, inputs.sum(axis=1)))
    )
    (folder / "code").mkdir()
    (folder / "code" / "inference.py").write_text(INFERENCE)
    (folder / "data.csv").write_bytes(data)


def direct(folder: Path) -> float:
    """Seconds of the model's own code for all mini-batches."""
    prepare = DIRECT.format(model=str(folder), data=str(folder / "data.csv"))
    return ask_directly(prepare, path=[folder / "code"]).seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One job: from the start of its containers to its end; the peak above what is held after."""

    seconds: float
    processor_seconds: float
    peak_mb: float


class Job:
    """Transform jobs over objects of one bucket."""

    def __init__(self, cloud: EmbeddedCloud, folder: Path) -> None:
        session = cloud.session()
        self.pid = cloud.pid
        self.s3, self.sagemaker = session.client("s3"), session.client("sagemaker")
        role = make_role(session)
        allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        session.client("iam").put_role_policy(
            RoleName="bench",
            PolicyName="data",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
        )
        self.s3.create_bucket(Bucket="bench")
        self.s3.put_object(Bucket="bench", Key="model.tar.gz", Body=pack(folder))
        container: Any = {
            "Image": IMAGE,
            "ModelDataUrl": "s3://bench/model.tar.gz",
            "Environment": ENVIRONMENT,
        }
        self.sagemaker.create_model(
            ModelName="m", ExecutionRoleArn=role, PrimaryContainer=container
        )
        self.number = 0

    def put(self, key: str, body: bytes) -> None:
        """An input object."""
        self.s3.put_object(Bucket="bench", Key=f"in/{key}", Body=body)

    def run(self, key: str) -> "Measured":
        """One job over the object."""
        self.number += 1
        name = f"job-{self.number}"
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")  # the peak is that from here on
        before = self._processor()
        request: Any = {
            "TransformJobName": name,
            "ModelName": "m",
            "BatchStrategy": "MultiRecord",
            "MaxPayloadInMB": PAYLOAD_MB,
            "TransformInput": {
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://bench/in/{key}"}
                },
                "ContentType": "text/csv",
                "SplitType": "Line",
            },
            "TransformOutput": {
                "S3OutputPath": "s3://bench/out",
                "Accept": "text/csv",
                "AssembleWith": "Line",
            },
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }
        self.sagemaker.create_transform_job(**request)
        while True:
            told = self.sagemaker.describe_transform_job(TransformJobName=name)
            if told["TransformJobStatus"] != "InProgress":
                break
            time.sleep(0.05)
        if told["TransformJobStatus"] != "Completed":
            raise RuntimeError(f"{name} is {told['TransformJobStatus']}: {told['FailureReason']}")
        started, ended = told["TransformStartTime"], told["TransformEndTime"]
        return Measured(
            seconds=(ended - started).total_seconds(),
            processor_seconds=self._processor() - before,
            peak_mb=self._memory("VmHWM") - self._memory("VmRSS"),
        )

    def _processor(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _memory(self, member: str) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines():
            if line.startswith(member):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"/proc has no {member}")


def pack(folder: Path) -> bytes:
    """model.tar.gz of the folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("model.pickle", "code/inference.py"):
            archive.add(folder / name, name)
    return packed.getvalue()


if __name__ == "__main__":
    sys.exit(main())
