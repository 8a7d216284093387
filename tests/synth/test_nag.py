"""cdk-nag and CDK's own validation over the whole app."""

from pathlib import Path

import pytest
from aws_cdk import App

from stacks.application import add_stacks
from stacks.checks import nag
from stacks.checks.acknowledged import Acknowledged, acknowledged
from stacks.checks.acknowledged_pipelines import of_pipeline
from stacks.components.blueprint import INCLUDED
from stacks.composition.deployment import Deployment
from stacks.project.artifact_spec import Artifact, LocalArtifact, TargetArtifacts
from stacks.project.load import load_project
from stacks.project.placement import version_of
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import ROOT
from tests.synth.examples import project_file
from tests.synth.pipelines import example
from tidegate.pointer import LivePointer
from tidegate.slots import Slot

pytestmark = pytest.mark.nag


def _synth(project: ProjectSpec, folder: Path, stage: str) -> None:
    app = App(outdir=str(folder), builtin_cloud_formation_validation=True)
    add_stacks(app, Deployment(project=project, stage=stage, folder=folder))
    nag.add_nag(app, project, project.stages[stage])
    app.synth()


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_nothing_is_found_that_was_not_acknowledged(
    project: ProjectSpec, tmp_path: Path, stage: str
):
    """AwsSolutions and CDK's validation pass."""
    _synth(project, tmp_path, stage)


def test_finding_that_is_not_acknowledged_fails(
    project: ProjectSpec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """The check can fail: one reason less is one finding more."""
    every = list(acknowledged(project, project.stages["dev"]))
    rows = [row for row in every if (row.construct, row.rule[-3:]) != ("ReleaseMachine", "SF2")]
    monkeypatch.setattr(nag, "acknowledged", lambda *_: iter(rows))

    with pytest.raises(RuntimeError):
        _synth(project, tmp_path, "dev")

    (finding,) = nag.findings(tmp_path)
    assert finding.construct == "shop-dev-release/Template/ReleaseMachine"
    assert finding.rule == "AwsSolutions::AwsSolutions-SF2"


def test_every_acknowledgement_is_needed(
    project: ProjectSpec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """A reason that answers no finding is dead: without any, each of them is a finding."""
    rows = list(acknowledged(project, project.stages["dev"]))
    monkeypatch.setattr(nag, "acknowledged", lambda *_: iter(()))

    with pytest.raises(RuntimeError):
        _synth(project, tmp_path, "dev")

    found = {(finding.construct, finding.rule) for finding in nag.findings(tmp_path)}
    assert found == {(f"{row.stack}/{INCLUDED}/{row.construct}", row.rule) for row in rows}


def test_every_acknowledgement_has_a_reason(project: ProjectSpec):
    """A sentence, not a word."""
    rows: list[Acknowledged] = list(acknowledged(project, project.stages["dev"]))

    assert rows
    assert all(len(row.reason.split()) >= 6 for row in rows)


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        *((name, "staging") for name in ("deployment", "multi-account")),
        *((name, "pipeline") for name in ("deployment", "multi-account", "delivery")),
    ],
)
def test_pipelines_are_acknowledged_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, stage: str
):
    """Nothing is found that was not acknowledged, and each reason answers a finding.

    The review of `delivery` is the one with a bucket of its own.
    """
    pipelined = example(tmp_path, name, engine="codeguru-reviewer")
    assert pipelined.pipeline is not None
    if stage == "pipeline":
        rows = list(of_pipeline(pipelined.name, pipelined.pipeline))
    else:
        rows = list(acknowledged(pipelined, pipelined.stages[stage]))
    monkeypatch.setattr(nag, "acknowledged", lambda *_: iter(()))
    monkeypatch.setattr(nag, "of_pipeline", lambda *_: iter(()))
    folder = tmp_path / "out"
    app = App(outdir=str(folder), builtin_cloud_formation_validation=True)
    add_stacks(app, Deployment(project=pipelined, stage=stage, folder=folder))
    if stage == "pipeline":
        nag.add_pipeline_nag(app, pipelined)
    else:
        nag.add_nag(app, pipelined, pipelined.stages[stage])

    with pytest.raises(RuntimeError):
        app.synth()

    found = {(finding.construct, finding.rule) for finding in nag.findings(folder)}
    assert found == {(f"{row.stack}/{INCLUDED}/{row.construct}", row.rule) for row in rows}


