"""Recordings become text by speaker and subtitles, each once, whatever goes wrong meanwhile."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pysubs2
import pytest

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.e2e.breaking import sabotaged
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld, two_failing_jobs

pytestmark = pytest.mark.accept

SAMPLES = Path(__file__).parents[2] / "examples" / "ai" / "samples"
TALKS = """
  talks:
    kind: transcribe
    settings:
      languages: [en-US]
      vocabulary: words.txt
      hidden_words: [darn]
"""


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """The service, deployed; the cloud knows what is said in the sample."""
    folder = tmp_path_factory.mktemp("talks")
    (folder / "words.txt").write_text("TideGate\n")
    sound = (SAMPLES / "talk.ogg").read_bytes()
    told = json.loads((SAMPLES / "talk.transcript.json").read_text())
    story_cloud.record_answer("transcribe", sound, told)
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="stage", services=TALKS)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "stage-")


@pytest.fixture
def faults(story_cloud: EmbeddedCloud) -> Iterator[Any]:
    """Sets Transcribe's faults; it has none after the story."""
    yield lambda **shares: story_cloud.set_faults("transcribe", Faults(**shares))
    story_cloud.set_faults("transcribe", Faults())


def fetched(world: ServicesWorld, link: str) -> str:
    """What a link leads to."""
    content: bytes = world.service("talks").door.pool.request("GET", link).data
    return content.decode()


def test_a_presentation_becomes_text_and_subtitles(world: ServicesWorld):
    """By speaker, with the words of the vocabulary and without those that are hidden."""
    key = world.send("talks", SAMPLES / "talk.ogg")
    outcome = world.outcome("talks", key)
    assert outcome["status"] == "done", outcome
    assert (outcome["result"]["language"], outcome["result"]["speakers"]) == ("en-US", 2)
    links = world.ask("talks", "transcript", key=key).required()["links"]
    text = fetched(world, links["text"])
    assert text.startswith("[0:00:00] Speaker 1: Welcome to the talk about safe releases.")
    assert "Speaker 2: Thank you, Ann. Today we release a new model with TideGate." in text
    assert text.rstrip().endswith("*** simple.")
    for suffix in ("vtt", "srt"):
        cues = pysubs2.SSAFile.from_string(fetched(world, links[suffix]), format_=suffix)
        assert cues[0].plaintext == "Welcome to the talk about safe releases."
        assert cues[-1].end <= outcome["result"]["seconds"] * 1000 + 1


def test_throttles_kills_failed_and_late_jobs_and_news_told_twice_lose_nothing(
    world: ServicesWorld, faults: Any, tmp_path: Path
):
    """Each recording has one text in the end."""
    late = {"late_jobs": 0.3, "late_seconds": 120}
    faults(throttled=0.3, repeated_news=1.0, **late, **two_failing_jobs())
    with sabotaged(world.stack("talks"), "do_ai_work") as saboteurs:
        for moment in ("before", "call-2", "call-4", "call-6", "after"):
            saboteurs["do_ai_work"].ticket(moment, "kill")
        keys = []
        for number in range(6):
            path = tmp_path / f"talk-{number}.ogg"
            path.write_bytes((SAMPLES / "talk.ogg").read_bytes())
            keys.append(world.send("talks", path))
        outcomes = [world.outcome("talks", key, seconds=180) for key in keys]
    assert [outcome["status"] for outcome in outcomes] == ["done"] * 6
    assert len({outcome["result"]["text"] for outcome in outcomes}) == 6
    told = world.cloud.faults("transcribe")
    assert told["throttled_calls"] > 0
    assert told["failed_job_count"] > 0


def test_a_file_in_which_nothing_is_spoken_is_refused(world: ServicesWorld, tmp_path: Path):
    """With Transcribe's reason; one whose name says no sound, by its name."""
    path = tmp_path / "broken.mp3"
    path.write_bytes(b"no sound at all")
    outcome = world.outcome("talks", world.send("talks", path))
    assert outcome["status"] == "refused"
    assert "Unsupported media format" in json.dumps(outcome["problem"])
