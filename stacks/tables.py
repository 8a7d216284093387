"""Writes the table of regions and instance types from botocore's endpoints and service model.

Run `python -m stacks.tables` after an update of botocore; a test checks the table against it.
"""

import json
from typing import Any

import botocore.session

from stacks.project.tables import TABLES_FILE

_MEMORY_STEP_MB = 1_024
"""Memory of serverless variants comes in GB (ProductionVariantServerlessConfig, API reference)."""
_PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def tables() -> dict[str, Any]:
    """Regions that have SageMaker, with their partition, and instance types for hosting."""
    session = botocore.session.get_session()
    model = session.get_service_model("sagemaker")
    types = model.shape_for("ProductionVariantInstanceType").metadata["enum"]
    return {
        "source": "botocore: endpoints and SageMaker's ProductionVariantInstanceType, "
        "ServerlessMemorySizeInMB, ServerlessMaxConcurrency",
        "regions": {
            region: partition
            for partition in _PARTITIONS
            for region in sorted(session.get_available_regions("sagemaker", partition))
        },
        "instance_types": sorted(types),
        "serverless": _serverless(model),
    }


def _serverless(model: Any) -> dict[str, Any]:
    memory = model.shape_for("ServerlessMemorySizeInMB").metadata
    most = model.shape_for("ServerlessMaxConcurrency").metadata["max"]
    return {
        "memory_mb": list(range(memory["min"], memory["max"] + 1, _MEMORY_STEP_MB)),
        "max_concurrency": most,
    }


if __name__ == "__main__":
    TABLES_FILE.write_text(json.dumps(tables(), indent=1) + "\n", encoding="utf-8")
