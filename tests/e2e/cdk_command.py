"""The pinned CDK command line, and the environment in which it asks an embedded cloud."""

import os
from pathlib import Path

from emulator.server import EmbeddedCloud

ROOT = Path(__file__).resolve().parents[2]
CDK = ROOT / "node_modules" / ".bin" / "cdk"


def cdk_environment(cloud: EmbeddedCloud) -> dict[str, str]:
    """What a process of the command line is given; its waits for stacks are a tenth as long."""
    return {
        **cloud.environment(),
        "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "CI": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "1",
        "CDK_VALIDATION": "false",
        "NODE_OPTIONS": f"--require={Path(__file__).with_name('quick_waits.cjs')}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
