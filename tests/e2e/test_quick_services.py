"""One short story a kind of AI service: the example project, deployed once, and its samples.

Each kind in full, in bad times and on closed services is in the stories of `make accept`.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.exits import Exit
from cli.main import app
from cli.synth import ROOT
from emulator.server import EmbeddedCloud
from tests.e2e.annotators import invited, signed_in
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, until
from tests.html_trees import tree_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "ai"
SAMPLES = EXAMPLE / "samples"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """The services of the example project, deployed together."""
    folder = tmp_path_factory.mktemp("helpers")
    shutil.copytree(EXAMPLE / "files", folder / "files")
    _, _, services = (EXAMPLE / "tidegate.yaml").read_text("utf-8").partition("services:\n")
    made = ServicesWorld(
        cloud=story_cloud,
        folder=folder,
        project="helpers",
        services=services,
        stage="profiling: true",
    )
    made.deploy()
    yield made
    remove_stacks(story_cloud, "helpers-")


def sent(world: ServicesWorld, name: str, sample: str, *, prefix: str | None = None) -> str:
    """A sample is on its way to a service; its key."""
    return world.send(name, SAMPLES / sample, prefix=prefix)


def result(world: ServicesWorld, name: str, key: str) -> Any:
    """What came of a file, or of a run that is asked for."""
    outcome = world.outcome(name, key)
    assert outcome["status"] == "done", outcome
    return outcome["result"]


def run(world: ServicesWorld, name: str) -> Any:
    """The result of a run that is asked for."""
    return result(world, name, world.ask(name, "run").required()["key"])


def fetched(world: ServicesWorld, name: str, link: str) -> bytes:
    """What a link leads to."""
    content: bytes = world.service(name).door.pool.request("GET", link).data
    return content


def test_texts_are_labelled_by_two_people(world: ServicesWorld, tmp_path: Path) -> None:
    """Labelling: people who signed in agree, and the manifest says so."""
    file = tmp_path / "posts.manifest"
    file.write_text('{"source": "Where are you?"}\n')
    assert world.tidegate("label", "add", "sorting", str(file)).code == 0
    for name in ("ana", "ben"):
        invited(world, "sorting", name)
        person = signed_in(world, "sorting", name)
        while "Where are you?" not in [task["text"] for task in person.tasks.values()]:
            assert person.work(lambda _: "question")
    line = tmp_path / "out.manifest"
    assert world.tidegate("label", "export", "sorting", "-o", str(line)).code == 0
    found = json.loads(line.read_text())
    assert (found["label"], found["label-metadata"]["class-name"]) == (2, "question")


def test_posts_are_judged_and_a_file_of_them_is_stored_without_personal_data(
    world: ServicesWorld,
) -> None:
    """Comprehend: a call, and a file with its result."""
    reply = world.ask("social", "sentiment", posts=[{"text": "I love it!"}, {"text": "Awful."}])
    assert [post["sentiment"] for post in reply.required()["posts"]] == ["positive", "negative"]
    found = result(world, "social", sent(world, "social", "posts.jsonl"))
    assert found["sentiments"] == {"negative": 2, "neutral": 1, "positive": 2}
    assert found["personal_data"] == {"EMAIL": 1, "NAME": 1, "PHONE": 1}


def test_a_customer_asks_for_an_order(world: ServicesWorld) -> None:
    """Lex: a slot is asked for, the intent fulfilled."""

    def say(text: str) -> Any:
        return world.ask("chat", "say", session="s-1", text=text).required()

    asked = say("where is my order")
    assert asked["messages"] == ["Which order? It is on your receipt."]
    assert say("AB-123")["messages"] == ["Order AB-123 is on its way."]


def test_shirts_are_forecast_by_their_colour(world: ServicesWorld) -> None:
    """Forecast: sales become the season to come."""
    sales = sent(world, "demand", "shirts.csv", prefix="sales")
    assert result(world, "demand", sales)["items"] == 5
    made = run(world, "demand")
    assert (made["made"], made["items"], made["periods"]) == (True, 5, 12)
    red = world.ask("demand", "forecast", item="red").required()["points"]
    assert max(red, key=lambda point: point["quantiles"]["p50"])["time"].startswith("2026-12")


def test_a_checkout_sells_more(world: ServicesWorld) -> None:
    """Personalize: what a shop knows is learnt; user 1 likes shoes."""
    tables = ("interactions", "items")
    keys = [sent(world, "upsell", f"shop-{table}.csv", prefix=table) for table in tables]
    for key in keys:
        result(world, "upsell", key)
    assert run(world, "upsell")["users"] == 120
    told = world.ask("upsell", "recommend", user="u1", cart=["shoes-1"], number=3).required()
    assert told["source"] == "batch"
    assert any(item["item"].startswith("shoes") for item in told["items"])


def test_a_caller_hears_their_own_name(world: ServicesWorld) -> None:
    """Polly: in the telephone's format, words of the lexicon as it says."""
    values = {"name": "Ann <b>", "order": "X12", "day": "2026-12-01"}
    told = world.ask("voice", "speak", template="order", values=values).required()
    assert told["media_type"] == "audio/mulaw"
    assert len(fetched(world, "voice", told["link"])) > 8_000
    wrong = world.ask("voice", "speak", template="order", values={"name": "Ann"})
    assert wrong.status == 400


