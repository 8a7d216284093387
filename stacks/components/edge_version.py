"""Versions of an edge fleet: what is in which slot, and the recipe that makes a component of it.

A recipe follows from its version alone: Greengrass never changes a component version, so that the
live one's must come out of the template as it went in, whatever this project's files say by now.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stacks.project.artifact_spec import Artifact, identity_of
from stacks.project.edge_spec import EdgeSpec
from stacks.project.placement import Placement, place
from tidegate.edge.names import component_version, report_topic
from tidegate.pointer import LivePointer
from tidegate.version import Version, digest_of

RUNTIME_FILE = Path(__file__).parents[2] / "edge" / "serve_model.py"
IMAGE = "greengrass/onnx"
PYTHON_PACKAGES = ("onnxruntime>=1.20,<2", "numpy>=2,<3", "boto3>=1.38")
"""What a device installs beside the files of the component, unless it has it already."""

_RUNTIME, _PORT = "RUNTIME", "PORT"
_INSTALL_SECONDS = 600

Publish = Callable[[Artifact], str]
"""Puts an artifact among the assets: its URI."""
PublishFile = Callable[[Path], tuple[str, str]]
"""Puts a file among the assets: its bucket and key."""


def placed(
    spec: EdgeSpec,
    pointer: LivePointer | None,
    model: LivePointer | None,
    *,
    publish: Publish,
    publish_file: PublishFile,
) -> Placement:
    """What is in which slot: the live version stays, what is new goes into the other one.

    Of a fleet that runs a model of the project it is that model's live version, or its own artifact
    while there is none.
    """
    artifact = spec.artifact
    own = identity_of(artifact)
    uri = publish(artifact) if model is None else model.version.artifact_uri
    runtime = hashlib.sha256(RUNTIME_FILE.read_bytes()).hexdigest()
    bucket, key = publish_file(RUNTIME_FILE)
    identity = own if model is None else model.version.artifact
    version = Version(
        digest=digest_of(
            image=IMAGE, artifact=identity, environment={_RUNTIME: runtime, _PORT: str(spec.port)}
        ),
        label=spec.label if model is None else model.version.label,
        image=IMAGE,
        artifact=identity,
        artifact_uri=uri,
        environment={_RUNTIME: f"s3://{bucket}/{key}", _PORT: str(spec.port)},
    )
    return place(version, pointer)


def artifacts_of(version: Version) -> tuple[str, str]:
    """URIs of a version's archive and of the file that serves it."""
    return version.artifact_uri, version.environment[_RUNTIME]


def recipe(component: str, version: Version) -> str:
    """The recipe of a version as JSON text; `${AWS::AccountId}` may stand in it.

    Source: Greengrass developer guide, "AWS IoT Greengrass component recipe reference".
    """
    number = component_version(version.digest)
    document = {
        "RecipeFormatVersion": "2020-01-25",
        "ComponentName": component,
        "ComponentVersion": number,
        "ComponentType": "aws.greengrass.generic",
        "ComponentDescription": f"ONNX model {version.label}, answering on loopback",
        "ComponentPublisher": "Tidegate",
        "ComponentConfiguration": {
            "DefaultConfiguration": {"port": int(version.environment[_PORT])}
        },
        "ComponentDependencies": {
            "aws.greengrass.TokenExchangeService": {
                "VersionRequirement": ">=2.0.0 <3.0.0",
                "DependencyType": "HARD",
            }
        },
        "Manifests": [
            {
                "Platform": {"os": "linux"},
                "Lifecycle": _lifecycle(component, version, number),
                "Artifacts": [
                    {"URI": uri, "Unarchive": "NONE", "Permission": {"Read": "OWNER"}}
                    for uri in artifacts_of(version)
                ],
            }
        ],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _lifecycle(component: str, version: Version, number: str) -> Mapping[str, Any]:
    archive, runtime = (uri.rpartition("/")[2] for uri in artifacts_of(version))
    needed = " ".join(f"'{package}'" for package in PYTHON_PACKAGES)
    install = (
        "python3 -c 'import onnxruntime, numpy, boto3' "
        f"|| python3 -m pip install --user --upgrade {needed}"
    )
    run = (
        f"python3 -u {{artifacts:path}}/{runtime} --model {{artifacts:path}}/{archive} "
        f"--component-version {number} --topic {report_topic(component, '{iot:thingName}')} "
        "--port {configuration:/port} --address-file {work:path}/address"
    )
    return {
        "Install": {"Script": install, "Timeout": _INSTALL_SECONDS},
        "Run": {"Script": run},
    }
