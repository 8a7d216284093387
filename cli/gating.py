"""Runs the template gate on what a command names: assemblies, templates, or a project's stages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.exits import CommandError, Exit
from cli.project import PIPELINE_STAGE, read_project
from cli.synth import SynthRequest, synth, tools_path
from gate.check import Report, check
from gate.read import UnreadableError, read
from gate.schemas import regions as known_regions
from gate.template import Assembly

SYNTHESIZED = Path("cdk.out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to check: paths, or the stages of a project file where there are none."""

    paths: tuple[Path, ...]
    regions: tuple[str, ...]
    code: tuple[Path, ...]
    against: Path | None
    stage: str | None
    project_file: Path


def checked(request: Request) -> Report:
    """Everything that was found; CommandError where there is nothing to check."""
    _refuse_unknown(request)
    regions = request.regions or known_regions()
    try:
        with _paths(request) as paths:
            assembly = read(paths, regions=regions)
            if request.against is not None:
                assembly = replace(assembly, before=read([request.against]).templates)
            return _run(assembly, request)
    except UnreadableError as error:
        raise CommandError(str(error), code=Exit.USAGE) from error


def _run(assembly: Assembly, request: Request) -> Report:
    try:
        return check(assembly, code=request.code, path=tools_path())
    except RuntimeError as error:
        raise CommandError(str(error)) from error


def _refuse_unknown(request: Request) -> None:
    unknown = sorted(set(request.regions) - set(known_regions()))
    if unknown:
        raise CommandError(
            f"region {', '.join(unknown)} is not known, allowed: {', '.join(known_regions())}",
            code=Exit.USAGE,
        )
    missing = [str(path) for path in request.code if not path.exists()]
    if missing:
        raise CommandError(f"--code: {', '.join(missing)} does not exist", code=Exit.USAGE)


@contextmanager
def _paths(request: Request) -> Iterator[tuple[Path, ...]]:
    """The paths asked for; else the project's stages, synthesized into a folder that goes again."""
    if request.paths:
        yield request.paths
    elif request.project_file.is_file():
        with TemporaryDirectory(prefix="tidegate-check-") as folder:
            yield _synthesized(request, Path(folder))
    elif SYNTHESIZED.is_dir():
        yield (SYNTHESIZED,)
    else:
        raise CommandError(
            f"there is neither {request.project_file} nor {SYNTHESIZED} here: name templates or a "
            "cloud assembly, or run 'cdk synth' first",
            code=Exit.USAGE,
        )


def _synthesized(request: Request, folder: Path) -> tuple[Path, ...]:
    project = read_project(request.project_file)
    every = project.stages if project.pipeline is None else (*project.stages, PIPELINE_STAGE)
    wanted = every if request.stage is None else (project.stage(request.stage),)
    return tuple(
        synth(
            SynthRequest(
                project_file=request.project_file, stage=stage, pointers={}, output=folder / stage
            )
        )
        for stage in wanted
    )
