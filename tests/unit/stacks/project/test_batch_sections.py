"""Section batch of a project file: defaults, all faults at once, models without hosting."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stacks.project.batches import Start
from stacks.project.load import load_project
from stacks.project.plans import agreed
from tests.unit.stacks.project.conftest import GOOD

HOSTED = GOOD[GOOD.index("    hosting:\n") :]
BATCH = """\
    batch:
      columns:
        - { name: store, type: integer, min: 0 }
        - { name: kind, type: text, values: [new, old] }
      instance_type: ml.m5.large
"""


def _with(*changes: tuple[str, str]) -> tuple[str, str]:
    text = BATCH
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return HOSTED, text


def test_a_model_with_a_batch_needs_no_hosting(folder: Path):
    """It is no hosted model then: releases and plans do not know it."""
    file = folder / "tidegate.yaml"
    file.write_text(GOOD.replace(*_with()))

    project = load_project(file)

    assert not project.models
    (model,) = project.batches.values()
    assert not model.hosted
    assert (model.batch.start, model.batch.sla_seconds, model.batch.keep_days) == (
        Start.ON_DEMAND,
        None,
        30,
    )
    assert agreed(file).plans == {}


def test_a_model_may_have_both(folder: Path):
    """Online and offline, each with its own stack."""
    file = folder / "tidegate.yaml"
    file.write_text(GOOD + BATCH)

    project = load_project(file)

    assert list(project.models) == list(project.batches) == ["fraud"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("ml.m5.large", "ml.m5.largo"), "instance_type is 'ml.m5.largo'"),
        (("instance_type", "start: schedule\n      instance_type"), "add schedule"),
        (
            ("instance_type", "schedule: rate(1 day)\n      instance_type"),
            "schedule belongs to start schedule",
        ),
        (("instance_type", "after: other\n      instance_type"), "no other model has a batch"),
        (
            ("instance_type", "max_payload_mb: 60\n      max_concurrent: 2\n      instance_type"),
            "is 120, must be at most 100",
        ),
        (("instance_type", "sla: 30s\n      instance_type"), "must be 1m to 7d"),
        (("instance_type", "keep: 12h\n      instance_type"), "whole days"),
        (("name: kind", "name: store"), "two columns are called 'store'"),
        (("type: text", "type: number"), "values are of text"),
        (("[new, old]", '["a,b"]'), "neither commas nor quotes"),
        (("min: 0", "min: 2, max: 1"), "min 2 is above max 1"),
        (
            ("instance_type", "compare: { slice: shop }\n      instance_type"),
            "slice is 'shop', not one of columns",
        ),
        (
            ("instance_type", "compare: { score: late }\n      instance_type"),
            "must be a column of the answer",
        ),
        (
            (
                "instance_type",
                "input: s3://other/in/\n      start: arrival\n      instance_type",
            ),
            "tells nobody of its objects",
        ),
        (("instance_type", "input: nowhere\n      instance_type"), "a place in S3"),
    ],
)
def test_faults_are_named(faults: Callable[..., list[str]], change: tuple[str, str], fault: str):
    """Each with its line, the value and what to do."""
    found = faults(_with(change))

    assert len(found) == 1
    assert fault in found[0]


def test_all_faults_come_at_once(faults: Callable[..., list[str]]):
    """Of columns, limits and starts."""
    found = faults(
        _with(
            ("ml.m5.large", "ml.none"),
            ("min: 0", "min: 2, max: 1"),
            ("instance_type", "start: schedule\n      sla: 1s\n      instance_type"),
        )
    )

    assert len(found) == 4


def test_a_model_has_hosting_batch_or_both(faults: Callable[..., list[str]]):
    """Neither is no model, and what is of hosting is refused without it."""
    (found,) = faults((HOSTED, ""))
    assert "needs hosting, batch or both" in found

    offline = HOSTED[: HOSTED.index("    data_capture")]
    found_of_release = faults((offline, BATCH))
    assert any("release is of a model that is hosted" in fault for fault in found_of_release)
    assert any("data_capture is of a model that is hosted" in fault for fault in found_of_release)


def test_a_circle_of_batches_is_broken(folder: Path, faults: Callable[..., list[str]]):
    """Two models that wait for one another would never start."""
    first = BATCH.replace("instance_type", "after: other\n      instance_type")
    other = GOOD[GOOD.index("    framework:") : GOOD.index("    hosting:\n")]
    second = BATCH.replace("instance_type", "after: fraud\n      instance_type")

    found = faults((HOSTED, f"{first}  other:\n{other}{second}"))

    assert sum("break the circle" in fault for fault in found) == 2
