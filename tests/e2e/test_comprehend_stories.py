"""What people write about us: judged one by one and in files, stored without personal data."""

from pathlib import Path

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld

SAMPLES = Path(__file__).parents[2] / "examples" / "ai" / "samples"
SOCIAL = """
  social:
    kind: comprehend
    settings: { languages: [en], negative_alarm_percent: 30 }
"""


def test_posts_are_judged_and_a_file_of_them_is_stored_without_personal_data(
    story_cloud: EmbeddedCloud, tmp_path: Path
) -> None:
    """A call, a file, its result, the alarm: deployed by the templates that AWS gets."""
    world = ServicesWorld(cloud=story_cloud, folder=tmp_path, project="social", services=SOCIAL)
    world.deploy()
    reply = world.ask("social", "sentiment", posts=[{"text": "I love it!"}, {"text": "Awful."}])
    assert [post["sentiment"] for post in reply.required()["posts"]] == ["positive", "negative"]
    key = world.send("social", SAMPLES / "posts.jsonl")
    outcome = world.outcome("social", key)
    assert outcome["status"] == "done", outcome
    found = outcome["result"]
    assert found["sentiments"] == {"negative": 2, "neutral": 1, "positive": 2}
    assert found["personal_data"] == {"EMAIL": 1, "NAME": 1, "PHONE": 1}
    remove_stacks(story_cloud, "social-")
