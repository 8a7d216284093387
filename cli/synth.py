"""Synth as a child process: the command line runs the app that users run, and imports no stack."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.exits import CommandError, Exit

APP = Path("app.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthRequest:
    """What to synthesize: a project file, one stage, and the live pointers of its models."""

    project_file: Path
    stage: str
    pointers: dict[str, Any]
    output: Path


def synth(request: SynthRequest) -> Path:
    """The cloud assembly of one stage; CommandError with every fault of the project file."""
    context = {
        **_pinned_context(),
        "tidegate:project-file": str(request.project_file),
        "tidegate:stage": request.stage,
        "tidegate:pointers": json.dumps(request.pointers, sort_keys=True),
    }
    finished = subprocess.run(
        [sys.executable, str(APP)],
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "CDK_CONTEXT_JSON": json.dumps(context),
            "CDK_OUTDIR": str(request.output),
            "CDK_VALIDATION": "false",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        message = finished.stderr.strip() or finished.stdout.strip()
        raise CommandError(f"synth failed:\n{message}", code=Exit.REFUSED)
    return request.output


def _pinned_context() -> dict[str, Any]:
    """The feature flags of cdk.json, which only the CDK command line hands to an app by itself."""
    settings = json.loads(Path("cdk.json").read_text(encoding="utf-8"))
    context: dict[str, Any] = settings.get("context", {})
    return context
