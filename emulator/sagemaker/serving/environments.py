"""Which Python runs a container: this one, or one of those that were made for frameworks.

Frameworks are large, so they are not installed beside the embedded cloud: `make frameworks` makes
an environment for each in a folder, and a container runs in the first that has all it needs. What
an artifact's code/requirements.txt names must be there too: the real containers install it when
they start, the embedded cloud installs nothing.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from emulator.sagemaker.ports import FleetUnhealthyError

DEFAULT_FOLDER = Path(__file__).resolve().parents[3] / "build" / "frameworks"
MAKE = "make frameworks"


class EnvironmentMissingError(FleetUnhealthyError):
    """No environment has what a container needs; the text says what, and how to get it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What a container needs: one of these distributions, if any, and what its code requires."""

    framework: str
    any_of: tuple[str, ...]
    requirements: tuple[str, ...] = ()


def python_for(needs: Needs, folder: Path) -> str:
    """The interpreter of the first environment with all of it; EnvironmentMissingError if none."""
    for python, installed in _environments(folder):
        if _missing(needs, installed) == []:
            return python
    missing = ", ".join(_missing(needs, _installed(None)))
    raise EnvironmentMissingError(
        f"The embedded cloud has no environment for {needs.framework} with what this container "
        f"needs ({missing}): run '{MAKE}', which makes those of the examples in {folder}, or make "
        f"a virtual environment of your own there."
    )


def requirements_in(model_dir: Path) -> tuple[str, ...]:
    """The requirements that an unpacked artifact's code names; none without the file."""
    file = model_dir / "code" / "requirements.txt"
    if not file.is_file():
        return ()
    lines = (re.split(r"\s#|^#|\s--hash", line)[0] for line in file.read_text().splitlines())
    found = (line.strip().rstrip("\\").strip() for line in lines)
    return tuple(line for line in found if line != "" and not line.startswith("-"))


def _environments(folder: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    yield sys.executable, _installed(None)
    for python in sorted(folder.glob("*/bin/python")):
        for packages in python.parents[1].glob("lib/python3*/site-packages"):
            yield str(python), _installed(packages)


@cache
def _installed(packages: Path | None) -> Mapping[str, str]:
    """Distribution to version, of this environment or of a folder of packages."""
    found = distributions() if packages is None else distributions(path=[str(packages)])
    return {canonicalize_name(each.name): each.version for each in found if each.name is not None}


def _missing(needs: Needs, installed: Mapping[str, str]) -> Sequence[str]:
    there = not needs.any_of or any(name in installed for name in needs.any_of)
    missing = [] if there else [needs.any_of[0]]
    return missing + [line for line in needs.requirements if not _fulfilled(line, installed)]


def _fulfilled(line: str, installed: Mapping[str, str]) -> bool:
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return False
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    version = installed.get(canonicalize_name(requirement.name))
    return version is not None and requirement.specifier.contains(version, prereleases=True)
