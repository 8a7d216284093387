"""Least privilege of services that forecast: jobs, what they make, and the role of the jobs.

One by SageMaker and one by Amazon Forecast, which accounts have that had it when it was closed.
"""

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

SETTINGS = "item: colour, time: month, target: sold, frequency: M, horizon: 3"
SERVICES = f"""
  demand:
    kind: forecast
    requests_per_minute: 60000
    settings: {{ {SETTINGS} }}
  enrolled:
    kind: forecast
    requests_per_minute: 60000
    settings: {{ engine: forecast, {SETTINGS} }}
"""
OPEN, CLOSED = "demand", "enrolled"
PROOFS = {OPEN: "forecast", CLOSED: "closed_forecast"}
STORIES = {OPEN: "run", CLOSED: "closed_run"}
SALES = "\n".join(
    ["month,colour,sold", *(f"2025-{month:02}-01,red,{100 + month}" for month in range(1, 13))]
)
RUN = b'{"train": true}'


def about(right: Right) -> bool:
    """What only this kind has."""
    return (
        right.action.startswith(("sagemaker:", "forecast:"))
        or right.resource == "ForecastRole"
        or right.action == "s3:DeleteObject"
    )


@pytest.fixture(scope="module")
def world(
    batch_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """A service of each engine, whose sales have come."""
    folder = tmp_path_factory.mktemp("demand-rights")
    made = ServicesWorld(
        cloud=batch_cloud, folder=folder, project="demandrights", services=SERVICES
    )
    made.deploy()
    sales = Path(folder / "sales.csv")
    sales.write_text(SALES)
    for service in (OPEN, CLOSED):
        key = made.send(service, sales, prefix="sales")
        assert made.outcome(service, key)["status"] == "done"
    yield made
    remove_stacks(batch_cloud, "demandrights-")


def run(_: ServicesWorld, role: ServiceRole) -> None:
    """A model is trained, a set made, the one before deleted, and what made them too."""
    key = role.put("runs", "run.json", RUN)
    result = made(role, key)
    left = list(left_by(role, key))
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


def left_by(role: ServiceRole, key: str) -> Iterator[str]:
    """What a run made and did not delete: their names have 16 digits of its work."""
    work = work_id(key, "1")[:16]
    for model in client(role.world, "sagemaker").list_models(NameContains=work)["Models"]:
        yield model["ModelName"]
    forecast = client(role.world, "forecast")
    for told in (
        forecast.list_dataset_import_jobs()["DatasetImportJobs"],
        forecast.list_forecasts()["Forecasts"],
        forecast.list_forecast_export_jobs()["ForecastExportJobs"],
    ):
        yield from (str(one) for one in told if work in str(one))


@pytest.mark.parametrize("service", PROOFS)
def test_each_right_of_the_worker_is_needed(
    world: ServicesWorld, prover: Prover, service: str
) -> None:
    """Its jobs, what they make, the role that it passes; a set that is replaced is deleted."""
    role = ServiceRole(world, service, WORKER)
    with role.by_hand():
        prover.prove(f"{WORKER}_{PROOFS[service]}", role, {STORIES[service]: run}, about=about)


@pytest.mark.parametrize("service", PROOFS)
def test_each_right_of_the_jobs_is_needed(
    world: ServicesWorld, prover: Prover, service: str
) -> None:
    """They list and read the history, and write forecasts; SageMaker's model goes both ways."""
    worker = ServiceRole(world, service, WORKER)
    role = DeployedRole(world=world, role_id="ForecastRole", stack=worker.stack)  # type: ignore[arg-type]

    def run_by_worker(_world: ServicesWorld, _role: DeployedRole) -> None:
        run(world, worker)

    with worker.by_hand():
        prover.prove(f"{PROOFS[service]}_role", role, {STORIES[service]: run_by_worker})
