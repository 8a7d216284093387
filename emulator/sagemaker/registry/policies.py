"""Resource policies of groups: kept and shown, and nobody gets in by one.

On AWS they let other accounts use the group.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.sagemaker import errors, names
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.registry import refusals
from emulator.sagemaker.registry.state import PackageGroup
from emulator.sagemaker.store import Store

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOperations:
    """PutModelPackageGroupPolicy, GetModelPackageGroupPolicy, DeleteModelPackageGroupPolicy."""

    store: Store

    async def put(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group has the policy; AWS checks more of one than that it is a JSON object."""
        group = self._group(tenant, request)
        if not _is_object(request["ResourcePolicy"]):
            raise errors.validation("ResourcePolicy must be a JSON object.")
        self._keep(tenant, replace(group, policy=request["ResourcePolicy"]))
        return {"ModelPackageGroupArn": group.arn}

    async def get(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The policy as it was put."""
        return {"ResourcePolicy": self._with_policy(tenant, request).policy}

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group has no policy."""
        self._keep(tenant, replace(self._with_policy(tenant, request), policy=None))
        return {}

    def _with_policy(self, tenant: Tenant, request: Mapping[str, Any]) -> PackageGroup:
        group = self._group(tenant, request)
        if group.policy is None:
            raise refusals.no_policy(group.arn)
        return group

    def _group(self, tenant: Tenant, request: Mapping[str, Any]) -> PackageGroup:
        name = str(request["ModelPackageGroupName"])
        found = self.store.shelf(tenant).package_groups.get(name.lower())
        if found is None:
            raise refusals.no_group_of_policy(tenant.arn(names.MODEL_PACKAGE_GROUP, name))
        return found

    def _keep(self, tenant: Tenant, group: PackageGroup) -> None:
        self.store.shelf(tenant).package_groups[group.name.lower()] = group


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except json.JSONDecodeError:
        return False
