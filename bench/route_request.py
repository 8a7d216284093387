"""What the front door's function adds to a bare InvokeEndpoint call, and how long it takes to load.

A real model is deployed to a real embedded cloud, IAM on, with a release table and a signing secret
as the release stack makes them. One process then asks the model, in turn, (a) by
`invoke_endpoint` of boto3 and nothing else, (b) by `route_request.handler.handle` with the event of
an HTTP API, for a split that SageMaker draws and for one that the router draws, for a named user
and for one without a name. The difference of the medians is what the function computes: the split
document is read once in five seconds, as in production, and that is part of what is measured.

    python -m bench.route_request [--requests N] [--limit-ms 1] [--import-limit-ms 50]

Loading is measured in fresh interpreters without site packages, sources compiled before: the
handler with its adapters, without boto3. Exits 1 when a median is above its limit.
"""

import argparse
import io
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.invoke_endpoint import BODY, ENDPOINT, HEADERS, deploy
from emulator.server import EmbeddedCloud
from tidegate.split import NO_RELEASE, SplitDocument
from tidegate.strategies import Split

MODEL = "bench"
TABLE = "bench-releases"
WARM_UP = 50
IMPORTS = 15
LAMBDA = Path(__file__).parents[1] / "lambda"
_IMPORT = (
    "import sys, time; sys.path.insert(0, sys.argv[1]); begun = time.perf_counter(); "
    "import route_request.handler, tidegate_aws.splits, tidegate_aws.keys, tidegate_aws.invoker; "
    "print(time.perf_counter() - begun)"
)

Ask = Callable[[], None]
Taken = tuple[float, float]
"""Time of one request: of the wall's clock, and of this process's computing."""


def main() -> int:
    """Measure and print; 1 when a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=1_000, help="of each way (default 1000)")
    parser.add_argument("--limit-ms", type=float, default=1.0, help="allowed addition at p50")
    parser.add_argument("--import-limit-ms", type=float, default=50.0, help="allowed to load")
    options = parser.parse_args()
    loading = 1_000 * statistics.median(import_seconds(IMPORTS))
    print(f"load without boto3: {loading:.1f} ms, limit {options.import_limit_ms:g} ms")
    with EmbeddedCloud.start() as cloud:
        deploy(cloud)
        with deployed(cloud) as ways:
            worst = compare(ways, requests=options.requests)
    print(f"largest addition at p50: {worst:.3f} ms, limit {options.limit_ms:g} ms")
    within = worst <= options.limit_ms and loading <= options.import_limit_ms
    print("within" if within else "EXCEEDED")
    return 0 if within else 1


def import_seconds(times: int) -> list[float]:
    """How long an interpreter that has imported nothing yet takes to load, so many times."""
    with TemporaryDirectory() as compiled:
        command = [sys.executable, "-S", "-c", _IMPORT, str(LAMBDA)]
        environment = {"PATH": os.environ["PATH"], "PYTHONPYCACHEPREFIX": compiled}
        taken = [
            float(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)
            for _ in range(times + 1)
        ]
    return taken[1:]


@contextmanager
def deployed(cloud: EmbeddedCloud) -> Iterator[Mapping[str, Ask]]:
    """Ways to ask the model, the bare one first; table, secret and environment are there."""
    session = cloud.session()
    _make_table(session)
    secret = session.client("secretsmanager").create_secret(
        Name="bench-keys", SecretString='{"current": "k1", "k1": "a key for measuring"}'
    )
    os.environ |= {
        **cloud.environment(),
        "RELEASE_TABLE": TABLE,
        "SIGNING_SECRET_ARN": secret["ARN"],
    }
    from route_request.handler import handle  # noqa: PLC0415 - reads the environment
    from tidegate_aws import clients  # noqa: PLC0415
    from tidegate_aws.release_store import DynamoReleaseStore  # noqa: PLC0415

    store = DynamoReleaseStore(client=clients.dynamodb(), table=TABLE)
    for model, drawn_by in (
        (f"{MODEL}-endpoint", Split.ENDPOINT),
        (f"{MODEL}-router", Split.ROUTER),
    ):
        store.put_split(a_split(model, drawn_by))
    runtime: Any = clients.sagemaker_runtime()

    def bare() -> None:
        answer = runtime.invoke_endpoint(
            EndpointName=ENDPOINT, Body=BODY, ContentType=HEADERS["Content-Type"]
        )
        answer["Body"].read()

    def routed(split: Split, **headers: str) -> Ask:
        event = an_event(f"{MODEL}-{split}", headers)

        def ask() -> None:
            with redirect_stdout(io.StringIO()):
                status = handle(event, None)["statusCode"]
            if status != 200:
                raise RuntimeError(f"the front door answered {status}")

        return ask

    yield {
        "bare InvokeEndpoint": bare,
        "split endpoint": routed(Split.ENDPOINT, **{"x-tidegate-user": "ada"}),
        "split router, a named user": routed(Split.ROUTER, **{"x-tidegate-user": "ada"}),
        "split router, nobody": routed(Split.ROUTER),
    }


def _make_table(session: Any) -> None:
    session.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    )


def a_split(model: str, drawn_by: Split) -> SplitDocument:
    """A split document; the endpoint of the measurement has the slot blue only."""
    return SplitDocument(
        model=model,
        endpoint_name=ENDPOINT,
        version=1,
        release_id=NO_RELEASE if drawn_by is Split.ENDPOINT else "bench-1",
        shares={"blue": 100, "green": 0},
        digests={"blue": "0123456789abcdef", "green": "fedcba9876543210"},
        control="blue",
        drawn_by=drawn_by,
        holdout_percent=5 if drawn_by is Split.ROUTER else 0,
    )


def an_event(model: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """What an HTTP API sends in payload format 2.0."""
    return {
        "version": "2.0",
        "pathParameters": {"model": model},
        "headers": {"content-type": HEADERS["Content-Type"], **headers},
        "requestContext": {},
        "body": BODY.decode(),
        "isBase64Encoded": False,
    }


def compare(ways: Mapping[str, Ask], *, requests: int) -> float:
    """Print all ways; the largest addition to the first one at p50 in ms of the wall's clock.

    One request of each way in turn: whatever else the machine does then befalls all of them.
    """
    for ask in ways.values():
        for _ in range(WARM_UP):  # opens connections and loads boto3
            ask()
    taken: dict[str, list[Taken]] = {name: [] for name in ways}
    for _ in range(requests):
        for name, ask in ways.items():
            taken[name].append(_taken(ask))
    medians = {name: _medians(measured) for name, measured in taken.items()}
    bare = next(iter(medians.values()))
    print(f"\n{'one client, ms at p50':28} {'wall':>8} {'added':>8} {'CPU':>8} {'added':>8}")
    for name, (wall, cpu) in medians.items():
        print(f"  {name:26} {wall:8.3f} {wall - bare[0]:8.3f} {cpu:8.3f} {cpu - bare[1]:8.3f}")
    return max(wall for wall, _ in medians.values()) - bare[0]


def _taken(ask: Ask) -> Taken:
    wall, cpu = time.perf_counter(), time.process_time()
    ask()
    return time.perf_counter() - wall, time.process_time() - cpu


def _medians(taken: Sequence[Taken]) -> Taken:
    """In milliseconds."""
    walls, cpus = zip(*taken, strict=True)
    return 1_000 * statistics.median(walls), 1_000 * statistics.median(cpus)


if __name__ == "__main__":
    sys.exit(main())
