"""The example projects, synthesized with a least artifact in the place of the trained model."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from stacks.project.names import profiling_name
from stacks.project.pipelines import Engine
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import ROOT, Assembly, synthesize

FILES = (
    ROOT / "tidegate.yaml",
    *sorted((ROOT / "examples" / "ai").glob("*.yaml")),
    *sorted((ROOT / "examples" / "offline").glob("*.yaml")),
    *sorted((ROOT / "examples" / "edge").glob("*.yaml")),
    *sorted((ROOT / "examples" / "monitoring").glob("*.yaml")),
    *sorted((ROOT / "examples" / "labelling").glob("*.yaml")),
    *sorted((ROOT / "examples" / "frameworks").glob("*.yaml")),
    *sorted((ROOT / "examples" / "hosting").glob("*.yaml")),
    *sorted((ROOT / "examples" / "marketplace").glob("*.yaml")),
    *sorted((ROOT / "examples" / "notebooks").glob("*.yaml")),
    *sorted((ROOT / "examples" / "outcomes").glob("*.yaml")),
    *sorted((ROOT / "examples" / "strategies").glob("*.yaml")),
    *sorted((ROOT / "examples" / "training").glob("*.yaml")),
    *sorted((ROOT / "examples" / "algorithms").glob("*.yaml")),
)
"""What users are shown, but for files of pipelines."""

PIPELINES = tuple(sorted((ROOT / "examples" / "pipelines").glob("*.yaml")))
"""Projects with a pipeline, which delivers to their stages."""

ALL = (*FILES, *PIPELINES)
"""Every project file that users are shown."""

BASELINES = tuple(sorted((ROOT / "examples").glob("*/*-baseline.json")))
"""Of the examples' training data."""

_BASELINE = re.compile(r"(?<=baseline: )\.\./monitoring/")
_CODE = re.compile(r"(?<=code: )\S*build/\w+/\w+/code")
_BESIDE = re.compile(r"^\s+code: (\w+)$", re.MULTILINE)
ARTIFACT = re.compile(r"(?<=: )\S*build/(?P<model>\w+)/(?P<version>\w+)\b(?!/code)")


def folders_beside(example: Path) -> list[Path]:
    """Folders beside a project file that it names, or whose files it does."""
    names = {"code", "files", "samples", *_BESIDE.findall(example.read_text())}
    return [each for each in (example.parent / name for name in sorted(names)) if each.is_dir()]


def project_file(example: Path, folder: Path) -> Path:
    """The example's project file in a folder of its own, with artifacts that exist there.

    Each is a version of its own: its name is in `version.txt`.
    """
    text = example.read_text()
    names = sorted({each["version"] for each in ARTIFACT.finditer(text)})
    without = any(key in text for key in ("services:", "algorithm:", "model_package:"))
    assert names or without, f"{example} names no artifact of a build"
    for name in names:
        code = folder / name / "code"
        code.mkdir(parents=True, exist_ok=True)
        (code / "inference.py").write_text("def model_fn(model_dir): ...\n")
        (folder / name / "version.txt").write_text(name)
        # What devices run, which no template looks into.
        (folder / name / "model.onnx").write_text(name)
        (folder / name / "1").mkdir(exist_ok=True)
        (folder / name / "1" / "saved_model.pb").write_text("")
    if _CODE.search(text) is not None:
        scripts = folder / "scripts"
        scripts.mkdir()
        for name in ("process.py", "train.py", "evaluate.py"):
            (scripts / name).write_text("")
    for data in (*example.parent.glob("*.jsonl"), *BASELINES):
        shutil.copy(data, folder)
    for files in folders_beside(example):
        shutil.copytree(files, folder / files.name)
    file = folder / "tidegate.yaml"
    file.write_text(_BASELINE.sub("", _CODE.sub("scripts", ARTIFACT.sub(r"\g<version>", text))))
    return file


def synthesized(
    example: Path,
    folder: Path,
    stage: str | None = None,
    *,
    changed: Callable[[ProjectSpec], ProjectSpec] = lambda project: project,
) -> Assembly:
    """The assembly of a stage of the example, of its first one without one."""
    project = changed(load_project(project_file(example, folder)))
    name = next(iter(project.stages)) if stage is None else stage
    return synthesize(Deployment(project=project, stage=name, folder=folder / "cdk.out"))


def profiled(project: ProjectSpec) -> ProjectSpec:
    """The same, with functions under the agent of CodeGuru Profiler in every stage."""
    return replace(
        project,
        stages={
            name: replace(stage, profiling=profiling_name(project.name, name))
            for name, stage in project.stages.items()
        },
    )


def reviewed_by_codeguru(project: ProjectSpec) -> ProjectSpec:
    """The same, with CodeGuru Reviewer as who reviews in its pipeline."""
    assert project.pipeline is not None
    assert project.pipeline.review is not None
    review = replace(project.pipeline.review, engine=Engine.CODEGURU_REVIEWER)
    return replace(project, pipeline=replace(project.pipeline, review=review))
