"""The example projects with a pipeline, and the assemblies of each of their places."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import ROOT, Assembly, synthesize

EXAMPLES = ROOT / "examples" / "pipelines"
ARTIFACT = "../../build/flights/v1"
NAMES = ("integration", "delivery", "deployment", "multi-account")
STACK = "flights-pipeline"


def example(folder: Path, name: str, *, engine: str = "analysers") -> ProjectSpec:
    """An example with a least artifact in the place of the trained model.

    `engine` is who reviews, where the example has a review.
    """
    code = folder / "model" / "code"
    code.mkdir(parents=True, exist_ok=True)
    (code / "inference.py").write_text("def model_fn(model_dir): ...\n")
    (folder / "flights.jsonl").write_bytes((EXAMPLES / "flights.jsonl").read_bytes())
    text = (EXAMPLES / f"{name}.yaml").read_text()
    assert ARTIFACT in text
    file = folder / f"{name}.yaml"
    text = text.replace("review: {", f"review: {{ engine: {engine},")
    file.write_text(text.replace(ARTIFACT, "model"))
    return load_project(file)


def assembly(folder: Path, project: ProjectSpec, stage: str) -> Assembly:
    """One place of a project: a stage, or `pipeline`."""
    return synthesize(Deployment(project=project, stage=stage, folder=folder / f"out-{stage}"))


def pipeline_of(made: Assembly) -> Mapping[str, Any]:
    """The properties of the pipeline."""
    (pipeline,) = made.resources(STACK, "AWS::CodePipeline::Pipeline").values()
    properties: Mapping[str, Any] = pipeline["Properties"]
    return properties


def actions_of(pipeline: Mapping[str, Any]) -> dict[str, list[str]]:
    """Names of actions by stage, in the order in which they run."""
    return {
        stage["Name"]: [
            action["Name"] for action in sorted(stage["Actions"], key=lambda a: a["RunOrder"])
        ]
        for stage in pipeline["Stages"]
    }
