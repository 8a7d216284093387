"""A stage whose functions are profiled, on an embedded cloud."""

from pathlib import Path

from emulator.server import EmbeddedCloud
from tests.e2e.world import PROJECT, World


def profiled_world(cloud: EmbeddedCloud, folder: Path, *, name: str) -> World:
    """A project of this name, not yet deployed."""
    text = PROJECT.replace("project: story", f"project: {name}")
    switched = text.replace("region: us-east-1,", "region: us-east-1, profiling: true,")
    assert switched != text
    return World(cloud=cloud, folder=folder, model="profiled", project_text=switched)
