"""The public CloudFormation resource schemas, read from the copy that cfn-lint ships.

cfn-lint stores one JSON file a resource type and one small index a region, so nothing is generated
or cached on disk: a type costs one file read when a template first uses it. cfn-lint itself is
never imported (it weighs a hundred megabytes); only its data directory is located.
"""

import importlib.util
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

REFERENCE_REGION = "us-east-1"
"""The region whose index names every type; a region without an index of its own uses it too."""

_SCHEMAS_KEPT = 48
"""Parsed schemas held at once: they run to a megabyte each, and a stack uses a dozen types."""


class UnknownResourceTypeError(LookupError):
    """The type has no public schema in the region."""


@dataclass(frozen=True, kw_only=True)
class ResourceSchema:
    """One resource type as its public schema describes it."""

    type_name: str
    document: Mapping[str, Any]

    @cached_property
    def primary_identifier(self) -> tuple[str, ...]:
        """The dotted names of the properties that together identify one resource."""
        return tuple(_names(self.document.get("primaryIdentifier", ())))

    @cached_property
    def read_only(self) -> tuple[str, ...]:
        """The dotted names of the properties that only the service sets (`Fn::GetAtt`)."""
        return tuple(_names(self.document.get("readOnlyProperties", ())))

    @cached_property
    def create_only(self) -> tuple[str, ...]:
        """The dotted names of the properties whose change replaces the resource."""
        return tuple(_names(self.document.get("createOnlyProperties", ())))

    @property
    def updatable(self) -> bool:
        """Whether the type has an update handler; without one every change replaces."""
        handlers = self.document.get("handlers")
        return handlers is None or "update" in handlers

    @property
    def tag_property(self) -> str | None:
        """The property that holds the resource's tags, None for a type without tags."""
        if "tagging" not in self.document:
            return "Tags" if "Tags" in self.document.get("properties", {}) else None
        tagging = self.document["tagging"]
        pointer = str(tagging.get("tagProperty", "/properties/Tags"))
        return pointer.rpartition("/")[2] if tagging.get("taggable", True) else None

    @cached_property
    def service(self) -> str:
        """The namespace that the service's ARNs and IAM actions use, `codeguru-profiler`."""
        create = self.document.get("handlers", {}).get("create", {})
        kind = self.type_name.rsplit("::", 1)[-1]
        actions = [a for a in create.get("permissions", ()) if ":" in a]
        own = [a for a in actions if a.split(":")[1].startswith(("Create", "Put", "Register"))]
        named = [a for a in own if kind in a]
        for action in (*named, *own):
            return str(action).split(":")[0]
        return self.type_name.split("::")[1].lower()

    def property_schema(self, dotted: str) -> Mapping[str, Any]:
        """Return the schema of a dotted property name, empty where the schema leaves it open."""
        node: Mapping[str, Any] = self.document
        for name in dotted.split("."):
            node = self.resolve(node.get("properties", {}).get(name, {}))
        return node

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the node that a chain of local `$ref`s ends at, keeping the referrer's hints."""
        hops = 0
        while "$ref" in node and hops < 16:
            target: Any = self.document
            for part in str(node["$ref"]).removeprefix("#/").split("/"):
                target = target.get(part, {})
            node = target
            hops += 1
        return node


class SchemaCatalogue:
    """Every public resource type, loaded one at a time on first use."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._region_index = lru_cache(maxsize=4)(self._read_index)
        self._schema = lru_cache(maxsize=_SCHEMAS_KEPT)(self._read_schema)

    @property
    def dated(self) -> str:
        """The day on which the schemas were published, ISO 8601."""
        version = json.loads((self._directory / "version.json").read_text(encoding="utf-8"))
        return str(version["schema_date"])[:10]

    def type_names(self, region: str = REFERENCE_REGION) -> frozenset[str]:
        """Return the names of all types that exist in the region."""
        return frozenset(self._region_index(region))

    def load(self, type_name: str, region: str = REFERENCE_REGION) -> ResourceSchema:
        """Return the schema of a type as it is in the region.

        Raises:
            UnknownResourceTypeError: the type does not exist there.
        """
        digest = self._region_index(region).get(type_name)
        if digest is None:
            raise UnknownResourceTypeError(
                f"resource type {type_name} has no public schema in region {region}"
            )
        return self._schema(type_name, digest)

    def _read_index(self, region: str) -> dict[str, str]:
        own = self._directory / "providers" / f"{region}.json"
        path = own if own.is_file() else own.with_name(f"{REFERENCE_REGION}.json")
        index: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return index

    def _read_schema(self, type_name: str, digest: str) -> ResourceSchema:
        path = self._directory / "resources" / f"{digest}.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        return ResourceSchema(type_name=type_name, document=document)


@lru_cache(maxsize=1)
def bundled_catalogue() -> SchemaCatalogue:
    """Return the catalogue of the installed cfn-lint, without importing it."""
    found = importlib.util.find_spec("cfnlint")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            "cfn-lint is not installed: it carries the CloudFormation resource schemas; "
            "install the requirements of this project"
        )
    return SchemaCatalogue(Path(found.submodule_search_locations[0]) / "data" / "schemas")


def _names(pointers: Iterable[str]) -> Iterator[str]:
    """Turn `/properties/A/B` into `A.B`, leaving out pointers into lists."""
    for pointer in pointers:
        name = re.sub(r"^/properties/", "", pointer).replace("/properties/", "/")
        if "*" not in name:
            yield name.replace("/", ".")
