"""Component versions on a device: downloaded once, and only as their recipes' digests say."""

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_S3 = re.compile(r"^s3://(?P<bucket>[^/]+)/(?P<key>.+)$")
_VARIABLE = re.compile(r"\{(?P<name>[^{}\s]+)\}")

ReadObject = Callable[[str, str], bytes]


class PackageError(Exception):
    """A component can't be installed; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A component version that is installed. `recipe` is None for components of AWS's own."""

    name: str
    version: str
    recipe: Mapping[str, Any] | None
    artifacts: Path
    work: Path
    configuration: Mapping[str, Any]
    thing: str

    @property
    def lifecycle(self) -> Mapping[str, Any]:
        """The scripts of its first manifest: all devices here are Linux."""
        if self.recipe is None:
            return {}
        found: Mapping[str, Any] = self.recipe["Manifests"][0].get("Lifecycle", {})
        return found

    def script(self, step: str) -> str | None:
        """A lifecycle script with its variables filled in, None where there is none."""
        told = self.lifecycle.get(step)
        text = told.get("Script") if isinstance(told, Mapping) else told
        return None if text is None else _VARIABLE.sub(self._filled, str(text))

    def _filled(self, match: re.Match[str]) -> str:
        name = match["name"]
        known = {
            "artifacts:path": str(self.artifacts),
            "artifacts:decompressedPath": str(self.artifacts / "unarchived"),
            "work:path": str(self.work),
            "iot:thingName": self.thing,
        }
        if name in known:
            return known[name]
        if name.startswith("configuration:/"):
            value: Any = self.configuration
            for part in name.removeprefix("configuration:/").split("/"):
                value = value[part]
            return str(value)
        return match[0]


def install(package: Package, objects: ReadObject) -> None:
    """Its artifacts are in its folder; PackageError with nothing left behind where one is wrong."""
    for manifest in () if package.recipe is None else package.recipe["Manifests"][:1]:
        for artifact in manifest.get("Artifacts", ()):
            _fetch(package.artifacts, artifact, objects)
    package.work.mkdir(parents=True, exist_ok=True)


def _fetch(folder: Path, artifact: Mapping[str, Any], objects: ReadObject) -> None:
    match = _S3.match(artifact["URI"])
    if match is None:
        raise PackageError(f"artifact {artifact['URI']} is not in S3")
    target = folder / match["key"].rpartition("/")[2]
    if target.exists() and _digest(target.read_bytes()) == artifact["Digest"]:
        return
    content = objects(match["bucket"], match["key"])
    if _digest(content) != artifact["Digest"]:
        raise PackageError(f"artifact {artifact['URI']} is not what the recipe's digest says")
    folder.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    if artifact.get("Unarchive") == "ZIP":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(folder / "unarchived" / target.stem)


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
