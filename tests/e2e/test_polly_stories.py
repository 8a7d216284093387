"""What callers hear: their own words in safe templates, spoken once; long texts by tasks."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from emulator.ai.faults import Faults
from emulator.ai.spoken import note_in
from emulator.server import EmbeddedCloud
from tests.e2e.breaking import sabotaged
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, two_failing_jobs

pytestmark = pytest.mark.accept

EXAMPLE = Path(__file__).parents[2] / "examples" / "ai"
HOURS = EXAMPLE / "samples" / "opening-hours.txt"
VOICES = """
  phone:
    kind: polly
    settings:
      format: mulaw
      templates:
        order: "Hello {name}. Your order {order:characters} is on its way, ETA soon."
  radio:
    kind: polly
    settings:
      voices: { en-US: Joanna, de-DE: Vicki }
      lexicon: lexicon.pls
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """A telephone and a radio, deployed."""
    folder = tmp_path_factory.mktemp("voices")
    (folder / "lexicon.pls").write_text((EXAMPLE / "files" / "lexicon.pls").read_text())
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="voices", services=VOICES)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "voices-")


@pytest.fixture
def faults(story_cloud: EmbeddedCloud) -> Iterator[Any]:
    """Sets Polly's faults; it has none after the story."""
    yield lambda **shares: story_cloud.set_faults("polly", Faults(**shares))
    story_cloud.set_faults("polly", Faults())


def fetched(world: ServicesWorld, link: str) -> bytes:
    """What a link leads to."""
    content: bytes = world.service("phone").door.pool.request("GET", link).data
    return content


def test_a_caller_hears_their_own_name_in_the_telephones_format(world: ServicesWorld):
    """Once spoken it is not spoken again; another name is another sound."""
    ann = {"name": "Ann <b>", "order": "X12"}
    first = world.ask("phone", "speak", template="order", values=ann).required()
    assert (first["media_type"], first["cached"]) == ("audio/mulaw", False)
    sound = fetched(world, first["link"])
    assert len(sound) > 8_000
    again = world.ask("phone", "speak", template="order", values=ann).required()
    assert (again["key"], again["cached"]) == (first["key"], True)
    bob = world.ask("phone", "speak", template="order", values={**ann, "name": "Bob"}).required()
    assert bob["key"] != first["key"]
    wrong = world.ask("phone", "speak", template="order", values={"name": "Ann"})
    assert (wrong.status, wrong.body["error"]["faults"]) == (400, ["values.order is missing"])


def test_words_of_the_lexicon_are_spoken_as_it_says(world: ServicesWorld):
    """As the note in the file tells."""
    found = world.ask("radio", "speak", text="ETA is noon.").required()
    note = note_in(fetched(world, found["link"])).read()
    assert note is not None
    assert note.text == "estimated arrival is noon."


def test_a_long_text_is_spoken(world: ServicesWorld):
    """All of it, by a task."""
    key = world.send("radio", HOURS)
    outcome = world.outcome("radio", key)
    assert outcome["status"] == "done", outcome
    found = world.ask("radio", "sound", key=key).required()
    sound = fetched(world, found["link"])
    assert soundfile.info(io.BytesIO(sound)).duration > 15
    note = note_in(sound).read()
    assert note is not None
    assert note.text.split() == HOURS.read_text().split()


def test_throttles_kills_failed_and_late_tasks_lose_nothing(
    world: ServicesWorld, faults: Any, tmp_path: Path
):
    """Each text has one sound in the end."""
    faults(throttled=0.3, late_jobs=0.3, late_seconds=120, **two_failing_jobs())
    with sabotaged(world.stack("radio"), "do_ai_work") as saboteurs:
        for moment in ("before", "call-2", "call-4", "call-6", "after"):
            saboteurs["do_ai_work"].ticket(moment, "kill")
        keys = []
        for number in range(6):
            path = tmp_path / f"news-{number}.txt"
            path.write_text(f"News number {number}.")
            keys.append(world.send("radio", path))
        outcomes = [world.outcome("radio", key, seconds=180) for key in keys]
    assert [outcome["status"] for outcome in outcomes] == ["done"] * 6
    assert len({outcome["result"]["key"] for outcome in outcomes}) == 6
    told = world.cloud.faults("polly")
    assert told["throttled_calls"] > 0
    assert told["failed_job_count"] > 0


def test_a_file_that_is_no_ssml_is_refused(world: ServicesWorld, tmp_path: Path):
    """With the tag that Polly lacks."""
    path = tmp_path / "a.ssml"
    path.write_text("<speak><audio src='x'/></speak>")
    outcome = world.outcome("radio", world.send("radio", path))
    assert outcome["status"] == "refused"
    assert "<audio> is no tag" in outcome["problem"]["message"]
