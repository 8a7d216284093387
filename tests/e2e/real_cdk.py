"""The pinned CDK command line on an embedded cloud of its own, and examples as it deploys them."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from examples.algorithms.__main__ import lay_out as lay_out_algorithms
from examples.edge import train as edge
from examples.flights import train as flights
from examples.flights.retraining import first
from examples.flights.retraining.__main__ import lay_out as lay_out_flights
from examples.labelling import first as letters
from examples.offline import train as offline
from tests.e2e.cdk_command import CDK, ROOT, cdk_environment
from tests.e2e.on_a_laptop import playable, stand_in, subscribe
from tests.e2e.tracks import issuer
from tests.synth.examples import ARTIFACT, BASELINES, folders_beside

TIME_SCALE = 20.0
"""The examples give a container the minutes that it has on AWS: half a minute must be enough."""

_ACCOUNT = re.compile(r"(?<!arn:aws:sagemaker:eu-west-1:)\b\d{12}\b")
"""Somebody's, but for the seller of a product."""
_CODE = re.compile(r"code: \S*build/(?:flights/)?(?P<place>(?P<of>\w+)(?:/\w+)?)/code")
_ZONE = re.compile(r"zone_id: \w+")
_ISSUER = re.compile(r"(?P<all>( +)issuer: \S+\n)")

_LAY_OUT = {"retraining": lay_out_flights, "algorithms": lay_out_algorithms}
"""What makes the code of trainings, by the folder it is in."""
_BUILD: Mapping[str, Callable[[str, Path], object]] = {
    "flights": flights.build,
    "edge": edge.write,
    "letters": lambda _version, folder: letters.build(folder),
    "trained": lambda version, folder: stand_in(folder, version),
}
"""What makes an artifact, by the folder of its versions; `make frameworks` trains the last ones."""


class Stage:
    """The embedded cloud of the module, bootstrapped by the real command line, and its models."""

    def __init__(self, cloud: EmbeddedCloud, folder: Path, jwks: str) -> None:
        self.cloud, self.folder, self._jwks = cloud, folder, jwks
        self.zone = self._zone()
        self._environment = cdk_environment(cloud)

    def _zone(self) -> str:
        route53 = self.cloud.session().client("route53")
        made = route53.create_hosted_zone(Name="models.example.com", CallerReference="examples")
        return str(made["HostedZone"]["Id"]).rpartition("/")[2]

    def example(self, file: Path, *, log_days: int, data: str = "delete") -> Path:
        """The example with trained models, this cloud's zone, and so many days of logs.

        `data` says what becomes of data when the stage goes.
        """
        text = playable(file.read_text(encoding="utf-8"))
        subscribe(self.cloud, text, self.folder)
        for model, version in sorted(set(ARTIFACT.findall(text))):
            self._trained(model, version)
        text = ARTIFACT.sub(rf"{self.folder}/\g<model>/\g<version>", text)
        for place in _CODE.finditer(text):
            _LAY_OUT[place["of"]](self.folder / place["of"])
        text = _CODE.sub(rf"code: {self.folder}/\g<place>/code", text)
        text = _ZONE.sub(f"zone_id: {self.zone}", text)
        text = _ISSUER.sub(rf"\g<all>\g<2>jwks: {self._jwks}\n", text)
        text = _ACCOUNT.sub(self.cloud.account, text)
        text = text.replace("baseline: ../monitoring/", "baseline: ")
        for data_file in (*file.parent.glob("*.jsonl"), *BASELINES):
            shutil.copy(data_file, self.folder)
        for beside in folders_beside(file):
            shutil.copytree(beside, self.folder / beside.name, dirs_exist_ok=True)
        assert "log_days: 7" in text
        assert "data_on_destroy: delete" in text
        text = text.replace("data_on_destroy: delete", f"data_on_destroy: {data}")
        path = self.folder / f"{file.stem}.yaml"
        path.write_text(text.replace("log_days: 7", f"log_days: {log_days}"))
        return path

    def _trained(self, model: str, version: str) -> None:
        """The artifact is there."""
        place = self.folder / model / version
        if place.is_dir():
            return
        if (model, version) == ("flights", "winter"):
            first.build(place)
        elif model in offline.MODELS:
            offline.build(model, version, place)
        else:
            _BUILD[model](version, place)

    def again(self, *arguments: str, code: int = 0) -> str:
        """The same on the assembly of the last synth: to synthesize again costs, and is pure."""
        return self._run("--app", str(self.folder / "cdk.out"), *arguments, code=code)

    def cdk(self, *arguments: str, project: Path | None = None, code: int = 0) -> str:
        """What the command printed, after a synth; it must end with that exit code."""
        context = [] if project is None else ["-c", f"tidegate:project-file={project}"]
        output = ["--output", str(self.folder / "cdk.out")]
        return self._run(*context, *output, *arguments, code=code)

    def _run(self, *arguments: str, code: int) -> str:
        done = subprocess.run(
            [str(CDK), "--no-notices", *arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def kept(self) -> list[tuple[str, str]]:
        """Type and logical id of every resource that its stack keeps when it goes."""
        return [
            (resource["Type"], logical_id)
            for stack in self._stacks()
            for logical_id, resource in self._template(stack["StackName"])["Resources"].items()
            if resource.get("DeletionPolicy") == "Retain"
        ]

    def unprotect(self) -> None:
        """Stacks may be deleted."""
        client = self.cloud.session().client("cloudformation")
        for stack in self._stacks():
            client.update_termination_protection(
                StackName=stack["StackName"], EnableTerminationProtection=False
            )

    def _stacks(self) -> list[dict[str, Any]]:
        told = self.cloud.session().client("cloudformation").describe_stacks()["Stacks"]
        return [dict(stack) for stack in told if stack["StackName"] != "CDKToolkit"]

    def _template(self, stack: str) -> dict[str, Any]:
        client: Any = self.cloud.session().client("cloudformation")
        body = client.get_template(StackName=stack)["TemplateBody"]
        found: dict[str, Any] = json.loads(body) if isinstance(body, str) else dict(body)
        return found

    def left(self) -> dict[str, list[str]]:
        """What there is beside the bootstrap's own."""
        session = self.cloud.session()
        client: Any = session.client
        sagemaker = client("sagemaker")
        return {
            "stacks": [stack["StackName"] for stack in self._stacks()],
            "endpoints": [e["EndpointName"] for e in sagemaker.list_endpoints()["Endpoints"]],
            "configs": [
                c["EndpointConfigName"]
                for c in sagemaker.list_endpoint_configs()["EndpointConfigs"]
            ],
            "models": [model["ModelName"] for model in sagemaker.list_models()["Models"]],
            "tables": client("dynamodb").list_tables()["TableNames"],
            "buckets": [
                bucket["Name"]
                for bucket in client("s3").list_buckets()["Buckets"]
                if not bucket["Name"].startswith("cdk-hnb659fds-assets-")
            ],
        }


@contextmanager
def stage_in(region: str, folder: Path, *, first: Path) -> Iterator[Stage]:
    """A cloud in a region, bootstrapped.

    The command line synthesizes first, so that it needs a project whose models are there.
    """
    settings = Settings(region=region, time_scale=TIME_SCALE, state_directory=folder / "cloud")
    with EmbeddedCloud.start(settings) as cloud, issuer() as keys:
        made = Stage(cloud, folder, keys.jwks)
        project = made.example(first, log_days=7)
        made.cdk("bootstrap", f"aws://{cloud.account}/{cloud.region}", project=project)
        yield made
