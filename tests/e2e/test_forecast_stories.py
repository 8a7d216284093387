"""Sales become forecasts: by AutoML for time series, and by the closed service for who has it."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.e2e.breaking import sabotaged
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, two_failing_jobs, until
from tidegate.ai.forecast.resources import legacy_names, names
from tidegate.ai.kind import Place

pytestmark = pytest.mark.accept

SAMPLE = Path(__file__).parents[2] / "examples" / "ai" / "samples" / "shirts.csv"
SETTINGS = """
    settings:
      item: colour
      time: month
      target: sold
      frequency: M
      horizon: 12
"""
SERVICES = f"""
  open:
    kind: forecast{SETTINGS}
  closed:
    kind: forecast{SETTINGS}      engine: forecast
"""


T = TypeVar("T")
NAMES = ("open", "closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The result of a first run, and what was said of its model then."""

    result: dict[str, Any]
    model: dict[str, Any]


@pytest.fixture(scope="module")
def world(
    batch_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """A service of each engine, deployed."""
    folder = tmp_path_factory.mktemp("demand")
    made = ServicesWorld(cloud=batch_cloud, folder=folder, project="demand", services=SERVICES)
    made.deploy()
    yield made
    remove_stacks(batch_cloud, "demand-")


def forecast(world: ServicesWorld, service: str, item: str, **fields: Any) -> list[dict[str, Any]]:
    """The points of an item."""
    points: list[dict[str, Any]] = world.ask(service, "forecast", item=item, **fields).required()[
        "points"
    ]
    return points


def run(world: ServicesWorld, service: str, **fields: Any) -> dict[str, Any]:
    """The result of a run that is asked for."""
    reply = world.ask(service, "run", **fields)
    assert reply.status == 202
    outcome = world.outcome(service, reply.required()["key"], seconds=240)
    assert outcome["status"] == "done", outcome
    result: dict[str, Any] = outcome["result"]
    return result


@pytest.fixture(scope="module", autouse=True)
def first(world: ServicesWorld) -> dict[str, First]:
    """The first run of each service, whose sales were sent before: whichever story comes first."""

    def made(service: str) -> First:
        sales = world.outcome(service, world.send(service, SAMPLE, prefix="sales"))
        assert (sales["result"]["rows"], sales["result"]["items"]) == (300, 5)
        result = run(world, service)
        return First(result=result, model=world.ask(service, "model").required())

    return of_each(made)


def of_each(does: Callable[[str], T]) -> dict[str, T]:
    """What becomes of both services, at the same time: most of it is waiting."""
    with ThreadPoolExecutor(len(NAMES)) as pool:
        return dict(zip(NAMES, pool.map(does, NAMES), strict=True))


@pytest.mark.parametrize("service", NAMES)
def test_shirts_are_forecast_by_their_colour(
    world: ServicesWorld, first: dict[str, First], service: str
):
    """A model was trained and tested, each colour has its season to come."""
    made = first[service].result
    assert (made["made"], made["trained"]) == (True, True)
    assert (made["items"], made["periods"]) == (5, 12)
    assert 0 < made["losses"]["AverageWeightedQuantileLoss"] < 0.2

    red = forecast(world, service, "red")
    assert (red[0]["time"], red[-1]["time"]) == ("2026-01-01T00:00:00", "2026-12-01T00:00:00")
    best = max(red, key=lambda point: point["quantiles"]["p50"])
    assert best["time"].startswith("2026-12")
    for point in red:
        low, middle, high = (point["quantiles"][name] for name in ("p10", "p50", "p90"))
        assert low <= middle <= high
    summer = forecast(world, service, "yellow", begin="2026-06-01", end="2026-08-01")
    assert [point["time"][:7] for point in summer] == ["2026-06", "2026-07", "2026-08"]
    assert world.ask(service, "forecast", item="pink").status == 404

    model = first[service].model
    assert model["engine"] == {"open": "sagemaker", "closed": "forecast"}[service]
    assert model["losses"] == made["losses"]


@pytest.mark.parametrize("service", NAMES)
def test_the_next_set_is_made_by_the_model_there_is(world: ServicesWorld, service: str):
    """The set is a table as well; the one before is gone, and so is what would bill."""
    before = world.ask(service, "model").required()
    made = run(world, service)
    assert (made["made"], made["trained"]) == (True, False)
    now = world.ask(service, "model").required()
    assert now["trained_at"] == before["trained_at"]
    assert now["table"] == made["table"] != before["table"]

    rows = list(csv.DictReader(io.StringIO(content(world, service, now["table"]).decode())))
    assert list(rows[0]) == ["item", "time", "p10", "p50", "p90"]
    assert len(rows) == 12 * made["items"]
    assert {key.split("/")[1] for key in keys(world, service, "forecasts/")} == {
        "current.json",
        now["table"].split("/")[1],
    }
    assert left(world, service) == []


def test_at_night_a_set_is_made_of_new_sales_only(world: ServicesWorld, tmp_path: Path):
    """The timer's message begins it; without sales since the last set there is nothing to do."""
    quiet = night(world, "2026-11-29T02:00:00Z")
    assert (quiet["made"], quiet["why"]) == (False, "no sales came since the last set")
    more = tmp_path / "green.csv"
    rows = [f"{2021 + n // 12}-{n % 12 + 1:02}-01,green,{50 + n}" for n in range(60)]
    more.write_text("\n".join(["month,colour,sold", *rows]))
    world.outcome("open", world.send("open", more, prefix="sales"))
    assert night(world, "2026-11-30T02:00:00Z")["items"] == 6
    assert forecast(world, "open", "green")


def test_throttles_failed_jobs_and_kills_leave_one_set(world: ServicesWorld):
    """Of the closed service; the open one's function is killed in the middle as well."""
    cloud = world.cloud
    cloud.set_faults("forecast", Faults(throttled=0.3, **two_failing_jobs()))
    try:
        for made in of_each(lambda service: sabotaged_run(world, service)).values():
            assert (made["made"], made["trained"]) == (True, True)
        told = cloud.faults("forecast")
        assert told["throttled_calls"] > 0
        assert told["failed_job_count"] > 0
    finally:
        cloud.set_faults("forecast", Faults())


def left(world: ServicesWorld, service: str) -> list[str]:
    """What is there of a service's runs that would bill or count: models, forecasts, imports.

    The cloud may have some of other services.
    """
    place = Place(project=world.project, stage="test", service=service)
    models = world.client("sagemaker").list_models(NameContains=names(place))["Models"]
    forecast = world.client("forecast")
    made = (
        *forecast.list_forecasts()["Forecasts"],
        *forecast.list_dataset_import_jobs()["DatasetImportJobs"],
    )
    return [*map(str, models), *(str(one) for one in made if legacy_names(place) in str(one))]


def sabotaged_run(world: ServicesWorld, service: str) -> dict[str, Any]:
    """The result of a training run, whose function is killed five times."""
    world.outcome(service, world.send(service, SAMPLE, prefix="sales"))
    with sabotaged(world.stack(service), "do_ai_work") as saboteurs:
        for moment in ("before", "call-2", "call-5", "call-8", "after"):
            saboteurs["do_ai_work"].ticket(moment, "kill")
        return run(world, service, train=True)


def test_wrong_sales_are_refused_with_all_their_faults(world: ServicesWorld, tmp_path: Path):
    """Nothing of the file is kept."""
    path = tmp_path / "wrong.csv"
    path.write_text("month,colour,sold\n2026-01-01,red,many\nsoon,,3\n")
    outcome = world.outcome("open", world.send("open", path, prefix="sales"))
    assert outcome["status"] == "refused"
    assert len(outcome["problem"]["faults"]) == 2
    assert keys(world, "open", "history/wrong.csv") == []


def keys(world: ServicesWorld, service: str, prefix: str) -> list[str]:
    """The keys in a service's bucket that begin so."""
    bucket = world.stack(service).physical_id("Files")
    found = world.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", ())]


def content(world: ServicesWorld, service: str, key: str) -> bytes:
    """What such a key leads to."""
    bucket = world.stack(service).physical_id("Files")
    body: bytes = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def night(world: ServicesWorld, moment: str) -> dict[str, Any]:
    """What came of the timer's message of that moment."""
    body = json.dumps({"tidegate": "timer", "name": "nightly", "at": moment})
    queue = world.stack("open").physical_id("Work")
    world.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
    prefix = f"results/timer/nightly/{moment}/"
    (key,) = until(lambda: keys(world, "open", prefix) or None, seconds=240, what=prefix)
    told = json.loads(content(world, "open", key))
    assert told["status"] == "done", told
    result: dict[str, Any] = told["result"]
    return result
