"""A copy of a project file that has another artifact for one model, and means the same else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cli.exits import CommandError, Exit


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Which model of a project file gets which artifact, under which label.

    `key` is what names it in the file: `code` of several models that have one program.
    """

    model: str
    artifact: Path
    label: str
    key: str = "artifact"


def model_settings(project_file: Path, model: str) -> dict[str, Any]:
    """What the project file says of a model; CommandError lists the models it has."""
    models = _load(project_file).get("models")
    models = models if isinstance(models, dict) else {}
    if not isinstance(models.get(model), dict):
        known = ", ".join(models) if models else "none"
        raise CommandError(f"{project_file} has no model {model}, it has: {known}", code=Exit.USAGE)
    settings: dict[str, Any] = models[model]
    return settings


def artifact_path(project_file: Path, settings: dict[str, Any], *, key: str) -> Path:
    """Where a model's artifact, or its code, is on this machine; CommandError when it is not."""
    text = str(settings.get(key, ""))
    path = project_file.parent / text
    if not text or text.startswith("s3://") or not path.exists():
        raise CommandError(
            f"the {key} {text!r} of {project_file} is not on this machine: make or download it "
            "first, and name its path",
            code=Exit.REFUSED,
        )
    return path


def write_copy(source: Path, target: Path, *, exchange: Exchange) -> Path:
    """The copy is there; relative paths of artifacts still mean the same files."""
    model_settings(source, exchange.model)
    data = _load(source)
    for settings in data["models"].values():
        _anchor(settings, source.parent)
    _exchange(data["models"][exchange.model], exchange)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8") as stream:
        YAML().dump(data, stream)
    return target


def _exchange(settings: dict[str, Any], exchange: Exchange) -> None:
    """The version stands where a new one does: of an A/B test it is the only challenger."""
    version = {exchange.key: str(exchange.artifact.resolve()), "label": exchange.label}
    if not _challengers(settings):
        settings.update(version)
        return
    settings["release"]["challengers"] = [version]
    settings["release"].pop("shares", None)


def _anchor(settings: Any, folder: Path) -> None:
    if not isinstance(settings, dict):
        return
    for holder in (settings, *_challengers(settings), *_mappings(settings.get("containers"))):
        for key in ("artifact", "code"):
            _anchor_path(holder, key, folder)
    for models in _mappings([settings.get("target_models")]):
        for name in models:
            _anchor_path(models, name, folder)


def _anchor_path(holder: dict[str, Any], key: str, folder: Path) -> None:
    text = holder.get(key)
    if isinstance(text, str) and not text.startswith("s3://"):
        holder[key] = str((folder / text).resolve())


def _mappings(listed: Any) -> list[dict[str, Any]]:
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _challengers(settings: Any) -> list[Any]:
    release = settings.get("release") if isinstance(settings, dict) else None
    return _mappings(release.get("challengers") if isinstance(release, dict) else None)


def _load(project_file: Path) -> Any:
    """The file with its comments and order, so that a copy can be compared with it."""
    return YAML().load(project_file.read_text(encoding="utf-8"))
