"""A project whose model is offline only, on an embedded cloud, for stories of batches.

The model is a tiny script without a library; templates, functions, machine, roles and the command
line are the product.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cli.batches import Batch, the_batch
from cli.deployment import deploy_stacks
from cli.main import app
from cli.options import PLACES, Place
from cli.project import read_project
from cli.synth import SynthRequest, synth
from cli.target import embedded_target
from emulator import deployer
from emulator.server import EmbeddedCloud

INFERENCE = """
import json, os, pathlib, time

def model_fn(model_dir):
    return json.loads((pathlib.Path(model_dir) / "behaviour.json").read_text())

def transform_fn(behaviour, body, content_type, accept):
    text = body if isinstance(body, str) else body.decode()
    return "".join(answer(behaviour, line) + "\\n" for line in text.splitlines()), accept

def answer(behaviour, line):
    folder = pathlib.Path(behaviour["folder"])
    first, second = line.split(",")[:2]
    if behaviour["broken"]:
        raise RuntimeError("this version answers nothing")
    if float(first) == behaviour["poison"]:
        raise ValueError("a poisoned record")
    while float(first) == behaviour["waits"] and not (folder / "go").exists():
        time.sleep(0.05)
    mark = folder / "died"
    if float(first) == behaviour["kills"] and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), 9)
    return "%.3f" % (behaviour["slope"] * float(second))
"""
PROJECT = """
project: PROJECT
stages:
  test: { region: us-east-1, data_on_destroy: delete }
models:
  demand:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: ARTIFACT
    label: LABEL
    batch:
      columns:
        - { name: store, type: integer, min: 0 }
        - { name: price, max: 1000000 }
      instance_type: ml.m5.large
      failed_percent: 5
      sla: 12h
      compare: { tolerance: 0.1, agreement: 0.9, shift: 0.5 }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """What a tiny version does: it fails on one store, dies once on another, answers the rest.

    On store `waits` it waits for the file `go` in the story's folder.
    """

    name: str
    slope: float = 2.0
    poison: float = -1.0
    kills: float = -2.0
    waits: float = -3.0
    broken: bool = False


@dataclass(slots=True, kw_only=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output, which is a JSON document."""
        return json.loads(self.out)


@dataclass(slots=True, kw_only=True)
class BatchWorld:
    """One embedded cloud with one project of batches on it."""

    cloud: EmbeddedCloud
    folder: Path
    name: str
    text: str = PROJECT
    model: str = "demand"
    _place: Place | None = field(default=None, repr=False)

    def place(self, version: Offline) -> Place:
        """The project with this version as its artifact."""
        artifact = self.folder / version.name
        (artifact / "code").mkdir(parents=True, exist_ok=True)
        (artifact / "code" / "inference.py").write_text(INFERENCE)
        behaviour = {
            "slope": version.slope,
            "poison": version.poison,
            "kills": version.kills,
            "waits": version.waits,
            "broken": version.broken,
            "folder": str(self.folder),
        }
        (artifact / "behaviour.json").write_text(json.dumps(behaviour))
        path = self.folder / f"{version.name}.yaml"
        text = self.text.replace("PROJECT", self.name).replace("ARTIFACT", str(artifact))
        path.write_text(text.replace("LABEL", version.name))
        project = read_project(path)
        return Place(project=project, stage="test", target=embedded_target(self.cloud))

    def deploy(self, version: Offline) -> None:
        """As `tidegate deploy` does."""
        self._place = self.place(version)
        deploy_stacks(self._place, assembly=self.folder / "cdk.out")

    def deploy_plainly(self, version: Offline) -> None:
        """As a plain `cdk deploy` does: no pointer is passed. StackFailedError when refused."""
        place = self.place(version)
        request = SynthRequest(
            project_file=place.project.path,
            stage=place.stage,
            pointers={},
            output=self.folder / "plain",
        )
        deployer.deploy(self.cloud.session(), synth(request))

    @property
    def where(self) -> Place:
        """The place as last deployed."""
        assert self._place is not None
        return self._place

    @property
    def batch(self) -> Batch:
        """The deployed batch."""
        return the_batch(self.where, self.model)

    def tidegate(self, *words: str) -> Said:
        """A command of the command line on this project."""
        token = PLACES.set(lambda *_: self.where)
        try:
            done = CliRunner().invoke(app, list(words))
        finally:
            PLACES.reset(token)
        return Said(code=done.exit_code, out=done.stdout, err=done.stderr)

    def put(self, name: str, rows: str) -> None:
        """A data set is in the batch's bucket."""
        self.s3.put_object(Bucket=self.batch.bucket, Key=f"input/{name}", Body=rows.encode())

    @property
    def s3(self) -> Any:
        """The administrator's S3."""
        return self.cloud.session().client("s3")

    def keys(self, prefix: str) -> list[str]:
        """Keys of the batch's bucket."""
        told = self.s3.list_objects_v2(Bucket=self.batch.bucket, Prefix=prefix)
        return [item["Key"] for item in told.get("Contents", ())]

    def text_of(self, key: str) -> str:
        """The text of an object of the batch's bucket."""
        body = self.s3.get_object(Bucket=self.batch.bucket, Key=key)["Body"].read()
        return str(body.decode())

    def results(self, run: str) -> list[str]:
        """Every line of every result of a run, sorted."""
        keys = self.keys(f"results/{run}/")
        return sorted(line for key in keys for line in self.text_of(key).splitlines())


def rows(count: int, *, first: int = 0) -> str:
    """So many records: a store and a price."""
    return "".join(f"{store},{store % 7}.5\n" for store in range(first, first + count))
