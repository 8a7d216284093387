"""What the tests of templates share: a project of two models and stages, and its assembly."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App

from gate.check import own_findings
from gate.read import read
from stacks.application import add_stacks
from stacks.composition.deployment import Deployment
from tidegate.pointer import LivePointer
from tidegate.slots import Slot
from tidegate.version import Version

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"

PROJECT_FILE = """\
project: shop
stages:
  dev:
    region: eu-west-1
  prod:
    region: eu-west-1
    account: "123456789012"
    data_on_destroy: delete
    alarm_topic: arn:aws:sns:eu-west-1:123456789012:alarms
    notify: [ops@example.com, "https://hooks.example.com/releases"]
    outcome_files: { keep: 7d }
models:
  fraud:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: fraud
    hosting:
      instance_type: ml.m5.large
      instances: { min: 2, max: 4 }
    data_capture: { percent: 10 }
  price:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: fraud
    hosting:
      instance_type: ml.c5.large
"""

LIVE = LivePointer(
    model="fraud",
    slot=Slot.GREEN,
    version=Version(
        digest="feedfacefeedface",
        label="v0",
        image="141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-py312-cpu-py3",
        artifact="old",
        artifact_uri=f"s3://cdk-hnb659fds-assets-{ACCOUNT}-eu-west-1/old.tar.gz",
        environment={"SAGEMAKER_PROGRAM": "inference.py"},
    ),
    generation=4,
    moved_at=1.0,
    moved_by="r-1",
)
"""Green is live, with an older version: the next deploy may touch blue only."""


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """Templates by stack name, and where they stand."""

    folder: Path
    templates: Mapping[str, Mapping[str, Any]]

    def resources(self, stack: str, kind: str) -> dict[str, Any]:
        """The resources of a type, by logical id."""
        found = self.templates[stack]["Resources"].items()
        return {id_: resource for id_, resource in found if resource["Type"] == kind}


def synthesize(deployment: Deployment, *, context: Mapping[str, Any] | None = None) -> Assembly:
    """The assembly of a deployment."""
    app = App(outdir=str(deployment.folder), context=context)
    add_stacks(app, deployment)
    app.synth()
    templates = {
        path.name.removesuffix(".template.json"): json.loads(path.read_text())
        for path in sorted(deployment.folder.glob("*.template.json"))
    }
    return Assembly(folder=deployment.folder, templates=templates)


def own_faults(assembly: Assembly) -> list[str]:
    """What the gate's own rules find in it and nobody acknowledged."""
    found = own_findings(read([assembly.folder]))
    return [f"{f.place}: {f.rule}: {f.fault.wrong}" for f in found if f.open]
