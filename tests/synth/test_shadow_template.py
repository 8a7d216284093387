"""Templates of models with a shadow: who is production variant, and what follows a pass."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from stacks.project.placement import KEPT_WEIGHT
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import LIVE, PROJECT_FILE, Assembly, synthesize
from tidegate.pointer import LivePointer

STACK = "shop-prod-model-fraud"
RELEASE = """\
    data_capture: { percent: 100 }
    release:
      strategy: shadow
      compare: { answer: /label }
      guardrails: { errors: { margin: 0.02 }, agreement: { margin: 0.05 } }
      then: canary
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> ProjectSpec:
    """The project, with a shadow before fraud's canary."""
    folder = tmp_path_factory.mktemp("project")
    code = folder / "fraud" / "code"
    code.mkdir(parents=True)
    (code / "inference.py").write_text("def model_fn(model_dir): ...\n")
    (folder / "fraud" / "model.joblib").write_bytes(b"trained")
    text = PROJECT_FILE.replace("    data_capture: { percent: 10 }\n", RELEASE)
    (folder / "tidegate.yaml").write_text(text.replace("{ min: 2, max: 4 }", "{ min: 2 }"))
    return load_project(folder / "tidegate.yaml")


@pytest.fixture(scope="module")
def deployed(
    project: ProjectSpec, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[LivePointer], Assembly]:
    """The assembly of a deploy with a pointer."""

    def deploy(pointer: LivePointer) -> Assembly:
        folder = tmp_path_factory.mktemp("assembly")
        return synthesize(
            Deployment(project=project, stage="prod", folder=folder, pointers={"fraud": pointer})
        )

    return deploy


@pytest.fixture(scope="module")
def shadow(deployed: Callable[[LivePointer], Assembly]) -> Assembly:
    """A deploy of a version that has passed nothing, while green is live."""
    return deployed(LIVE)


def variants(assembly: Assembly, member: str) -> list[tuple[str, int, int]]:
    """Name, weight and instances of the variants of one kind."""
    (config,) = assembly.resources(STACK, "AWS::SageMaker::EndpointConfig").values()
    return [
        (v["VariantName"], v["InitialVariantWeight"], v["InitialInstanceCount"])
        for v in config["Properties"].get(member, [])
    ]


def test_the_live_slot_serves_and_the_other_is_its_shadow(shadow: Assembly) -> None:
    """One variant of each kind, as SageMaker wants it, with equal weights: all is copied."""
    assert variants(shadow, "ProductionVariants") == [("green", 1, 2)]
    assert variants(shadow, "ShadowProductionVariants") == [("blue", 1, 2)]


def test_both_versions_are_kept_as_models(shadow: Assembly) -> None:
    """The slots are what they are under every plan."""
    assert len(shadow.resources(STACK, "AWS::SageMaker::Model")) == 2


def test_everything_is_captured(shadow: Assembly) -> None:
    """Requests and answers of both variants, all of them."""
    (config,) = shadow.resources(STACK, "AWS::SageMaker::EndpointConfig").values()
    capture = config["Properties"]["DataCaptureConfig"]
    assert capture["InitialSamplingPercentage"] == 100
    assert {o["CaptureMode"] for o in capture["CaptureOptions"]} == {"Input", "Output"}


def test_a_version_that_has_passed_is_deployed_beside_the_live_one(
    shadow: Assembly, deployed: Callable[[LivePointer], Assembly]
) -> None:
    """Its shadow becomes a production variant of weight 0, and the plan is what follows.

    The live one is in service with a weight of 1; the template's is for when it has left, and comes
    back by a rollback of CloudFormation's beside a version that was promoted meanwhile.
    """
    digest = _slots(shadow)["blue"]["digest"]
    following = deployed(replace(LIVE, passed=digest))
    assert variants(following, "ProductionVariants") == [
        ("blue", 0, 2),
        ("green", KEPT_WEIGHT, 2),
    ]
    assert variants(following, "ShadowProductionVariants") == []
    assert '"strategy":"canary"' in _guard(following)["Plan"]
    assert _slots(following) == _slots(shadow)


def test_another_version_begins_with_its_own_shadow(
    deployed: Callable[[LivePointer], Assembly],
) -> None:
    """What passed is a digest, not a model."""
    other = deployed(replace(LIVE, passed="0123456789abcdef"))
    assert variants(other, "ShadowProductionVariants") == [("blue", 1, 2)]


def test_only_one_function_may_read_captures(shadow: Assembly) -> None:
    """Captures hold requests and answers: nobody else of the release loop reads any bucket."""
    roles = shadow.resources("shop-prod-release", "AWS::IAM::Role")
    readers = {
        name
        for name, role in roles.items()
        for policy in role["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if "s3:GetObject" in statement["Action"] and "-model-" in str(statement["Resource"])
    }
    assert len(readers) == 1
    assert "JoinShadowCaptures" in readers.pop()


def _guard(assembly: Assembly) -> dict[str, Any]:
    (guard,) = assembly.resources(STACK, "Custom::ReleaseGuard").values()
    properties: dict[str, Any] = guard["Properties"]
    return properties


def _slots(assembly: Assembly) -> dict[str, Any]:
    slots: dict[str, Any] = _guard(assembly)["Slots"]
    return slots
