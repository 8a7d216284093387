"""Component recipes: what the service reads of them, and what it adds.

Source: Greengrass developer guide, "AWS IoT Greengrass component recipe reference".
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from emulator.jsonapi import Json, RefusedRequestError

FORMAT = "2020-01-25"
_NAME = re.compile(r"^[a-zA-Z0-9-_.]{1,128}$")
_VERSION = re.compile(r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$")
_S3 = re.compile(r"^s3://(?P<bucket>[^/]+)/(?P<key>.+)$")
_UNARCHIVE = ("NONE", "ZIP")

ReadObject = Callable[[str, str], bytes | None]
"""(bucket, key) -> its bytes, None where there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """A recipe that is one: its component, and all of it with the digests of its artifacts."""

    name: str
    version: str
    document: Json

    @property
    def artifacts(self) -> list[Mapping[str, Any]]:
        """All artifacts of all its manifests."""
        return list(_artifacts(self.document))

    @property
    def dependencies(self) -> Mapping[str, Any]:
        """What it needs beside itself."""
        found: Mapping[str, Any] = self.document.get("ComponentDependencies", {})
        return found


def objects_in(blob: str) -> list[tuple[str, str]]:
    """Bucket and key of each artifact that a recipe names, whatever else is wrong with it."""
    try:
        document = _parsed(blob)
    except RefusedRequestError:
        return []
    uris = [str(artifact.get("URI", "")) for artifact in _artifacts(document)]
    return [(m["bucket"], m["key"]) for uri in uris if (m := _S3.match(uri)) is not None]


def read_recipe(blob: str, objects: ReadObject) -> Recipe:
    """The recipe in Base64 text, with digests; ValidationException with all that is wrong."""
    document = _parsed(blob)
    faults = [*_faults(document), *(_fault_of(a, objects) for a in _artifacts(document))]
    real = [fault for fault in faults if fault]
    if real:
        raise RefusedRequestError("ValidationException", "; ".join(real))
    for artifact in _artifacts(document):
        content = _content(artifact, objects)
        artifact["Digest"] = base64.b64encode(hashlib.sha256(content or b"").digest()).decode()
        artifact["Algorithm"] = "SHA-256"
        artifact.setdefault("Unarchive", "NONE")
    return Recipe(
        name=document["ComponentName"], version=document["ComponentVersion"], document=document
    )


def _parsed(blob: str) -> Json:
    try:
        text = base64.b64decode(blob, validate=True).decode("utf-8")
        document = yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise RefusedRequestError(
            "ValidationException", f"the recipe can't be read: {error}"
        ) from (error)
    if not isinstance(document, dict):
        raise RefusedRequestError("ValidationException", "the recipe is no mapping")
    # What YAML reads as dates or the like, JSON has not.
    plain: Json = json.loads(json.dumps(document, default=str))
    return plain


def _faults(document: Json) -> Iterator[str]:
    if str(document.get("RecipeFormatVersion")) != FORMAT:
        yield f"RecipeFormatVersion must be {FORMAT}, got {document.get('RecipeFormatVersion')!r}"
    if not _NAME.match(str(document.get("ComponentName", ""))):
        yield f"ComponentName {document.get('ComponentName')!r} is none"
    if not _VERSION.match(str(document.get("ComponentVersion", ""))):
        yield f"ComponentVersion {document.get('ComponentVersion')!r} is no semantic version"
    if not document.get("Manifests"):
        yield "Manifests must have at least one manifest"


def _fault_of(artifact: Mapping[str, Any], objects: ReadObject) -> str:
    unarchive = artifact.get("Unarchive", "NONE")
    if unarchive not in _UNARCHIVE:
        return f"Unarchive must be one of {', '.join(_UNARCHIVE)}, got {unarchive!r}"
    if _content(artifact, objects) is None:
        return f"there is no artifact {artifact.get('URI')!r}"
    return ""


def _content(artifact: Mapping[str, Any], objects: ReadObject) -> bytes | None:
    match = _S3.match(str(artifact.get("URI", "")))
    return None if match is None else objects(match["bucket"], match["key"])


def _artifacts(document: Json) -> Iterator[Json]:
    for manifest in document.get("Manifests") or []:
        if isinstance(manifest, dict):
            yield from (a for a in manifest.get("Artifacts") or [] if isinstance(a, dict))
