"""What a synth is asked for beside the project file: the stage, and what is live in it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stacks.project.faults import Fault, ProjectFaultsError, did_you_mean
from stacks.project.pipelines import PIPELINE_STAGE
from stacks.project.spec import ProjectSpec
from tidegate.batch.plan import BatchPointer
from tidegate.pointer import LivePointer
from tidegate.slots import Slot
from tidegate.version import Version

_BATCH_POINTERS = "context tidegate:batch-pointers"
_LIVE_SETTINGS = "context tidegate:live-settings"
_STAGE, _POINTERS = "context tidegate:stage", "context tidegate:pointers"


def chosen_stage(project: ProjectSpec, wanted: Any) -> str:
    """The stage asked for, or the first one of the project file; `pipeline` is the pipeline."""
    if wanted is None:
        return next(iter(project.stages))
    if wanted == PIPELINE_STAGE and project.pipeline is not None:
        return PIPELINE_STAGE
    if wanted not in project.stages:
        meant = did_you_mean(str(wanted), project.stages)
        raise _fault(_STAGE, f"no stage {wanted!r}: {meant}")
    return str(wanted)


def read_pointers(given: Any) -> Mapping[str, LivePointer]:
    """The live pointers by model, from JSON or the path of a JSON file; none when not given."""
    if given is None or given == "":
        return {}
    content = given if isinstance(given, dict) else _parsed(str(given))
    try:
        return {model: LivePointer.from_json(pointer) for model, pointer in content.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _fault(
            _POINTERS,
            f"not model -> live pointer ({type(error).__name__}: {error}): let 'tidegate deploy' "
            "pass it",
        ) from error


def read_batch_pointers(given: Any) -> Mapping[str, BatchPointer]:
    """The live slot and version of each batch by model, from JSON; none when not given."""
    if given is None or given == "":
        return {}
    content = given if isinstance(given, dict) else _parsed(str(given))
    try:
        return {
            model: BatchPointer(
                slot=Slot(pointer["slot"]), version=Version.from_json(pointer["version"])
            )
            for model, pointer in content.items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _fault(
            _BATCH_POINTERS,
            f"not model -> live slot and version ({type(error).__name__}: {error}): let 'tidegate "
            "deploy' pass it",
        ) from error


def read_live_settings(given: Any) -> Mapping[str, Mapping[str, Any]]:
    """The settings of live versions by service, from JSON or the path of a JSON file."""
    if given is None or given == "":
        return {}
    content = given if isinstance(given, dict) else _parsed(str(given), of=_LIVE_SETTINGS)
    if not isinstance(content, dict) or not all(isinstance(s, dict) for s in content.values()):
        raise _fault(_LIVE_SETTINGS, "not service -> settings: let 'tidegate deploy' pass it")
    return content


def _parsed(text: str, *, of: str = _POINTERS) -> Any:
    try:
        source = text if text.lstrip().startswith("{") else Path(text).read_text(encoding="utf-8")
        return json.loads(source)
    except (OSError, ValueError) as error:
        raise _fault(of, f"neither JSON nor a JSON file: {error}") from error


def _fault(where: str, message: str) -> ProjectFaultsError:
    return ProjectFaultsError([Fault(file=where, line=1, message=message)])
