"""The example projects, synthesized with a least artifact in the place of the trained model."""

import re
import shutil
from pathlib import Path

from stacks.application import Deployment
from stacks.project.load import load_project
from tests.synth.assembly import ROOT, Assembly, synthesize

FILES = (
    ROOT / "tidegate.yaml",
    *sorted((ROOT / "examples" / "outcomes").glob("*.yaml")),
    *sorted((ROOT / "examples" / "strategies").glob("*.yaml")),
)
"""What users are shown, but for files of pipelines."""

DELIVERED = ROOT / "examples" / "pipelines" / "delivery.yaml"
"""A project whose stages a pipeline delivers to."""

ALL = (*FILES, *sorted((ROOT / "examples" / "pipelines").glob("*.yaml")))
"""Every project file that users are shown."""

_ARTIFACT = re.compile(r"(?<=artifact: )\S*build/\w+/(\w+)")


def project_file(
    example: Path, folder: Path, *, inference: str = "def model_fn(model_dir): ...\n"
) -> Path:
    """The example's project file in a folder of its own, with artifacts that exist there.

    Each is a version of its own: its name is in `version.txt`.
    """
    text = example.read_text()
    names = sorted(set(_ARTIFACT.findall(text)))
    assert names, f"{example} names no artifact of a build"
    for name in names:
        code = folder / name / "code"
        code.mkdir(parents=True, exist_ok=True)
        (code / "inference.py").write_text(inference)
        (folder / name / "version.txt").write_text(name)
    for data in example.parent.glob("*.jsonl"):
        shutil.copy(data, folder)
    file = folder / "tidegate.yaml"
    file.write_text(_ARTIFACT.sub(r"\1", text))
    return file


def synthesized(example: Path, folder: Path) -> Assembly:
    """The assembly of the example's first stage."""
    project = load_project(project_file(example, folder))
    stage = next(iter(project.stages))
    return synthesize(Deployment(project=project, stage=stage, folder=folder / "cdk.out"))
