"""Templates of A/B tests: an arm a variant, the live version where it is, all arms watched."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from stacks.project.placement import KEPT_WEIGHT, PlacementError
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import LIVE, PROJECT_FILE, ROOT, Assembly, own_faults, synthesize
from tidegate.pointer import LivePointer
from tidegate.slots import Slot

STACK = "shop-prod-model-fraud"
RELEASE = """\
    release:
      strategy: ab-test
      split: router
      challengers:
        - artifact: better
        - { artifact: fraud, label: tuned, environment: { THREADS: "4" } }
      objective: { kind: labels, horizon_requests: 20000 }
      control_percent: 40
      guardrails: { errors: { margin: 0.02 } }
"""


def write(folder: Path, text: str) -> ProjectSpec:
    """The project of this text, with the artifacts that it names."""
    for name in ("fraud", "better"):
        code = folder / name / "code"
        code.mkdir(parents=True, exist_ok=True)
        (code / "inference.py").write_text("def model_fn(model_dir): ...\n")
        (folder / name / "model.joblib").write_bytes(name.encode())
    (folder / "tidegate.yaml").write_text(text)
    return load_project(folder / "tidegate.yaml")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Assembly]:
    """The assembly of a deploy with a pointer."""
    text = PROJECT_FILE.replace("    data_capture: { percent: 10 }\n", RELEASE)
    project = write(tmp_path_factory.mktemp("project"), text)

    def deploy(pointer: LivePointer | None) -> Assembly:
        pointers = {} if pointer is None else {"fraud": pointer}
        folder = tmp_path_factory.mktemp("assembly")
        return synthesize(
            Deployment(project=project, stage="prod", folder=folder, pointers=pointers)
        )

    return deploy


@pytest.fixture(scope="module")
def first(deployed: Callable[..., Assembly]) -> Assembly:
    """The first deploy."""
    return deployed(None)


def variants(assembly: Assembly) -> dict[str, float]:
    """Name and weight of the production variants."""
    (config,) = assembly.resources(STACK, "AWS::SageMaker::EndpointConfig").values()
    return {
        v["VariantName"]: v["InitialVariantWeight"]
        for v in config["Properties"]["ProductionVariants"]
    }


def slots(assembly: Assembly) -> dict[str, Any]:
    """What the deploy declares to be in each slot."""
    (guard,) = assembly.resources(STACK, "Custom::ReleaseGuard").values()
    declared: dict[str, Any] = guard["Properties"]["Slots"]
    return declared


def labels(assembly: Assembly) -> dict[str, str]:
    """Label of the version in each slot."""
    return {slot: version["label"] for slot, version in slots(assembly).items()}


def pointer_at(assembly: Assembly, slot: str) -> LivePointer:
    """What a release would leave that promoted this arm."""
    version = slots(assembly)[slot]
    held = replace(LIVE.version, **{**version, "artifact_uri": LIVE.version.artifact_uri})
    return replace(LIVE, slot=Slot(slot), version=held)


def test_a_first_deploy_serves_the_models_own_version_in_the_first_arm(first: Assembly) -> None:
    """The challengers get no traffic until a release."""
    assert variants(first) == {"a": 1, "b": 0, "c": 0}
    assert labels(first) == {"a": "fraud", "b": "better", "c": "tuned"}
    assert len(first.resources(STACK, "AWS::SageMaker::Model")) == 3


def test_the_templates_keep_the_projects_own_rules(
    first: Assembly, deployed: Callable[..., Assembly]
) -> None:
    """Those that cfn-lint has not, on a first deploy and on one beside what is live."""
    for assembly in (first, deployed(LIVE)):
        assert own_faults(assembly) == []


def test_the_containers_may_read_every_arms_artifact(first: Assembly) -> None:
    """And nothing else: two artifacts for three versions, one of them with another environment."""
    (role,) = first.resources(STACK, "AWS::IAM::Role").values()
    statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    (read,) = (s for s in statements if s["Action"] in ("s3:GetObject", ["s3:GetObject"]))
    assert len(read["Resource"]) == 2
    models = first.resources(STACK, "AWS::SageMaker::Model").values()
    threads = [m["Properties"]["PrimaryContainer"]["Environment"].get("THREADS") for m in models]
    assert sorted(threads, key=str) == ["4", None, None]


def test_every_arm_scales_and_has_its_alarms(first: Assembly) -> None:
    """As slots of other strategies do."""
    scaled = first.resources(STACK, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert sorted(scaled) == ["AScaling", "BScaling", "CScaling"]
    watched = {
        d["Value"]
        for alarm in first.resources(STACK, "AWS::CloudWatch::Alarm").values()
        for d in alarm["Properties"]["Dimensions"]
        if d["Name"] == "VariantName"
    }
    assert watched == {"a", "b", "c"}


def test_the_dashboard_shows_every_arm(first: Assembly) -> None:
    """Requests, failures, latency and shares."""
    (board,) = first.resources("shop-prod-release", "AWS::CloudWatch::Dashboard").values()
    body = json.dumps(board["Properties"]["DashboardBody"])
    for slot in ("a", "b", "c"):
        assert f'\\"VariantName\\", \\"{slot}\\"'.replace(" ", "") in body.replace(" ", "")


def test_the_live_version_keeps_its_slot_when_a_test_begins(
    deployed: Callable[..., Assembly],
) -> None:
    """Green is live with a version that is none of the pool: it takes the control's place."""
    assembly = deployed(LIVE)
    assert variants(assembly) == {"green": KEPT_WEIGHT, "a": 0, "b": 0}
    assert labels(assembly) == {"green": "v0", "a": "better", "b": "tuned"}
    assert slots(assembly)["green"]["digest"] == LIVE.version.digest


