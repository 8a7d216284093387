"""Least privilege of a service that forecasts: jobs, the model that transforms, and their role."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.service_rights import WORKER, ServiceRole
from tests.e2e.services import ServicesWorld, until
from tidegate.ai.messages import work_id

pytestmark = pytest.mark.accept

SERVICE = """
  demand:
    kind: forecast
    requests_per_minute: 60000
    settings: { item: colour, time: month, target: sold, frequency: M, horizon: 3 }
"""
SALES = "\n".join(
    ["month,colour,sold", *(f"2025-{month:02}-01,red,{100 + month}" for month in range(1, 13))]
)
RUN = b'{"train": true}'


def about(right: Right) -> bool:
    """What only this kind has."""
    return (
        right.action.startswith("sagemaker:")
        or right.resource == "ForecastRole"
        or right.action == "s3:DeleteObject"
    )


@pytest.fixture(scope="module")
def world(
    batch_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One service, whose sales have come."""
    folder = tmp_path_factory.mktemp("demand-rights")
    made = ServicesWorld(cloud=batch_cloud, folder=folder, project="demandrights", services=SERVICE)
    made.deploy()
    sales = Path(folder / "sales.csv")
    sales.write_text(SALES)
    assert made.outcome("demand", made.send("demand", sales, prefix="sales"))["status"] == "done"
    yield made
    remove_stacks(batch_cloud, "demandrights-")


def run(_: ServicesWorld, role: ServiceRole) -> None:
    """A model is trained, a set made, the one before deleted, the model too."""
    key = role.put("runs", "run.json", RUN)
    result = made(role, key)
    left = models(role, key)
    if not result["trained"] or left:
        raise StoryFailedError(f"{result}, {left}")


def made(role: ServiceRole, key: str) -> Mapping[str, Any]:
    """The result of a run, each step of which the worker is asked to look at."""
    if role.work_on(key):
        raise StoryFailedError("the run was not begun")

    def look() -> Mapping[str, Any] | None:
        if role.look_again(key):
            raise StoryFailedError("a step failed")
        found = role.results(key)
        return found[0] if found else None

    found = until(look, seconds=60, what=f"the end of {key}")
    if found["status"] != "done":
        raise StoryFailedError(str(found))
    result: Mapping[str, Any] = found["result"]
    return result


def models(role: ServiceRole, key: str) -> list[str]:
    """The models of a run that are left: their names have 16 digits of its work."""
    found = client(role.world, "sagemaker").list_models(NameContains=work_id(key, "1")[:16])
    return [one["ModelName"] for one in found["Models"]]


def test_each_right_of_the_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """Its jobs, the model, the role that it passes; a set that is replaced is deleted."""
    role = ServiceRole(world, "demand", WORKER)
    with role.by_hand():
        prover.prove(f"{WORKER}_forecast", role, {"run": run}, about=about)


def test_each_right_of_the_jobs_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """SageMaker lists and reads the history and the model, and writes model and forecasts."""
    worker = ServiceRole(world, "demand", WORKER)
    role = DeployedRole(world=world, role_id="ForecastRole", stack=worker.stack)  # type: ignore[arg-type]

    def run_by_worker(_world: ServicesWorld, _role: DeployedRole) -> None:
        run(world, worker)

    with worker.by_hand():
        prover.prove("forecast_role", role, {"run": run_by_worker})
