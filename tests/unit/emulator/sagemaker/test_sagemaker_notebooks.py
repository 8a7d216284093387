"""Notebook instances: their ways between statuses, with servers that are not started."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from emulator.processes import Child
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.notebooks.configs import ConfigOperations
from emulator.sagemaker.notebooks.jupyter import NotStartedError, Running
from emulator.sagemaker.notebooks.operations import (
    START_SECONDS,
    STOP_SECONDS,
    NotebookOperations,
)
from emulator.sagemaker.store import Store

TENANT = Tenant("000000000000", "eu-west-1")
ROLE = "arn:aws:iam::000000000000:role/notebooks"
ASKED = {"NotebookInstanceName": "Explore", "InstanceType": "ml.t3.medium", "RoleArn": ROLE}
NAMED = {"NotebookInstanceName": "Explore"}


class Process:
    """A process that runs until it is stopped."""

    stopped = False

    def stop(self, _grace_seconds: float = 0.0) -> None:
        """It is gone."""
        self.stopped = True


@dataclass(slots=True, kw_only=True)
class Shop:
    """Operations on a store of their own; `waited` are the cloud's seconds that passed."""

    ill: str | None = None
    waited: list[float] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    store: Store = field(default_factory=Store)

    async def start(self, _tenant: Tenant, _name: str, _role: str) -> Running | None:
        """A server, or why there is none."""
        if self.ill is not None:
            raise NotStartedError(self.ill)
        process = Process()
        self.processes.append(process)
        child: Child = process  # type: ignore[assignment]
        return Running(child=child, port=8888, token="t")

    async def pause(self, seconds: float) -> None:
        """So much of the cloud's time passes at once."""
        self.waited.append(seconds)

    @property
    def operations(self) -> NotebookOperations:
        """The operations."""
        return NotebookOperations(
            store=self.store,
            servers=self,
            trusts=lambda arn: arn == ROLE,
            pause=self.pause,
            now=lambda: 1_000.0,
        )


async def settled(operations: NotebookOperations) -> str:
    """The status once nothing is under way."""
    found = await operations.settled(TENANT, "explore")
    assert found is not None
    return str(found.status)


def run(story: Coroutine[Any, Any, None]) -> None:
    """The story, on a loop of its own."""
    asyncio.run(story)


def test_it_starts_stops_and_starts_again():
    """Each way takes its time, and a server lives between two."""

    async def story() -> None:
        shop = Shop()
        operations = shop.operations
        await operations.create(TENANT, ASKED)
        told = await operations.describe(TENANT, NAMED)
        assert told["NotebookInstanceStatus"] == "Pending"
        assert await settled(operations) == "InService"
        url = await operations.url(TENANT, NAMED)
        assert url == {"AuthorizedUrl": "http://127.0.0.1:8888/?token=t"}
        await operations.stop(TENANT, NAMED)
        assert await settled(operations) == "Stopped"
        await operations.start(TENANT, NAMED)
        assert await settled(operations) == "InService"
        assert [process.stopped for process in shop.processes] == [True, False]
        assert shop.waited == [START_SECONDS, STOP_SECONDS, START_SECONDS]
        await operations.close()
        assert shop.processes[-1].stopped

    run(story())


def test_one_whose_server_is_ill_has_failed():
    """The reason is told, and it can be deleted."""

    async def story() -> None:
        operations = Shop(ill="no port").operations
        await operations.create(TENANT, ASKED)
        assert await settled(operations) == "Failed"
        told = await operations.describe(TENANT, NAMED)
        assert told["FailureReason"] == "no port"
        await operations.delete(TENANT, NAMED)
        with pytest.raises(SageMakerError, match="Could not find notebook instance"):
            await operations.describe(TENANT, NAMED)

    run(story())


@pytest.mark.parametrize("operation", ["start", "update", "delete"])
def test_what_runs_is_left_alone(operation: str):
    """It is stopped first."""

    async def story() -> None:
        operations = Shop().operations
        await operations.create(TENANT, ASKED)
        await settled(operations)
        with pytest.raises(SageMakerError, match=r"Status \(InService\) not in"):
            await getattr(operations, operation)(TENANT, NAMED)

    run(story())


def test_an_update_changes_and_takes_away():
    """A stopped instance stays stopped."""

    async def story() -> None:
        shop = Shop()
        operations = shop.operations
        configs = ConfigOperations(store=shop.store, now=lambda: 1_000.0)
        named = {"NotebookInstanceLifecycleConfigName": "start"}
        await configs.create(TENANT, named)
        await operations.create(TENANT, {**ASKED, "LifecycleConfigName": "start"})
        await settled(operations)
        with pytest.raises(SageMakerError, match="it is used by notebook instance Explore"):
            await configs.delete(TENANT, named)
        await operations.stop(TENANT, NAMED)
        await settled(operations)
        await operations.update(
            TENANT, {**NAMED, "VolumeSizeInGB": 9, "DisassociateLifecycleConfig": True}
        )
        told = await operations.describe(TENANT, NAMED)
        assert (told["VolumeSizeInGB"], told["NotebookInstanceStatus"]) == (9, "Stopped")
        assert "NotebookInstanceLifecycleConfigName" not in told
        await configs.delete(TENANT, named)

    run(story())


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"DirectInternetAccess": "Disabled"}, "only if a SubnetId is given"),
        ({"LifecycleConfigName": "none"}, "Could not find"),
        ({"RoleArn": f"{ROLE}-of-others"}, "Could not assume role"),
    ],
)
def test_what_aws_refuses_is_refused(more: dict[str, str], wanted: str):
    """Nothing is made of it."""

    async def story() -> None:
        shop = Shop()
        with pytest.raises(SageMakerError, match=wanted):
            await shop.operations.create(TENANT, {**ASKED, **more})
        assert shop.store.shelf(TENANT).notebooks == {}

    run(story())
