"""The operations on lifecycle configurations."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.sagemaker import errors, names, tags
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.notebooks.state import LifecycleConfig
from emulator.sagemaker.store import Store

Json = dict[str, Any]
_NAME = "NotebookInstanceLifecycleConfigName"
_SCRIPTS = ("OnCreate", "OnStart")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigOperations:
    """CreateNotebookInstanceLifecycleConfig and its family; `now` is Unix seconds."""

    store: Store
    now: Callable[[], float]

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The configuration exists."""
        name = str(request[_NAME])
        arn, shelf = tenant.arn(names.LIFECYCLE_CONFIG, name), self.store.shelf(tenant)
        if name.lower() in shelf.lifecycle_configs:
            raise errors.already_exists(names.LIFECYCLE_CONFIG, arn)
        now = self.now()
        shelf.lifecycle_configs[name.lower()] = LifecycleConfig(
            name=name, arn=arn, scripts=_scripts(request), created=now, modified=now
        )
        tags.set_at_creation(shelf, arn, request)
        return {"NotebookInstanceLifecycleConfigArn": arn}

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The configuration, scripts and all."""
        found = self.store.lifecycle_config(tenant, request[_NAME])
        return {**_summary(found), **found.scripts}

    async def update(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """It has these scripts; instances run them when they start the next time."""
        found = self.store.lifecycle_config(tenant, request[_NAME])
        scripts = {**found.scripts, **_scripts(request)}
        changed = replace(found, scripts=scripts, modified=self.now())
        self.store.shelf(tenant).lifecycle_configs[found.name.lower()] = changed
        return {}

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """It is gone, unless an instance has it."""
        found = self.store.lifecycle_config(tenant, request[_NAME])
        shelf = self.store.shelf(tenant)
        for notebook in shelf.notebooks.values():
            if str(notebook.request.get("LifecycleConfigName", "")).lower() == found.name.lower():
                raise errors.validation(
                    f"Unable to delete Notebook Instance Lifecycle Config {found.arn}: it is used "
                    f"by notebook instance {notebook.name}."
                )
        del shelf.lifecycle_configs[found.name.lower()]
        shelf.tags.pop(found.arn, None)
        return {}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of them."""
        records = list(self.store.shelf(tenant).lifecycle_configs.values())
        return page_of(records, request).answer("NotebookInstanceLifecycleConfigs", _summary)


def _summary(found: LifecycleConfig) -> Json:
    return {
        "NotebookInstanceLifecycleConfigArn": found.arn,
        _NAME: found.name,
        "CreationTime": found.created,
        "LastModifiedTime": found.modified,
    }


def _scripts(request: Mapping[str, Any]) -> Json:
    """The scripts of a request, each of which must be base64, as AWS wants them."""
    found = {member: request[member] for member in _SCRIPTS if member in request}
    for member, hooks in found.items():
        for hook in hooks:
            try:
                base64.b64decode(hook.get("Content", ""), validate=True)
            except binascii.Error as error:
                raise errors.validation(f"{member} content must be base64 encoded.") from error
    return found
