"""A version that is known to be bad: the model's own artifact, made to fail on a share of requests.

Of several models behind one endpoint it is their program that fails, whichever of them is asked.

A drill releases it like any other version and proves the way back, with the real machine, judge and
endpoint. The artifact says plainly what it is.
"""

import ast
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from cli.exits import CommandError, Exit
from cli.projectcopy import Exchange, artifact_path, model_settings, write_copy
from emulator.archives import extract

ORIGINAL = "drilled_original"
WRAPPABLE = ("input_fn", "transform_fn", "predict_fn")
"""What a drill can make fail; of several, the first one that the entry point defines."""

_WRAPPER = '''\
"""A drill: this version fails {percent} % of its requests on purpose, and else is the original."""

import functools
import random

import {original} as original

_CHANCE = random.Random()

for _name in ("model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn"):
    if hasattr(original, _name):
        globals()[_name] = getattr(original, _name)


@functools.wraps(original.{function})
def {function}(*args, **kwargs):
    """Do what the original does, or fail."""
    if _CHANCE.random() < {percent} / 100:
        raise RuntimeError("drill: this version fails on purpose")
    return original.{function}(*args, **kwargs)
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
    settings = model_settings(drill.project_file, drill.model)
    key, within = ("code", ".") if "target_models" in settings else ("artifact", "code")
    source = artifact_path(drill.project_file, settings, key=key)
    bad = drill.folder / f"{drill.model}-drill"
    entry = Path(within) / str(settings.get("entry_point", "inference.py"))
    make_bad_artifact(source, bad, entry=entry, error_percent=drill.error_percent)
    exchange = Exchange(
        model=drill.model,
        artifact=bad,
        label=f"drill-{drill.error_percent}-percent-errors",
        key=key,
    )
    target = drill.folder / f"tidegate-drill-{drill.model}.yaml"
    return write_copy(drill.project_file, target, exchange=exchange)


def make_bad_artifact(source: Path, target: Path, *, entry: Path, error_percent: int) -> None:
    """A copy of the artifact whose entry point fails on purpose, and else calls the original's."""
    shutil.rmtree(target, ignore_errors=True)
    _copy(source, target)
    file = target / entry
    if not file.is_file():
        raise CommandError(
            f"a drill wraps the entry point of an artifact, and {source} has no {entry}",
            code=Exit.REFUSED,
        )
    function = _wrapped_function(file)
    file.rename(file.with_name(f"{ORIGINAL}.py"))
    text = _WRAPPER.format(percent=error_percent, original=ORIGINAL, function=function)
    file.write_text(text, encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        return
    with tarfile.open(source, "r:gz") as archive:
        extract(archive, target)


def _wrapped_function(entry: Path) -> str:
    defined = _names(ast.parse(entry.read_text(encoding="utf-8")))
    for name in WRAPPABLE:
        if name in defined:
            return name
    raise CommandError(
        f"a drill wraps one of {', '.join(WRAPPABLE)}, and {entry.name} defines none of them",
        code=Exit.REFUSED,
    )


def _names(module: ast.Module) -> set[str]:
    """What a module defines or imports by name at its top."""
    names: set[str] = set()
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            names.update(a.name if a.asname is None else a.asname for a in node.names)
    return names
