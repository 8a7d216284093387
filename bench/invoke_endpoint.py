"""What the embedded cloud adds to a prediction, measured side by side.

A real model is deployed to a real embedded cloud, IAM on. The same body is then sent (a) straight
to the model process and (b) by InvokeEndpoint through the front door, each with the same kind of
client on a kept-alive connection, in alternating rounds, by one client and by four at once. The
difference of the two medians is what the cloud adds.

    python bench/invoke_endpoint.py [--rounds N] [--limit-ms 4]

Exits 1 when a median grows by more than the limit. The port of the model process is found in /proc,
so it runs on Linux only.
"""

import argparse
import io
import json
import multiprocessing
import pickle
import re
import statistics
import sys
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from emulator.server import EmbeddedCloud

ENDPOINT = "bench"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
BODY = json.dumps({"texts": ["verify your account now", "minutes of the meeting"]}).encode()
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
REQUESTS_A_ROUND = 50
CLIENTS = (1, 4)
INFERENCE = """
import json, os, pickle

def model_fn(model_dir):
    with open(os.path.join(model_dir, "model.pickle"), "rb") as file:
        return pickle.load(file)

def input_fn(body, content_type):
    return json.loads(body)["texts"]

def predict_fn(texts, model):
    return model.predict_proba(texts)[:, 1].tolist()

def output_fn(prediction, accept):
    return json.dumps(prediction), "application/json"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Everything a client process needs to send both kinds of request."""

    cloud_url: str
    region: str
    access_key: str
    secret_key: str
    model_port: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way to the model: `prepare` runs outside the measured time, `send` inside it."""

    name: str
    send: Callable[[Any], int]
    prepare: Callable[[], Any]


def main() -> int:
    """Measure and print; 1 when the limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20, help="alternations (default 20)")
    parser.add_argument("--limit-ms", type=float, default=4.0, help="allowed addition at p50")
    options = parser.parse_args()
    with EmbeddedCloud.start() as cloud:
        target = deploy(cloud)
        print_memory(cloud.pid)
        worst = max(compare(target, clients, options.rounds) for clients in CLIENTS)
    within = worst <= options.limit_ms
    print(
        f"largest addition at p50: {worst:.2f} ms, limit {options.limit_ms:g} ms: "
        f"{'within' if within else 'EXCEEDED'}"
    )
    return 0 if within else 1


def deploy(cloud: EmbeddedCloud) -> Target:
    """A real scikit-learn model serves behind an endpoint of the cloud."""
    session = cloud.session()
    role = make_role(session)
    session.client("s3").create_bucket(Bucket="bench")
    session.client("s3").put_object(Bucket="bench", Key="model.tar.gz", Body=pack_model())
    sagemaker = session.client("sagemaker")
    container: Any = {
        "Image": IMAGE,
        "ModelDataUrl": "s3://bench/model.tar.gz",
        "Environment": {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        },
    }
    sagemaker.create_model(ModelName="bench", ExecutionRoleArn=role, PrimaryContainer=container)
    variant: Any = {
        "VariantName": "blue",
        "ModelName": "bench",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1,
    }
    sagemaker.create_endpoint_config(EndpointConfigName="bench", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="bench")
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=ENDPOINT, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    return Target(
        cloud_url=cloud.endpoint_url,
        region=cloud.region,
        access_key=cloud.credentials().access_key,
        secret_key=cloud.credentials().secret_key,
        model_port=listening_port(descendants(cloud.pid)),
    )


