"""The pinned CDK command line takes every example through its life on one embedded cloud."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cdk_command import ROOT
from tests.e2e.real_cdk import Stage, stage_in

pytestmark = pytest.mark.accept

PIPELINES = tuple(sorted((ROOT / "examples" / "pipelines").glob("*.yaml")))
"""Their stages are deployed by the pipeline, in stories of its own: only its stack is by hand."""
SERVICES = tuple(
    path
    for kind in ("ai", "labelling")
    for path in sorted((ROOT / "examples" / kind).glob("*.yaml"))
)
"""Types that they need are in some regions only, so that they have a cloud of their own."""
EXAMPLES = tuple(
    path
    for path in (ROOT / "tidegate.yaml", *sorted((ROOT / "examples").glob("*/*.yaml")))
    if path not in {*PIPELINES, *SERVICES}
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One cloud for all examples: each leaves it as it was."""
    folder = tmp_path_factory.mktemp("examples")
    with stage_in("eu-west-1", folder, first=EXAMPLES[0]) as made:
        yield made


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_life_of_an_example_by_the_real_cdk(stage: Stage, example: Path) -> None:
    """Deploy, an empty diff, an update, another empty diff, destroy: nothing is left."""
    before = stage.left()
    deploy = ("deploy", "--all", "--require-approval", "never")
    for log_days in (7, 14):
        project = stage.example(example, log_days=log_days)
        stage.cdk(*deploy, project=project)
        assert "Number of stacks with differences: 0" in stage.again("diff")

    stage.again("destroy", "--all", "--force")

    assert stage.left() == before


@pytest.mark.parametrize("example", PIPELINES, ids=lambda path: path.stem)
def test_life_of_a_pipeline_by_the_real_cdk(stage: Stage, example: Path) -> None:
    """Its stack is deployed, updated and destroyed; it says that it keeps artifacts and their key.

    All accounts of an example are this cloud's one.
    """
    before = stage.left()["stacks"]
    project = stage.example(example, log_days=7)
    text = project.read_text()
    for compute in ("small", "medium"):
        project.write_text(text.replace("  mode:", f"  compute: {compute}\n  mode:"))
        home = ("-c", "tidegate:stage=pipeline")
        stage.cdk("deploy", "--all", "--require-approval", "never", *home, project=project)
        said = stage.again("diff")
        assert "Number of stacks with differences: 0" in said

    kept = stage.kept()
    stage.unprotect()
    said = stage.again("destroy", "--all", "--force", "--progress", "events")

    assert stage.left()["stacks"] == before
    assert {kind for kind, _ in kept} >= {"AWS::S3::Bucket", "AWS::KMS::Key"}
    skipped = [line for line in said.splitlines() if "DELETE_SKIPPED" in line]
    assert len(skipped) == len(kept), (kept, skipped)


def test_destroy_says_what_it_keeps(stage: Stage) -> None:
    """A stage that keeps its data is protected; destroyed all the same, it names what stays."""
    before = stage.left()
    project = stage.example(EXAMPLES[0], log_days=7, data="keep")
    stage.cdk("deploy", "--all", "--require-approval", "never", project=project)
    destroy = ("destroy", "--all", "--force", "--progress", "events")
    assert "TerminationProtection" in stage.again(*destroy, code=1)

    kept = stage.kept()
    assert {kind for kind, _ in kept} >= {"AWS::DynamoDB::Table", "AWS::Logs::LogGroup"}
    stage.unprotect()
    said = stage.again(*destroy)

    skipped = [line for line in said.splitlines() if "DELETE_SKIPPED" in line]
    for kind, logical_id in kept:
        assert [line for line in skipped if kind in line and logical_id in line], (kind, skipped)
    assert len(skipped) == len(kept)
    left = stage.left()
    assert left["stacks"] == before["stacks"]
    assert left["endpoints"] == before["endpoints"]
    tables = [kind for kind, _ in kept if kind == "AWS::DynamoDB::Table"]
    assert len(left["tables"]) == len(before["tables"]) + len(tables)
