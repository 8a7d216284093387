"""Releases of inference pipelines: two containers in a row are one version, and move as one."""

from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from tests.e2e.world import BETTER, V1, World, wait_for

pytestmark = pytest.mark.accept

ALONE = """    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: ARTIFACT
"""
FIRST = """
import json

BROKEN = False

def model_fn(model_dir):
    return None

def input_fn(body, content_type):
    return json.loads(body)

def predict_fn(question, model):
    if BROKEN and question["draw"] % 100 < 25:
        raise RuntimeError("the first container fails on some inputs")
    return question

def output_fn(question, accept):
    return json.dumps(question), "application/json"
"""


def first_container(folder: Path, name: str, source: str) -> Path:
    """An artifact that hands questions on."""
    code = folder / name / "code" / "inference.py"
    code.parent.mkdir(parents=True)
    code.write_text(source)
    return folder / name


def in_series(text: str, first: Path) -> str:
    """The project's model behind another container."""
    assert ALONE in text
    one, two = ALONE.replace("ARTIFACT", str(first)), ALONE
    listed = "".join(f"      -{indent(each, '    ')[7:]}" for each in (one, two))
    return text.replace(ALONE, f"    containers:\n{listed}")


def test_a_pipeline_is_released_as_a_whole(
    make_world: Callable[[str], World], tmp_path: Path
) -> None:
    """A better last container is promoted; a first one that breaks is rolled back with all of it.

    Users lose nothing but what the broken container failed on.
    """
    world = make_world("series")
    alone = world.project_text
    sound = first_container(tmp_path, "sound", FIRST)
    world.project_text = in_series(alone, sound)
    world.deploy(V1)
    world.deploy(BETTER)
    with world.watched() as seen:
        wait_for(lambda: len(seen.door.served) > 200, seconds=60, what="traffic of v1")
        promoted = world.finish(world.start())
        assert promoted.phase == "promoted", promoted.reason
        broken = first_container(tmp_path, "broken", FIRST.replace("= False", "= True"))
        world.project_text = in_series(alone, broken)
        world.deploy(BETTER)
        world.failing_percent = 25
        taken_back = world.finish(world.start())
    assert taken_back.phase == "rolled-back", taken_back.reason
    assert seen.door.lost(failing_percent=25) == []
    sagemaker = world.cloud.session().client("sagemaker")
    config = sagemaker.describe_endpoint(EndpointName=world.endpoint_name)["EndpointConfigName"]
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    for variant in variants:
        model = sagemaker.describe_model(ModelName=variant["ModelName"])
        assert len(model["Containers"]) == 2
        assert model["InferenceExecutionConfig"] == {"Mode": "Serial"}