def test_a_face_is_confirmed_beside_a_password(world: ServicesWorld) -> None:
    """Rekognition: enrolled with consent, confirmed; a colleague is not."""
    ann, ben = ((SAMPLES / f"{name}.png").read_bytes() for name in ("ann", "ben"))
    consent = world.ask("staff", "consent").required()["version"]

    def checked(purpose: str, picture: bytes, **more: Any) -> Any:
        fields = {"employee": "e-1", "purpose": purpose, "first_factor": "password", **more}
        now = int(world.cloud.clock.now())
        session = world.ask("staff", "begin", first_factor_at=now, **fields).required()["session"]
        world.cloud.end_liveness(session, confidence=98.0, image=picture)
        return world.ask("staff", purpose, session=session).required()

    assert checked("enrol", ann, consent_version=consent)["enrolled"]
    assert checked("authenticate", ann)["face"] == "confirmed"
    assert checked("authenticate", ben)["reasons"] == ["no-match"]


def test_a_form_becomes_a_record(world: ServicesWorld) -> None:
    """Textract: two pages, fields in their types, a table."""
    found = result(world, "forms", sent(world, "forms", "claim.pdf"))
    assert {name: entry.get("value") for name, entry in found["fields"].items()} == {
        "name": "Ann Lee",
        "date_of_birth": "1990-02-03",
        "policy": "X-12345",
        "amount": 1235.5,
        "theft": True,
    }
    assert found["tables"][0]["rows"][1] == ["Bicycle", "2023", "400.00"]


def test_a_presentation_becomes_text(world: ServicesWorld) -> None:
    """Transcribe: by speaker, with the words of the vocabulary, without those that are hidden."""
    told = json.loads((SAMPLES / "talk.transcript.json").read_text("utf-8"))
    world.cloud.record_answer("transcribe", (SAMPLES / "talk.ogg").read_bytes(), told)
    key = sent(world, "talks", "talk.ogg")
    assert result(world, "talks", key)["speakers"] == 2
    links = world.ask("talks", "transcript", key=key).required()["links"]
    text = fetched(world, "talks", links["text"]).decode()
    assert text.startswith("[0:00:00] Speaker 1: Welcome to the talk about safe releases.")
    assert text.rstrip().endswith("*** simple.")


def test_a_page_is_shown_in_the_language_of_the_country(world: ServicesWorld) -> None:
    """Translate: by the terms, with its tree of tags."""
    document = (SAMPLES / "shop.html").read_text("utf-8")
    told = world.ask("shop", "page", html=document, country="AT").required()
    assert told["language"] == "de"
    assert tree_of(told["html"]) == tree_of(document)
    assert "<b>[de] Blaues Hemd</b>" in told["html"]


def test_a_document_is_found_by_its_readers(world: ServicesWorld) -> None:
    """Search: a passage answers and is cited."""
    for key in [sent(world, "handbook", sample) for sample in ("leave.md", "pay.txt")]:
        result(world, "handbook", key)

    def found(question: str, *groups: str) -> Any:
        asked = world.ask("handbook", "search", question=question, groups=list(groups))
        return asked.required()["passages"]

    best = found("How many days of holiday do I have?")[0]
    assert best["document"] == "leave.md"
    assert "thirty days" in best["text"]
    assert {passage["document"] for passage in found("March")} == {"leave.md"}
    assert {passage["document"] for passage in found("March", "hr")} == {"leave.md", "pay.txt"}


def test_an_order_is_decided_and_a_chargeback_comes_late(world: ServicesWorld) -> None:
    """Fraud Detector's job: by rules; the file names the order."""
    variables = {"amount": 600, "country": "CH"}
    for event in ("order-1", "order-2"):
        told = world.ask("orders", "judge", event=event, variables=variables).required()
        assert told["decision"] == "review"
    told = result(world, "orders", sent(world, "orders", "chargebacks.csv"))
    assert told["credited"] == 2
    assert world.ask("orders", "event", event="order-1").required()["label"] == "fraud"


def test_the_lines_that_cost_most_are_told(world: ServicesWorld) -> None:
    """CodeGuru Profiler: functions run under its agent, their lines share out Lambda's bill."""

    def dearest() -> list[dict[str, Any]] | None:
        world.ask("chat", "say", session="s-2", text="talk to a person").required()
        said = world.tidegate("profile", "--period", "P7D", "--json")
        lines = json.loads(said.out)["lines"] if said.code == Exit.OK else []
        return [line for line in lines if line["function"] == "answer_ai_request"] or None

    lines = until(dearest, seconds=60, what="lines of functions")
    assert lines[0]["usd"] > 0
    assert (ROOT / "lambda" / lines[0]["file"]).is_file()


def test_code_is_reviewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CodeGuru Reviewer's job, by analysers: the worst finding first, all in the build's report."""
    shutil.copy(SAMPLES / "careless.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["pipeline", "review", "--json", "--output", "report"])
    assert done.exit_code == Exit.FAILED
    told = json.loads(done.stdout)
    assert told["fails"]
    worst = [(finding["rule"], finding["severity"]) for finding in told["findings"][:2]]
    assert worst == [("B602", "high"), ("F821", "high")]
    (report,) = (tmp_path / "report").iterdir()
    assert report.read_text("utf-8").count("<failure") == len(told["findings"])
