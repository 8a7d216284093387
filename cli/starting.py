"""Starts a project: every file of the starter, none of which overwrites anything."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cli.exits import CommandError, Exit
from cli.synth import ROOT

STARTER = Path(__file__).parent / "starter"
FILES = STARTER / "files"
_RENAMED = {"gitignore": ".gitignore"}
"""A file of this name would be git's own here."""

MOST_NAME = 20
_NAME = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")


class Mode(StrEnum):
    """How far a pipeline goes by itself, in the project file's words."""

    INTEGRATION = "integration"
    DELIVERY = "delivery"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a project starts, what it is called, where its stages go and how far its pipeline."""

    folder: Path
    name: str
    region: str
    mode: Mode


def project_name(folder: Path, wanted: str | None) -> str:
    """The name asked for, or one made of the folder's; CommandError when it is none."""
    name = _made_of(folder.resolve().name) if wanted is None else wanted
    if _NAME.match(name) is None or len(name) > MOST_NAME:
        raise CommandError(
            f"project name is {name!r}, must be small letters and digits in words joined by "
            f"hyphens, at most {MOST_NAME} characters: give one by --name",
            code=Exit.USAGE,
        )
    return name


def _made_of(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain[:MOST_NAME].strip("-")


def start(wanted: Start) -> tuple[Path, ...]:
    """The files are there; returns those that were written.

    A file that is there already is left alone if it is the same, so that an interrupted start may
    be run again. Another one is a CommandError that names all of them, before anything is written.
    """
    files = dict(_files(wanted))
    others = [path for path, text in files.items() if not _same_or_absent(path, text)]
    if others:
        raise CommandError(
            f"these are there already and would be overwritten: {', '.join(map(str, others))}; "
            "start in another folder, or move them away",
            code=Exit.REFUSED,
        )
    missing = {path: text for path, text in files.items() if not path.exists()}
    for path, text in missing.items():
        _write(path, text)
    return tuple(missing)


def _files(wanted: Start) -> Iterator[tuple[Path, str]]:
    filled = {"HEAD": _head(wanted), "PROJECT": wanted.name, "REGION": wanted.region}
    filled |= {"MODE": wanted.mode.value, "TIDEGATE": str(ROOT)}
    for source in sorted(path for path in FILES.rglob("*") if path.is_file()):
        if "__pycache__" in source.parts:
            continue
        relative = source.relative_to(FILES)
        text = source.read_text(encoding="utf-8")
        if source.suffix != ".py":
            for word, value in filled.items():
                text = text.replace(word, value)
        yield wanted.folder / relative.with_name(_RENAMED.get(relative.name, relative.name)), text


def _head(wanted: Start) -> str:
    """The beginning of a project file: its stages, and a pipeline through them."""
    head = "integration" if wanted.mode is Mode.INTEGRATION else "delivery"
    path = STARTER / "heads" / f"{head}.yaml"
    return path.read_text(encoding="utf-8").rstrip("\n")


def _same_or_absent(path: Path, text: str) -> bool:
    if not path.exists():
        return True
    return path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text


def _write(path: Path, text: str) -> None:
    """The file is whole or not there, whenever this is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.tidegate-half")
    half.write_text(text, encoding="utf-8")
    half.replace(path)
