"""The operations on notebook instances, and their ways from one status to the next."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.sagemaker import errors, names, tags
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.notebooks.jupyter import NotStartedError, Running, Servers
from emulator.sagemaker.notebooks.state import Notebook, Status
from emulator.sagemaker.store import Store

Json = dict[str, Any]
START_SECONDS, STOP_SECONDS = 120.0, 60.0
"""What starting and stopping take, in the cloud's seconds; on AWS a few minutes."""

_NAME = "NotebookInstanceName"
_CHANGES = {
    "DisassociateLifecycleConfig": "LifecycleConfigName",
    "DisassociateDefaultCodeRepository": "DefaultCodeRepository",
    "DisassociateAdditionalCodeRepositories": "AdditionalCodeRepositories",
    "DisassociateAcceleratorTypes": "AcceleratorTypes",
}
"""What an update takes away, and what of."""
_Key = tuple[Tenant, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookOperations:
    """CreateNotebookInstance and its family; `now` is Unix seconds, `pause` takes the cloud's."""

    store: Store
    servers: Servers
    trusts: Callable[[str], bool]
    pause: Callable[[float], Awaitable[None]]
    now: Callable[[], float]
    running: dict[_Key, Running] = field(default_factory=dict)
    tasks: dict[_Key, "asyncio.Task[None]"] = field(default_factory=dict)

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The instance is Pending, and goes on to InService by itself."""
        name = str(request[_NAME])
        arn, shelf = tenant.arn(names.NOTEBOOK, name), self.store.shelf(tenant)
        if name.lower() in shelf.notebooks:
            raise errors.already_exists(names.NOTEBOOK, arn)
        self._check(tenant, request)
        now = self.now()
        given = {key: value for key, value in request.items() if key != "Tags"}
        shelf.notebooks[name.lower()] = Notebook(
            name=name, arn=arn, request=given, status=Status.PENDING, created=now, modified=now
        )
        tags.set_at_creation(shelf, arn, request)
        self._begin(tenant, name, self._start(tenant, name))
        return {"NotebookInstanceArn": arn}

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """How the instance stands."""
        found = self.store.notebook(tenant, request[_NAME])
        settings = {key: value for key, value in found.request.items() if key in _TOLD}
        return {
            **settings,
            **_summary(tenant, found),
            "SecurityGroups": found.request.get("SecurityGroupIds", []),
            **_named(found),
            **({} if found.failure_reason is None else {"FailureReason": found.failure_reason}),
        }

    async def start(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """A stopped instance is Pending."""
        found = self._in(tenant, request, Status.STOPPED, Status.FAILED)
        self._change(tenant, found.name, status=Status.PENDING, failure_reason=None)
        self._begin(tenant, found.name, self._start(tenant, found.name))
        return {}

    async def stop(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """A running instance is Stopping; what is in memory is lost, its volume stays."""
        found = self._in(tenant, request, Status.IN_SERVICE)
        self._change(tenant, found.name, status=Status.STOPPING)
        self._begin(tenant, found.name, self._stop(tenant, found.name))
        return {}

    async def update(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """A stopped instance is as asked for, and stays stopped."""
        found = self._in(tenant, request, Status.STOPPED, Status.FAILED)
        gone = {member for switch, member in _CHANGES.items() if request.get(switch)}
        changed = {k: v for k, v in request.items() if k not in _CHANGES and k != _NAME}
        wanted = {k: v for k, v in {**found.request, **changed}.items() if k not in gone}
        self._check(tenant, wanted)
        self._change(tenant, found.name, request=wanted, status=Status.STOPPED)
        return {}

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """A stopped or failed instance is gone."""
        found = self._in(tenant, request, Status.STOPPED, Status.FAILED)
        shelf = self.store.shelf(tenant)
        del shelf.notebooks[found.name.lower()]
        shelf.tags.pop(found.arn, None)
        return {}

    async def url(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """Where an instance that runs is opened."""
        found = self._in(tenant, request, Status.IN_SERVICE)
        running = self.running.get(_key(tenant, found.name))
        if running is None:
            raise errors.not_emulated(
                "the Jupyter server of a notebook instance unless jupyterlab or jupyter_server is "
                "installed beside it"
            )
        return {"AuthorizedUrl": running.url}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the instances."""
        every = list(self.store.shelf(tenant).notebooks.values())
        wanted = request.get("StatusEquals")
        records = [one for one in every if wanted is None or one.status == wanted]
        page = page_of(records, request, {"Status": lambda one: one.status})
        return page.answer("NotebookInstances", lambda one: _summary(tenant, one))

    async def settled(self, tenant: Tenant, name: str) -> Notebook | None:
        """The instance once nothing of it is under way; None if there is none."""
        task = self.tasks.get(_key(tenant, name))
        if task is not None:
            await asyncio.wait([task])
        return self.store.shelf(tenant).notebooks.get(name.lower())

    async def close(self) -> None:
        """Every server is gone."""
        tasks = list(self.tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for running in self.running.values():
            await asyncio.to_thread(running.child.stop, 1.0)
        self.running.clear()

    def _check(self, tenant: Tenant, request: Mapping[str, Any]) -> None:
        if request.get("DirectInternetAccess") == "Disabled" and "SubnetId" not in request:
            raise errors.validation(
                "DirectInternetAccess can be Disabled only if a SubnetId is given."
            )
        if "LifecycleConfigName" in request:
            self.store.lifecycle_config(tenant, request["LifecycleConfigName"])
        if not self.trusts(str(request["RoleArn"])):
            raise errors.role_not_assumable(str(request["RoleArn"]))

    def _in(self, tenant: Tenant, request: Mapping[str, Any], *allowed: Status) -> Notebook:
        found = self.store.notebook(tenant, request[_NAME])
        if found.status not in allowed:
            raise errors.validation(
                f"Status ({found.status}) not in ({[str(status) for status in allowed]}). "
                f"Unable to transition to the requested status for Notebook Instance ({found.arn})."
            )
        return found

    def _begin(self, tenant: Tenant, name: str, way: Any) -> None:
        key = _key(tenant, name)
        task = asyncio.get_running_loop().create_task(way)
        self.tasks[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    def _forget(self, key: _Key, done: "asyncio.Task[None]") -> None:
        if self.tasks.get(key) is done:
            del self.tasks[key]

    async def _start(self, tenant: Tenant, name: str) -> None:
        await self.pause(START_SECONDS)
        role = self.store.notebook(tenant, name).role_arn
        try:
            running = await self.servers.start(tenant, name, role)
        except NotStartedError as error:
            self._change(tenant, name, status=Status.FAILED, failure_reason=str(error))
            return
        if running is not None:
            self.running[_key(tenant, name)] = running
        self._change(tenant, name, status=Status.IN_SERVICE)

    async def _stop(self, tenant: Tenant, name: str) -> None:
        running = self.running.pop(_key(tenant, name), None)
        if running is not None:
            await asyncio.to_thread(running.child.stop, 2.0)
        await self.pause(STOP_SECONDS)
        self._change(tenant, name, status=Status.STOPPED)

    def _change(self, tenant: Tenant, name: str, **changes: Any) -> None:
        found = self.store.notebook(tenant, name)
        changed = replace(found, modified=self.now(), **changes)
        self.store.shelf(tenant).notebooks[name.lower()] = changed


_TOLD = frozenset(
    {
        *("SubnetId", "IpAddressType", "RoleArn", "KmsKeyId", "DirectInternetAccess"),
        *("VolumeSizeInGB", "AcceleratorTypes", "RootAccess", "PlatformIdentifier"),
        "InstanceMetadataServiceConfiguration",
    }
)


def _key(tenant: Tenant, name: str) -> _Key:
    return tenant, name.lower()


def _named(found: Notebook) -> Json:
    """What a description names otherwise than a request."""
    pairs = {
        "LifecycleConfigName": "NotebookInstanceLifecycleConfigName",
        "DefaultCodeRepository": "DefaultCodeRepository",
        "AdditionalCodeRepositories": "AdditionalCodeRepositories",
    }
    return {told: found.request[given] for given, told in pairs.items() if given in found.request}


def _summary(tenant: Tenant, found: Notebook) -> Json:
    return {
        "NotebookInstanceName": found.name,
        "NotebookInstanceArn": found.arn,
        "NotebookInstanceStatus": str(found.status),
        "Url": f"{found.name.lower()}.notebook.{tenant.region}.sagemaker.aws",
        "InstanceType": found.request["InstanceType"],
        "CreationTime": found.created,
        "LastModifiedTime": found.modified,
        **_named(found),
    }
