"""The example projects of strategies: what their templates say of the release."""

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from tests.synth.assembly import ROOT, Assembly, synthesize

EXAMPLES = ROOT / "examples" / "strategies"
ARTIFACT = "../../build/flights/v1"
SWITCHED = "switch-dev-model-flights"
MODEL_STACKS = {"linear": "linear-dev-model-flights", "rolling": "rolling-dev-model-flights"}


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    """Each example with a least artifact in the place of the trained model."""
    return {name: _synthesized(tmp_path_factory.mktemp(name), name) for name in MODEL_STACKS}


def _synthesized(folder: Path, name: str) -> Assembly:
    code = folder / "model" / "code"
    code.mkdir(parents=True)
    (code / "inference.py").write_text("def model_fn(model_dir): ...\n")
    text = (EXAMPLES / f"{name}.yaml").read_text()
    assert ARTIFACT in text
    file = folder / "tidegate.yaml"
    file.write_text(text.replace(ARTIFACT, "model"))
    output = folder / "cdk.out"
    return synthesize(Deployment(project=load_project(file), stage="dev", folder=output))


def _only(assembly: Assembly, name: str, kind: str) -> dict[str, Any]:
    (resource,) = assembly.resources(MODEL_STACKS[name], kind).values()
    properties: dict[str, Any] = resource["Properties"]
    return properties


def _plan(assembly: Assembly, name: str) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(_only(assembly, name, "Custom::ReleaseVerify")["Plan"])
    return plan


@pytest.mark.parametrize(
    ("name", "shares"), [("linear", [20, 40, 60, 80]), ("rolling", [25, 50, 75])]
)
def test_the_deploy_declares_the_steps(
    assemblies: dict[str, Assembly], name: str, shares: list[int]
):
    """The release machine reads shares and bakes from what was deployed."""
    plan = _plan(assemblies[name], name)

    assert (plan["strategy"], plan["mechanism"]) == (name, "weights")
    assert [step["share_percent"] for step in plan["steps"]] == shares
    assert {step["bake_seconds"] for step in plan["steps"]} == {600}


@pytest.mark.parametrize(("name", "instances"), [("linear", 1), ("rolling", 4)])
def test_both_slots_have_all_their_instances(
    assemblies: dict[str, Assembly], name: str, instances: int
):
    """Weights share traffic between two variants; the idle one serves nothing until a release."""
    variants = _only(assemblies[name], name, "AWS::SageMaker::EndpointConfig")["ProductionVariants"]

    assert [
        (v["VariantName"], v["InitialVariantWeight"], v["InitialInstanceCount"]) for v in variants
    ] == [("blue", 1, instances), ("green", 0, instances)]


@pytest.mark.parametrize("name", MODEL_STACKS)
def test_a_deploy_by_weights_moves_no_traffic(assemblies: dict[str, Assembly], name: str):
    """SageMaker is given no deployment configuration, and keeps the weights there are."""
    endpoint = _only(assemblies[name], name, "AWS::SageMaker::Endpoint")

    assert "DeploymentConfig" not in endpoint
    assert endpoint["RetainAllVariantProperties"] is True


@pytest.fixture(scope="module")
def switched(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The example that switches tracks at once."""
    return _synthesized(tmp_path_factory.mktemp("switched"), "big-bang-by-dns")


def test_a_big_bang_by_dns_declares_one_step_of_everything(switched: Assembly):
    """Held to limits of errors and latency, for half an hour."""
    (verify,) = switched.resources(SWITCHED, "Custom::ReleaseVerify").values()
    plan = json.loads(verify["Properties"]["Plan"])

    assert (plan["strategy"], plan["mechanism"]) == ("big-bang", "dns")
    assert plan["steps"] == [{"share_percent": 100, "bake_seconds": 1_800}]
    assert [g["metric"] for g in plan["guardrails"]] == ["errors", "latency"]


def test_a_big_bang_by_dns_has_both_tracks_and_leaves_their_records_alone(switched: Assembly):
    """The deploy moves nothing: the release does, and the old track stays as it is."""
    endpoints = switched.resources(SWITCHED, "AWS::SageMaker::Endpoint")
    records = switched.resources(SWITCHED, "AWS::Route53::RecordSet")

    assert set(endpoints) == {"BlueEndpoint", "GreenEndpoint"}
    assert all("DeploymentConfig" not in e["Properties"] for e in endpoints.values())
    assert {
        r["Properties"]["SetIdentifier"]: r["Properties"]["Weight"] for r in records.values()
    } == {
        "blue": 1,
        "green": 0,
    }
