"""The templates of a stage, synthesized for a look and thrown away."""

import json
import tempfile
from pathlib import Path
from typing import Any

from cli.project import Project
from cli.synth import SynthRequest, synth


def templates(project: Project, stage: str) -> dict[str, dict[str, Any]]:
    """Every template of the stage by stack; CommandError with every fault of the project file."""
    with tempfile.TemporaryDirectory(prefix="tidegate-synth-") as folder:
        output = Path(folder) / "cdk.out"
        synth(SynthRequest(project_file=project.path, stage=stage, pointers={}, output=output))
        return templates_in(output)


def templates_in(assembly: Path) -> dict[str, dict[str, Any]]:
    """Every template of an assembly by stack."""
    return {
        path.name.removesuffix(".template.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(assembly.glob("*.template.json"))
    }
