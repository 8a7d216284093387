"""Pipelines of checks only, whose source is light: for proofs of what their builds may do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.pipelines import PipelineWorld
from tests.e2e.roles import StoryFailedError, client
from tests.e2e.world import V1


@contextmanager
def light_pipeline(
    cloud: EmbeddedCloud, folder: Path, *, name: str, source: bytes, **more: Any
) -> Iterator[PipelineWorld]:
    """The pipeline of a project of that name, once its first execution succeeded.

    `more` are fields of its world. It goes with the block.
    """
    made = PipelineWorld(
        cloud=cloud, folder=folder / "source", name=name, mode="integration", **more
    )
    made.install(V1)
    first = made.rest(made.upload(source))
    assert first.status == "Succeeded", json.dumps(first.to_json())
    yield made
    remove_stacks(cloud, f"{name}-")


def run_again(world: PipelineWorld) -> None:
    """The source that is there goes through; StoryFailedError where it does not."""
    asked = client(world, "codepipeline")  # type: ignore[arg-type]
    started = asked.start_pipeline_execution(name=f"{world.name}-pipeline")
    view = world.rest(started["pipelineExecutionId"])
    if view.status != "Succeeded":
        raise StoryFailedError(json.dumps(view.to_json()))
