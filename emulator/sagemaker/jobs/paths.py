"""Where a container's `/opt/ml` is on this machine, and what of its paths a program is told."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.sagemaker.serving.zygotes import ZYGOTE_ENVIRONMENT

OPT_ML = "/opt/ml"
_IN_TEXT = re.compile(r"(?<![\w./-])/opt/ml(?![\w.-])")
LAUNCHER = Path(__file__).resolve().parents[2] / "job_container" / "launch.py"
_PYTHONS = frozenset({"python", "python3"})


def local(path: str, base: Path) -> Path:
    """The file or folder below `base` that a container has at the path below /opt/ml."""
    return base / path.removeprefix(OPT_ML).strip("/")


def is_below(path: str) -> bool:
    """Whether the path is /opt/ml or below, without a way out."""
    parts = Path(path).parts
    return path.startswith(f"{OPT_ML}/") and ".." not in parts


def told(value: Any, base: Path) -> Any:
    """The value with every /opt/ml in its texts replaced by `base`."""
    if isinstance(value, str):
        return _IN_TEXT.sub(lambda _: str(base), value)
    if isinstance(value, Mapping):
        return {key: told(each, base) for key, each in value.items()}
    if isinstance(value, list):
        return [told(each, base) for each in value]
    return value


def surroundings(home: Path) -> dict[str, str]:
    """What every program finds in its environment: this Python first in the PATH."""
    scratch = home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    return {
        **ZYGOTE_ENVIRONMENT,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath)),
        "HOME": str(home),
        "TMPDIR": str(scratch),
    }


def command(argv: list[str]) -> list[str]:
    """What is executed for a container's command: a Python program goes through the launcher."""
    if len(argv) > 1 and argv[0].rpartition("/")[2] in _PYTHONS and argv[1].endswith(".py"):
        return [sys.executable, "-I", "-u", str(LAUNCHER), *argv[1:]]
    return argv
