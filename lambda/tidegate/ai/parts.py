"""Many small documents by key, in a few files: a request reads one of them."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from tidegate.ai.ports import Files
from tidegate.errors import NotFoundError

PARTS = 16
"""Files of a set."""
JSON = "application/json"


def write_parts(files: Files, folder: str, documents: Mapping[str, Any]) -> None:
    """Each document is in one of the files of the folder, which ends with a slash."""
    for part in range(PARTS):
        found = {key: value for key, value in documents.items() if _part(key) == part}
        files.write(_name(folder, part), as_json(found), content_type=JSON)


def document_of(files: Files, folder: str, key: str) -> Any:
    """The document of that key, None where there is none."""
    part = read_json(files, _name(folder, _part(key)))
    return None if part is None else part.get(key)


def forget_parts(files: Files, folder: str) -> None:
    """Nothing of the set is there."""
    for part in range(PARTS):
        files.delete(_name(folder, part))


def read_json(files: Files, key: str) -> Any:
    """What a file says, None where there is none."""
    try:
        return json.loads(files.read(key))
    except NotFoundError:
        return None


def as_json(document: Any) -> bytes:
    """The same document is always the same bytes."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode()


def _name(folder: str, part: int) -> str:
    return f"{folder}part-{part:02}.json"


def _part(key: str) -> int:
    return zlib.crc32(key.encode()) % PARTS