def test_batches_are_acknowledged_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of models that are offline only, in a stage that a pipeline delivers to."""
    file = project_file(ROOT / "examples" / "offline" / "chain.yaml", tmp_path)
    text = file.read_text().replace("    log_days: 7\n", "    log_days: 7\n" + PRODUCTION, 1)
    file.write_text(text + PIPELINE)
    offline = load_project(file)
    rows = list(acknowledged(offline, offline.stages["dev"]))
    monkeypatch.setattr(nag, "acknowledged", lambda *_: iter(()))

    with pytest.raises(RuntimeError):
        _synth(offline, tmp_path / "out", "dev")

    found = {(finding.construct, finding.rule) for finding in nag.findings(tmp_path / "out")}
    assert found == {(f"{row.stack}/{INCLUDED}/{row.construct}", row.rule) for row in rows}


@pytest.mark.parametrize("name", ["tidegate", "legacy", "scored", "releases"])
def test_services_are_acknowledged_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    """Of every kind and engine, and of arms: what is declared is what is acknowledged."""
    helpers = load_project(project_file(ROOT / "examples" / "ai" / f"{name}.yaml", tmp_path))
    rows = list(acknowledged(helpers, helpers.stages["dev"]))
    monkeypatch.setattr(nag, "acknowledged", lambda *_: iter(()))

    with pytest.raises(RuntimeError):
        _synth(helpers, tmp_path / "out", "dev")

    found = {(finding.construct, finding.rule) for finding in nag.findings(tmp_path / "out")}
    assert found == {(f"{row.stack}/{INCLUDED}/{row.construct}", row.rule) for row in rows}


PRODUCTION = "  prod: { region: eu-west-1 }\n"
PIPELINE = """\
pipeline:
  mode: deployment
  source: { s3: {} }
  stages: { staging: dev, production: prod }
"""


@pytest.mark.parametrize("name", ["ec2.yaml", "ec2-gpu.yaml"])
def test_fleets_are_acknowledged_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    """Of models on EC2 instances: with a GPU, and in a stage that a pipeline delivers to."""
    file = project_file(ROOT / "examples" / "hosting" / name, tmp_path)
    if name == "ec2.yaml":
        text = file.read_text().replace("    log_days: 7\n", "    log_days: 7\n" + PRODUCTION, 1)
        file.write_text(text + PIPELINE)
    fleet = load_project(file)
    rows = list(acknowledged(fleet, fleet.stages["dev"]))
    monkeypatch.setattr(nag, "acknowledged", lambda *_: iter(()))

    with pytest.raises(RuntimeError):
        _synth(fleet, tmp_path / "out", "dev")

    found = {(finding.construct, finding.rule) for finding in nag.findings(tmp_path / "out")}
    assert found == {(f"{row.stack}/{INCLUDED}/{row.construct}", row.rule) for row in rows}


def test_several_models_are_acknowledged_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """All that lies under the prefix of a version, and of the one that is live beside it."""
    file = project_file(ROOT / "examples" / "frameworks" / "airports.yaml", tmp_path)
    several = load_project(file)
    first = version_of(several.models["delays"], region="eu-west-1", uri_of=_assets)
    (tmp_path / "ewr" / "version.txt").write_text("another")
    several = load_project(file)
    pointer = LivePointer(
        model="delays", slot=Slot.BLUE, version=first, generation=1, moved_at=0, moved_by="deploy"
    )
    rows = list(acknowledged(several, several.stages["dev"], {"delays": pointer}))
    monkeypatch.setattr(nag, "acknowledged", lambda *_: iter(()))
    out = tmp_path / "out"
    app = App(outdir=str(out), builtin_cloud_formation_validation=True)
    add_stacks(
        app,
        Deployment(project=several, stage="dev", folder=out, pointers={"delays": pointer}),
    )
    nag.add_nag(app, several, several.stages["dev"])

    with pytest.raises(RuntimeError):
        app.synth()

    found = {(finding.construct, finding.rule) for finding in nag.findings(out)}
    assert found == {(f"{row.stack}/{INCLUDED}/{row.construct}", row.rule) for row in rows}


def _assets(artifact: Artifact) -> str:
    """Where an artifact was published to."""
    assert isinstance(artifact, TargetArtifacts | LocalArtifact)
    end = "/" if isinstance(artifact, TargetArtifacts) else ".tar.gz"
    return f"s3://cdk-hnb659fds-assets-123456789012-eu-west-1/{artifact.digest}{end}"
