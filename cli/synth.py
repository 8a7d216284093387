"""Synth as a child process: the command line runs the app that users run, and imports no stack."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.exits import CommandError, Exit

ROOT = Path(__file__).resolve().parent.parent
"""Where `app.py` and `node_modules` are, from whatever folder a command is run in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthRequest:
    """What to synthesize: a project file, one stage, its models' live pointers and packages."""

    project_file: Path
    stage: str
    pointers: dict[str, Any]
    output: Path
    batch_pointers: dict[str, Any] = field(default_factory=dict)
    packages: dict[str, Any] = field(default_factory=dict)
    """The approved package of each model that is trained in the stage."""
    live_settings: dict[str, Any] = field(default_factory=dict)
    """The settings of each service's live version, of services whose arms have own resources."""


def synth(request: SynthRequest) -> Path:
    """The cloud assembly of one stage; CommandError with every fault of the project file."""
    with tempfile.TemporaryDirectory(prefix="tidegate-live-") as folder:
        finished = subprocess.run(
            [sys.executable, str(ROOT / "app.py")],
            env=synth_environment(request, _kept(request, Path(folder))),
            capture_output=True,
            text=True,
            check=False,
        )
    if finished.returncode != 0:
        said = finished.stderr.strip()
        message = said or finished.stdout.strip()
        raise CommandError(f"synth failed:\n{message}", code=Exit.REFUSED)
    return request.output


def _kept(request: SynthRequest, folder: Path) -> str:
    """A file with the live settings, which may be larger than a variable of the environment."""
    if not request.live_settings:
        return ""
    file = folder / "live-settings.json"
    file.write_text(json.dumps(request.live_settings, sort_keys=True), encoding="utf-8")
    return str(file)


def synth_environment(request: SynthRequest, live_settings: str = "") -> dict[str, str]:
    """What the app is told: CDK's own variables, in the shell's environment.

    `live_settings` is the path of a file with those of the request, if it has any.
    """
    context = {
        "tidegate:project-file": str(request.project_file.resolve()),
        "tidegate:stage": request.stage,
        "tidegate:pointers": json.dumps(request.pointers, sort_keys=True),
        "tidegate:batch-pointers": json.dumps(request.batch_pointers, sort_keys=True),
        "tidegate:live-settings": live_settings,
        "tidegate:packages": json.dumps(request.packages, sort_keys=True),
    }
    return {
        **os.environ,
        "PATH": tools_path(),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(request.output.resolve()),
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }


def tools_path() -> str:
    """The shell's PATH, with this installation's Node and CDK command line before it."""
    own = (ROOT / "node_modules" / ".bin", Path(sys.executable).parent)
    return os.pathsep.join([*map(str, own), os.environ.get("PATH", os.defpath)])
