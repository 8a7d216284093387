"""A data plane without front door and control plane: views are set by the test."""

import asyncio
import io
import json
import tarfile
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import (
    EndpointView,
    FleetSpec,
    InvocationRecord,
    ModelSpec,
    VariantView,
)
from emulator.sagemaker.serving.fleet import FleetSettings, ModelFleet, ModelFleets
from emulator.sagemaker.serving.interface import InvokeRequest, InvokeResponse, LogLines
from emulator.sagemaker.serving.invoke import Invocation, Invoker

ACCOUNT, REGION = "123456789012", "eu-west-1"
TENANT = Tenant(ACCOUNT, REGION)
IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
ENTRY_POINT = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}
DEADLINE_SECONDS = 20.0

ECHO = """
    import json, os, time

    def model_fn(model_dir):
        print("loaded from", sorted(os.listdir(model_dir)))
        return {"pid": os.getpid()}

    def input_fn(body, content_type):
        return json.loads(body)

    def predict_fn(data, model):
        time.sleep(data.get("seconds", 0))
        if "raise" in data:
            raise ValueError(data["raise"])
        if "exit" in data:
            os.kill(os.getpid(), 9)
        return {**model, "version": os.environ.get("VERSION"), "data": data}

    def output_fn(prediction, accept):
        from sagemaker_containers.beta.framework import worker
        asked = prediction["data"]
        return worker.Response(
            json.dumps(prediction),
            status=asked.get("status", 200),
            headers={"X-Amzn-SageMaker-Custom-Attributes": asked.get("attributes", "none")},
            mimetype="application/json",
        )
"""


def artifact(path: Path, source: str = ECHO, **files: str) -> Path:
    """A model.tar.gz with `source` as code/inference.py."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        members = {"code/inference.py": textwrap.dedent(source), "weights.txt": "1", **files}
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


@dataclass
class Views:
    """The endpoints that serve; set by the test."""

    endpoints: dict[str, EndpointView] = field(default_factory=dict)

    def find(self, tenant: Tenant, name: str) -> EndpointView | None:
        """Look one up."""
        return self.endpoints.get(name) if tenant == TENANT else None


@dataclass
class Metrics:
    """Keeps what was recorded."""

    records: list[InvocationRecord] = field(default_factory=list)

    def record(self, tenant: Tenant, invocation: InvocationRecord) -> None:
        """Keep it."""
        self.records.append(invocation)


@dataclass
class Captured:
    """Keeps what was offered for capture."""

    invocations: list[Invocation] = field(default_factory=list)

    def offer(self, invocation: Invocation) -> None:
        """Keep it."""
        self.invocations.append(invocation)


@dataclass
class Serving:
    """A data plane, its event loop and everything it said."""

    runner: asyncio.Runner
    directory: Path
    fleets: ModelFleets
    logs: list[LogLines]
    views: Views = field(default_factory=Views)
    metrics: Metrics = field(default_factory=Metrics)
    capture: Captured = field(default_factory=Captured)
    opened: list[ModelFleet] = field(default_factory=list)

    @property
    def invoker(self) -> Invoker:
        """What answers InvokeEndpoint."""
        return Invoker(views=self.views, metrics=self.metrics, capture=self.capture)

    def run(self, work: Any) -> Any:
        """Run a coroutine on the loop."""
        return self.runner.run(asyncio.wait_for(work, 60))

    async def fleet(
        self,
        variant: str = "blue",
        *,
        source: str = ECHO,
        environment: dict[str, str] | None = None,
        instances: int = 1,
        startup_seconds: float = 600.0,
        series: int = 1,
        **members: Any,
    ) -> ModelFleet:
        """A fleet that was asked for, perhaps not yet healthy; `series` containers an instance.

        `members` are others of its model.
        """
        number = len(self.opened)
        model = ModelSpec(
            name=f"model-{number}",
            image=IMAGE,
            model_data_path=artifact(self.directory / f"{number}" / "model.tar.gz", source),
            model_data_url="s3://bucket/model.tar.gz",
            environment=ENTRY_POINT if environment is None else environment,
            hostname="container-1",
        )
        model = replace(model, **members)
        then = (replace(model, hostname=f"container-{place}") for place in range(2, series + 1))
        model = replace(model, then=tuple(then))
        spec = FleetSpec(
            endpoint="reviews",
            variant=variant,
            config="config-1",
            model=model,
            instance_count=instances,
            startup_timeout_seconds=startup_seconds,
            tenant=TENANT,
            execution_role_arn="arn:aws:iam::123456789012:role/model",
        )
        fleet = await self.fleets.create(spec)
        self.opened.append(fleet)
        return fleet

    async def healthy(self, variant: str = "blue", **options: Any) -> ModelFleet:
        """A fleet that serves."""
        fleet = await self.fleet(variant, **options)
        await fleet.wait_healthy()
        return fleet

    def publish(self, *variants: tuple[str, float, ModelFleet], status: str = "InService") -> None:
        """The endpoint `reviews` serves those (name, weight, fleet)."""
        self.views.endpoints["reviews"] = EndpointView(
            name="reviews",
            arn=f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/reviews",
            status=status,
            config_name="config-1",
            variants=tuple(
                VariantView(name=name, weight=weight, fleet=fleet, config="config-1")
                for name, weight, fleet in variants
            ),
        )

    async def invoke(self, data: Any = None, **headers: str) -> InvokeResponse:
        """Invoke the endpoint `reviews` with JSON."""
        sent = {"content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = json.dumps({} if data is None else data).encode()
        return await self.invoker.invoke(
            InvokeRequest(tenant=TENANT, endpoint="reviews", headers=sent, body=body)
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return once the condition holds; fail if it does not in time."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "the condition did not become true in time"
            await asyncio.sleep(0.005)

    def log_text(self) -> str:
        """Everything containers printed since the test began."""
        return "\n".join(line for lines in self.logs for _, line in lines.events)


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One data plane for all tests: its zygote takes a second or two to start."""
    directory = tmp_path_factory.mktemp("serving")
    logs: list[LogLines] = []
    settings = FleetSettings(
        directory=directory / "instances",
        log_sink=logs.append,
        now=time.time,
        wall_seconds=lambda seconds: seconds / 30,
        model_seconds=1.2,
        frameworks=directory / "frameworks",
    )
    with asyncio.Runner() as runner:
        fleets = ModelFleets(settings)
        yield Serving(runner=runner, directory=directory, fleets=fleets, logs=logs)
        runner.run(fleets.close())


@pytest.fixture
def serving(plane: Serving) -> Iterator[Serving]:
    """The data plane, with nothing left of the test before."""
    plane.logs.clear()
    plane.views, plane.metrics, plane.capture = Views(), Metrics(), Captured()
    plane.directory = plane.directory.parent / f"{plane.directory.name}x"
    yield plane

    async def close() -> None:
        await asyncio.gather(*(fleet.close(drain_seconds=0.0) for fleet in plane.opened))

    plane.run(close())
    plane.opened.clear()
