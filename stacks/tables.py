"""Writes the table of regions and instance types from botocore's endpoints and service model.

Run `python -m stacks.tables` after an update of botocore; a test checks the table against it.
"""

import json
import re
from importlib import resources
from typing import Any

import botocore.session

from stacks.project.tables import TABLES_FILE

_MEMORY_STEP_MB = 1_024
"""Memory of serverless variants comes in GB (ProductionVariantServerlessConfig, API reference)."""
_SERVERLESS_REGIONS = {
    "af": ("south-1",),
    "ap": (
        *("east-1", "south-1", "southeast-1", "southeast-2"),
        *("northeast-1", "northeast-2", "northeast-3"),
    ),
    "ca": ("central-1",),
    "eu": ("central-1", "north-1", "south-1", "west-1", "west-2", "west-3"),
    "me": ("south-1",),
    "sa": ("east-1",),
    "us": ("east-1", "east-2", "west-1", "west-2"),
}
"""The 21 regions that the developer guide names, "Deploy models with Serverless Inference"."""

_ARM = re.compile(r"[a-z]+\d+g|a1\.|mac")
_EDGE_TYPES = (
    "AWS::GreengrassV2::ComponentVersion",
    "AWS::IoT::Policy",
    "AWS::IoT::RoleAlias",
    "AWS::IoT::ThingGroup",
    "AWS::IoT::TopicRule",
)

_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def tables() -> dict[str, Any]:
    """Regions that have SageMaker, with their partition, and instance types by their use."""
    session = botocore.session.get_session()
    model = session.get_service_model("sagemaker")
    types = model.shape_for("ProductionVariantInstanceType").metadata["enum"]
    return {
        "source": "botocore: endpoints and SageMaker's ProductionVariantInstanceType, "
        "NotebookInstance's InstanceType, EC2's InstanceType, ServerlessMemorySizeInMB, "
        "ServerlessMaxConcurrency; "
        "developer guide: regions of Serverless Inference; "
        "cfn-lint's CloudFormation schemas: regions with the types of edge fleets",
        "regions": {
            region: partition
            for partition in _PARTITIONS
            for region in sorted(session.get_available_regions("sagemaker", partition))
        },
        "instance_types": sorted(types),
        "notebook_types": sorted(model.shape_for("InstanceType").metadata["enum"]),
        "ec2_types": _ec2_types(session.get_service_model("ec2")),
        "serverless": _serverless(model),
        "edge": _edge_regions(session),
    }


def _ec2_types(model: Any) -> list[str]:
    """Those that a container for Linux on x86_64 runs on: without Graviton, a1 and Macs.

    EC2 user guide, "Instance type naming conventions": a g after the number is Graviton.
    """
    named = model.shape_for("InstanceType").metadata["enum"]
    return sorted(name for name in named if _ARM.match(name) is None)


def _edge_regions(session: Any) -> list[str]:
    """Regions that have SageMaker, in whose registry all types of an edge fleet are."""
    schemas = resources.files("cfnlint.data.schemas.providers")
    every = [r for p in _PARTITIONS for r in session.get_available_regions("sagemaker", p)]
    texts = {r: schemas / f"{r}.json" for r in every}
    known = {r: file.read_text(encoding="utf-8") for r, file in texts.items() if file.is_file()}
    return sorted(r for r, text in known.items() if all(f'"{t}"' in text for t in _EDGE_TYPES))


def _serverless(model: Any) -> dict[str, Any]:
    memory = model.shape_for("ServerlessMemorySizeInMB").metadata
    most = model.shape_for("ServerlessMaxConcurrency").metadata["max"]
    return {
        "memory_mb": list(range(memory["min"], memory["max"] + 1, _MEMORY_STEP_MB)),
        "max_concurrency": most,
        "regions": sorted(f"{a}-{b}" for a, every in _SERVERLESS_REGIONS.items() for b in every),
    }


if __name__ == "__main__":
    TABLES_FILE.write_text(json.dumps(tables(), indent=1) + "\n", encoding="utf-8")
