"""Tags of what can be tagged here, by ARN: hosting, jobs, package groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.store import Shelf, Store

Json = dict[str, Any]

_ARN_KINDS = {
    "model": "models",
    "endpoint-config": "configs",
    "endpoint": "endpoints",
    "model-package-group": "package_groups",
    "transform-job": "transform_jobs",
    "training-job": "training_jobs",
    "processing-job": "processing_jobs",
    "pipeline": "pipelines",
    "notebook-instance": "notebooks",
    "notebook-instance-lifecycle-config": "lifecycle_configs",
}


def set_at_creation(shelf: Shelf, arn: str, request: Mapping[str, Any]) -> None:
    """The new resource has the tags of its create request."""
    shelf.tags[arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}


@dataclass(frozen=True, slots=True, kw_only=True)
class TagOperations:
    """AddTags, ListTags, DeleteTags."""

    store: Store

    async def add(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The resource has these tags too; a key it had gets the new value."""
        tags = self._tags(tenant, request["ResourceArn"])
        tags.update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
        return {"Tags": _shown(tags)}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """Every tag of the resource."""
        return {"Tags": _shown(self._tags(tenant, request["ResourceArn"]))}

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The resource has no tag with one of these keys."""
        tags = self._tags(tenant, request["ResourceArn"])
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}

    def _tags(self, tenant: Tenant, arn: str) -> dict[str, str]:
        shelf = self.store.shelf(tenant)
        kind, _, name = arn.rpartition(":")[2].partition("/")
        records = getattr(shelf, _ARN_KINDS.get(kind, "models"))
        if kind not in _ARN_KINDS or name.lower() not in records:
            raise errors.validation(f"The resource {arn} does not exist or can't be tagged here.")
        return shelf.tags.setdefault(records[name.lower()].arn, {})


def _shown(tags: Mapping[str, str]) -> list[Json]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
