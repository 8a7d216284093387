"""Documents of a search: their keys, who reads them, and how the index is told so."""

import json
from collections.abc import Mapping
from typing import Any

from tidegate.ai.kendra.settings import KENDRA, KendraSettings

DOCUMENTS = "documents/"
"""What keys of searched documents begin with; files beside them, with METADATA, say who reads."""
METADATA = ".metadata.json"
READER = "reader_"
"""What attributes of readers begin with: reader_hr is true where hr reads."""


def document_key(name: str) -> str:
    """Where a document is."""
    return f"{DOCUMENTS}{name}"


def metadata_key(name: str) -> str:
    """Where it says who reads a document."""
    return f"{DOCUMENTS}{name}{METADATA}"


def name_in(uri: str) -> str:
    """The document's name in its address, s3://BUCKET/documents/NAME."""
    return uri.removeprefix("s3://").partition("/")[2].removeprefix(DOCUMENTS)


def readers_of(name: str, settings: KendraSettings) -> tuple[str, ...] | None:
    """The groups that find a document, by the longest beginning of its name; None if none fits."""
    fitting = [begin for begin in settings.readers if name.startswith(begin)]
    return settings.readers[max(fitting, key=len)] if fitting else None


def metadata(readers: tuple[str, ...], engine: str) -> bytes:
    """The file beside the document, as the engine reads it."""
    told: Mapping[str, Any]
    if engine == KENDRA:
        entries = [{"Name": group, "Type": "GROUP", "Access": "ALLOW"} for group in readers]
        told = {"AccessControlList": entries}
    else:
        told = {"metadataAttributes": {f"{READER}{group}": True for group in readers}}
    return json.dumps(told, sort_keys=True).encode()
