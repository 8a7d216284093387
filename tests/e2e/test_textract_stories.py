"""Forms become records: read by jobs, looked at by people where they are not sure, each once."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.e2e.breaking import sabotaged
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, two_failing_jobs, until
from tests.sample_forms import SAMPLES

pytestmark = pytest.mark.accept

FORMS = """
  forms:
    kind: textract
    settings:
      fields:
        name: { required: true }
        date_of_birth: { type: date }
        policy: { question: "What is the policy number?", required: true }
        amount: { labels: [Amount claimed], type: number, required: true }
        theft: { type: tick }
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """The service, deployed."""
    folder = tmp_path_factory.mktemp("forms")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="papers", services=FORMS)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "papers-")


@pytest.fixture
def faults(story_cloud: EmbeddedCloud) -> Iterator[Any]:
    """Sets Textract's faults; it has none after the story."""
    yield lambda **shares: story_cloud.set_faults("textract", Faults(**shares))
    story_cloud.set_faults("textract", Faults())


def values(outcome: dict[str, Any]) -> dict[str, Any]:
    """The values of the record that came of a form."""
    assert outcome["status"] == "done", outcome
    return {name: entry.get("value") for name, entry in outcome["result"]["fields"].items()}


def results(world: ServicesWorld, key: str) -> list[str]:
    """The keys of all results of a file."""
    bucket = world.stack("forms").physical_id("Files")
    prefix = f"results/{key.removeprefix('in/')}/"
    listed = world.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for entry in listed.get("Contents", [])]


def test_a_form_of_two_pages_becomes_a_record(world: ServicesWorld):
    """Fields in their types, a tick, an answer, the table of the second page."""
    key = world.send("forms", SAMPLES / "claim.pdf")
    outcome = world.outcome("forms", key)
    assert values(outcome) == {
        "name": "Ann Lee",
        "date_of_birth": "1990-02-03",
        "policy": "X-12345",
        "amount": 1235.5,
        "theft": True,
    }
    assert outcome["result"]["pages"] == 2
    assert outcome["result"]["tables"][0]["rows"][1] == ["Bicycle", "2023", "400.00"]


def test_a_doubtful_form_is_reviewed_and_becomes_a_record(world: ServicesWorld):
    """The person gets the form with what is doubtful, and a link to the document."""
    key = world.send("forms", SAMPLES / "doubtful-claim.pdf")
    review = _next_review(world)
    assert review["key"] == key
    assert {name: entry["doubt"] for name, entry in review["doubtful"].items()} == {
        "name": "confidence is under 90",
        "amount": "is not one number",
    }
    content = world.service("forms").door.pool.request("GET", review["document"]).data
    assert content == (SAMPLES / "doubtful-claim.pdf").read_bytes()
    wrong = world.ask("forms", "review", review=review["review"], values={"amount": "many"})
    assert (wrong.status, wrong.body["error"]["faults"]) == (
        400,
        ["values.name is missing", "values.amount is not one number"],
    )
    given = {"name": "Bob Day", "amount": "400"}
    decided = world.ask("forms", "review", review=review["review"], values=given, reviewer="Kim")
    assert decided.required()["values"] == {"name": "Bob Day", "amount": 400.0}
    outcome = world.outcome("forms", key)
    assert values(outcome)["amount"] == 400.0
    assert outcome["result"]["reviewer"] == "Kim"
    assert world.ask("forms", "review", review=review["review"], values=given).status == 409
    assert world.ask("forms", "next-review").status == 404


def _next_review(world: ServicesWorld) -> dict[str, Any]:
    """The next form that waits for a person, once there is one."""

    def look() -> dict[str, Any] | None:
        reply = world.ask("forms", "next-review")
        return None if reply.status == 404 else reply.required()

    return until(look, seconds=60, what="a form to review")


def test_throttles_kills_failed_and_late_jobs_and_news_told_twice_lose_nothing(
    world: ServicesWorld, faults: Any, tmp_path: Path
):
    """Each form has one result in the end."""
    late = {"late_jobs": 0.3, "late_seconds": 120}
    faults(throttled=0.3, repeated_news=1.0, **late, **two_failing_jobs())
    with sabotaged(world.stack("forms"), "do_ai_work") as saboteurs:
        for moment in ("before", "call-2", "call-4", "call-6", "after"):
            saboteurs["do_ai_work"].ticket(moment, "kill")
        keys = []
        for number in range(6):
            path = tmp_path / f"claim-{number}.pdf"
            path.write_bytes((SAMPLES / "claim.pdf").read_bytes())
            keys.append(world.send("forms", path))
        outcomes = [world.outcome("forms", key, seconds=180) for key in keys]
    assert [values(outcome)["amount"] for outcome in outcomes] == [1235.5] * 6
    assert [len(results(world, key)) for key in keys] == [1] * 6
    told = world.cloud.faults("textract")
    assert told["throttled_calls"] > 0
    assert told["failed_job_count"] > 0
    assert told["repeated_news_count"] > 0


def test_a_file_that_is_no_form_is_refused(world: ServicesWorld, tmp_path: Path):
    """With what Textract takes."""
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.4 and nothing else")
    outcome = world.outcome("forms", world.send("forms", path))
    assert outcome["status"] == "refused"
    assert "cannot read the document" in json.dumps(outcome["problem"])


def test_a_page_is_read_while_the_caller_waits(world: ServicesWorld):
    """A document of two pages is not: it is sent as a file."""

    def asked(name: str) -> Any:
        document = base64.b64encode((SAMPLES / name).read_bytes()).decode()
        return world.ask("forms", "read", document=document)

    found = asked("doubtful-claim.pdf").required()
    assert found["fields"]["date_of_birth"]["value"] == "1985-11-12"
    assert found["fields"]["amount"]["doubt"] == "is not one number"
    assert asked("claim.pdf").status == 422