def make_role(session: "boto3.Session") -> str:
    """An execution role that may read the artifact, and nothing else."""
    iam = session.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sagemaker.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    allow = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bench/*"}
        ],
    }
    arn = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="bench", PolicyName="read", PolicyDocument=json.dumps(allow))
    return str(arn["Role"]["Arn"])


def pack_model() -> bytes:
    """model.tar.gz with a small text classifier, trained here."""
    texts = ["verify your account", "win money now", "minutes of the meeting", "see you at lunch"]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [1, 1, 0, 0])
    files = {"model.pickle": pickle.dumps(model), "code/inference.py": INFERENCE.encode()}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def compare(target: Target, clients: int, rounds: int) -> float:
    """Print both paths for each kind of client; the largest addition at p50 in ms."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(clients), context.Queue()
    workers = [
        context.Process(target=client, args=(target, rounds, barrier, results), daemon=True)
        for _ in range(clients)
    ]
    for worker in workers:
        worker.start()
    merged: dict[str, list[float]] = {}
    for _ in workers:
        for name, seconds in results.get(timeout=600).items():
            merged.setdefault(name, []).extend(seconds)
    for worker in workers:
        worker.join()
    return report(merged, clients)


def report(merged: dict[str, list[float]], clients: int) -> float:
    """Print one table; the largest addition at p50 in ms."""
    print(f"\n{clients} client{'s' if clients > 1 else ''}, ms        p50     p95   requests")
    for name, seconds in merged.items():
        p50, p95 = percentiles(seconds)
        print(f"  {name:20} {p50:7.2f} {p95:7.2f}   {len(seconds):8}")
    worst = 0.0
    for kind in ("urllib3", "boto3"):
        straight = percentiles(merged[f"{kind} straight"])
        through = percentiles(merged[f"{kind} cloud"])
        added = through[0] - straight[0]
        print(f"  added with {kind:9} {added:7.2f} {through[1] - straight[1]:7.2f}")
        worst = max(worst, added)
    return worst


def client(target: Target, rounds: int, barrier: Barrier, results: Any) -> None:
    """One client process: all paths in turn, in step with the other clients."""
    paths = urllib3_paths(target) + boto3_paths(target)
    seconds: dict[str, list[float]] = {path.name: [] for path in paths}
    for number in range(rounds + 1):
        for path in paths:
            barrier.wait(120)
            measured = [measure(path) for _ in range(REQUESTS_A_ROUND)]
            if number > 0:  # the first round opens connections and warms caches
                seconds[path.name] += measured
    results.put(seconds)


def measure(path: Way) -> float:
    """Seconds of one request that was answered 200."""
    prepared = path.prepare()
    started = time.perf_counter()
    status = path.send(prepared)
    elapsed = time.perf_counter() - started
    if status != 200:
        raise RuntimeError(f"{path.name} answered {status}")
    return elapsed


def urllib3_paths(target: Target) -> list[Way]:
    """Plain HTTP; signing is the client's own work and is left out of the time."""
    pool = urllib3.PoolManager(retries=False)
    straight_url = f"http://127.0.0.1:{target.model_port}/invocations"
    cloud_url = f"{target.cloud_url}/endpoints/{ENDPOINT}/invocations"
    signer = SigV4Auth(
        Credentials(target.access_key, target.secret_key), "sagemaker", target.region
    )

    def signed() -> dict[str, str]:
        request = AWSRequest("POST", cloud_url, data=BODY, headers=HEADERS)
        signer.add_auth(request)
        return dict(request.headers)

    def send_to(url: str) -> Callable[[dict[str, str]], int]:
        return lambda headers: pool.request("POST", url, body=BODY, headers=headers).status

    return [
        Way(name="urllib3 straight", send=send_to(straight_url), prepare=lambda: HEADERS),
        Way(name="urllib3 cloud", send=send_to(cloud_url), prepare=signed),
    ]


def boto3_paths(target: Target) -> list[Way]:
    """The SDK on both paths, signing included in both; only the URL is rewritten for the first."""
    straight_url = f"http://127.0.0.1:{target.model_port}/invocations"

    def rewrite(request: Any, **_: Any) -> None:
        request.url = straight_url

    def runtime() -> Any:
        return boto3.client(
            "sagemaker-runtime",
            endpoint_url=target.cloud_url,
            region_name=target.region,
            aws_access_key_id=target.access_key,
            aws_secret_access_key=target.secret_key,
        )

    def send_by(made: Any) -> Callable[[Any], int]:
        def send(_: Any) -> int:
            answer = made.invoke_endpoint(
                EndpointName=ENDPOINT, Body=BODY, ContentType=HEADERS["Content-Type"]
            )
            answer["Body"].read()
            return int(answer["ResponseMetadata"]["HTTPStatusCode"])

        return send

    straight, cloud = runtime(), runtime()
    straight.meta.events.register("before-send.sagemaker-runtime.InvokeEndpoint", rewrite)
    return [
        Way(name="boto3 straight", send=send_by(straight), prepare=lambda: None),
        Way(name="boto3 cloud", send=send_by(cloud), prepare=lambda: None),
    ]


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """Median and 95th percentile in ms."""
    cuts = statistics.quantiles(seconds, n=20)
    return statistics.median(seconds) * 1e3, cuts[18] * 1e3


def descendants(pid: int) -> list[int]:
    """The process and everything that it started, deepest last."""
    found, queue = [], [pid]
    while queue:
        current = queue.pop(0)
        found.append(current)
        for children in Path(f"/proc/{current}/task").glob("*/children"):
            queue += [int(child) for child in children.read_text("ascii").split()]
    return found


def listening_port(pids: list[int]) -> int:
    """The one port that the deepest of these processes listens on: the model process's."""
    listening = {}
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A":
            listening[fields[9]] = int(fields[1].rpartition(":")[2], 16)
    for pid in reversed(pids):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            inode = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
            if inode is not None and inode.group(1) in listening:
                return listening[inode.group(1)]
    raise RuntimeError("no model process listens: the endpoint has no container")


def print_memory(server_pid: int) -> None:
    """What the server and the processes beside it hold; a shared page is split among its users."""
    print("process      RSS MB  PSS MB  private MB")
    for pid in descendants(server_pid):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
        sizes = {k: int(v) for k, v in re.findall(r"^(\w+):\s+(\d+) kB", rollup, re.MULTILINE)}
        private = sizes["Private_Clean"] + sizes["Private_Dirty"]
        label = "server" if pid == server_pid else str(pid)
        values = (sizes["Rss"], sizes["Pss"], private)
        print(f"{label:10} " + " ".join(f"{value / 1024:7.1f}" for value in values))


if __name__ == "__main__":
    raise SystemExit(main())
