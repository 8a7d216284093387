"""A version that is known to be bad: the model's own artifact, made to fail on a share of requests.

A drill releases it like any other version and proves the way back, with the real machine, judge and
endpoint. The artifact says plainly what it is.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cli.exits import CommandError, Exit

ORIGINAL = "drilled_original"

_WRAPPER = '''"""A drill: this version fails {percent} % of its requests on purpose, and is otherwise the original."""

import random

from {original} import *  # noqa: F403
import {original} as original

_CHANCE = random.Random()


def input_fn(body, content_type):
    """Read the request as the original does, or fail."""
    if _CHANCE.random() < {percent} / 100:
        raise RuntimeError("drill: this version fails on purpose")
    return original.input_fn(body, content_type)
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """Which model is drilled, from which project file, and how badly its version behaves."""

    model: str
    project_file: Path
    folder: Path
    error_percent: int


def bad_project(drill: Drill) -> Path:
    """A project file whose model is the bad version; CommandError where none can be made of it."""
    yaml = YAML()
    data = yaml.load(drill.project_file.read_text(encoding="utf-8"))
    model = data["models"].get(drill.model)
    if model is None:
        raise CommandError(
            f"{drill.project_file} has no model {drill.model}, it has: {', '.join(data['models'])}",
            code=Exit.USAGE,
        )
    artifact = drill.project_file.parent / str(model["artifact"])
    bad = drill.folder / f"{drill.model}-drill"
    make_bad_artifact(artifact, bad, entry_point=_entry_point(model), drill=drill)
    model["artifact"] = str(bad.resolve())
    model["label"] = f"drill-{drill.error_percent}-percent-errors"
    path = drill.folder / f"tidegate-drill-{drill.model}.yaml"
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(data, stream)
    return path


def make_bad_artifact(source: Path, target: Path, *, entry_point: str, drill: Drill) -> None:
    """A copy of the artifact whose entry point fails on purpose, and else calls the original's."""
    entry = source / "code" / entry_point
    if not entry.is_file():
        raise CommandError(
            f"a drill wraps the entry point of an artifact that is a directory; {entry} is none: "
            "unpack the artifact, or drill another model",
            code=Exit.REFUSED,
        )
    if "def input_fn" not in entry.read_text(encoding="utf-8"):
        raise CommandError(f"a drill wraps input_fn, and {entry} defines none", code=Exit.REFUSED)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    (target / "code" / entry_point).rename(target / "code" / f"{ORIGINAL}.py")
    text = _WRAPPER.format(percent=drill.error_percent, original=ORIGINAL)
    (target / "code" / entry_point).write_text(text, encoding="utf-8")


def _entry_point(model: dict[str, Any]) -> str:
    return str(model.get("entry_point", "inference.py"))