@pytest.mark.parametrize("winner", ["b", "c"])
def test_the_same_file_says_the_same_after_its_winner_was_promoted(
    first: Assembly, deployed: Callable[..., Assembly], winner: str
) -> None:
    """Each version stays in its arm; the winner is the control of the next test."""
    after = deployed(pointer_at(first, winner))
    assert {s: v["digest"] for s, v in slots(after).items()} == {
        s: v["digest"] for s, v in slots(first).items()
    }
    assert [slot for slot, weight in variants(after).items() if weight > 0] == [winner]


def test_a_winner_of_a_test_that_began_in_green_leaves_green_behind(
    deployed: Callable[..., Assembly],
) -> None:
    """It stays in its arm, and the others of the pool take the first arms that are free."""
    began = deployed(LIVE)
    after = deployed(pointer_at(began, "b"))
    assert labels(after) == {"a": "fraud", "b": "tuned", "c": "better"}
    assert variants(after) == {"a": 0, "b": KEPT_WEIGHT, "c": 0}


def test_a_model_that_is_live_in_an_arm_is_released_into_blue_by_a_canary(
    first: Assembly, tmp_path: Path
) -> None:
    """The strategy changed; the live version did not move."""
    project = write(tmp_path, PROJECT_FILE)
    pointers = {"fraud": pointer_at(first, "c")}
    assembly = synthesize(
        Deployment(project=project, stage="prod", folder=tmp_path / "out", pointers=pointers)
    )
    assert variants(assembly) == {"blue": 0, "c": KEPT_WEIGHT}
    assert labels(assembly) == {"c": "tuned", "blue": "fraud"}


def test_tracks_cannot_hold_an_arm(first: Assembly, tmp_path: Path) -> None:
    """Synth says how to get out of it."""
    text = (ROOT / "examples" / "strategies" / "dns.yaml").read_text()
    text = text.replace("../../build/flights/v1", "fraud")
    project = write(tmp_path, text)
    pointers = {"flights": replace(pointer_at(first, "c"), model="flights")}
    stage = next(iter(project.stages))
    deployment = Deployment(
        project=project, stage=stage, folder=tmp_path / "out", pointers=pointers
    )
    with pytest.raises(PlacementError, match="canary with mechanism weights first"):
        synthesize(deployment)


def test_the_example_declares_its_test(tmp_path: Path) -> None:
    """The release machine reads objective, shares and what becomes of a winner from the deploy."""
    text = (ROOT / "examples" / "strategies" / "ab-test.yaml").read_text()
    for name, artifact in (("v1", "fraud"), ("v2", "better"), ("v4", "third")):
        text = text.replace(f"../../build/flights/{name}", artifact)
    code = tmp_path / "third" / "code"
    code.mkdir(parents=True)
    (code / "inference.py").write_text("def model_fn(model_dir): ...  # third\n")
    project = write(tmp_path, text)
    assembly = synthesize(Deployment(project=project, stage="dev", folder=tmp_path / "out"))
    (verify,) = assembly.resources("abtest-dev-model-flights", "Custom::ReleaseVerify").values()
    plan = json.loads(verify["Properties"]["Plan"])
    assert (plan["strategy"], plan["mechanism"], plan["split"]) == ("ab-test", "weights", "router")
    assert plan["ab_test"]["shares"] == [40, 30, 30]
    assert plan["ab_test"]["winner"] == "ask"
    assert plan["steps"] == [{"share_percent": 60, "bake_seconds": 86_400}]
