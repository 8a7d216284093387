"""Where the release table keeps what: primary keys, and items to values and back."""

from __future__ import annotations

from tidegate_aws.items import DOCUMENT, document, key, number, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.pointer import Declaration, LivePointer
    from tidegate.release import LogEntry, ReleaseRecord
    from tidegate.split import SplitDocument
    from tidegate_aws.items import Item

POINTER, DECLARATION, ADMITTED = "pointer", "declaration", "admitted"
LOCK, SPLIT, RECORD, LOG = "lock", "split", "record", "log#"
SHARES = "shares"
MODELS = "models"
ENTRIES_A_REVISION = 100
"""A log entry's number is its record's revision times this, plus its place: unique and in order."""


def model_key(model: str) -> str:
    """The partition of a model."""
    return f"model#{model}"


def release_key(release_id: str) -> str:
    """The partition of a release."""
    return f"release#{release_id}"


def index_key(model: str) -> str:
    """The partition that lists a model's releases in the order of their start."""
    return f"releases#{model}"


def pointer_item(pointer: LivePointer) -> Item:
    """The live pointer, with what conditions compare."""
    return {
        **key(model_key(pointer.model), POINTER),
        DOCUMENT: document(pointer.to_json()),
        "generation": number(pointer.generation),
        "slot": text(pointer.slot.value),
        "digest": text(pointer.version.digest),
    }


def declaration_item(declaration: Declaration) -> Item:
    """The declaration, with what conditions compare."""
    digests = {f"digest_{slot}": text(d) for slot, d in declaration.digests().items()}
    return {
        **key(model_key(declaration.model), DECLARATION),
        DOCUMENT: document(declaration.to_json()),
        "config_name": text(declaration.endpoint_config_name),
        **digests,
    }


def split_item(split: SplitDocument) -> Item:
    """The split document, with its version."""
    return {
        **key(model_key(split.model), SPLIT),
        DOCUMENT: document(split.to_json()),
        "version": number(split.version),
    }


def record_item(record: ReleaseRecord) -> Item:
    """The record, with its revision."""
    return {
        **key(release_key(record.release_id), RECORD),
        DOCUMENT: document(record.to_json()),
        "revision": number(record.revision),
        "epoch": number(record.epoch),
        "model": text(record.model),
        "phase": text(record.phase.value),
    }


def log_item(release_id: str, entry: LogEntry, *, revision: int, place: int) -> Item:
    """One log entry, written with this revision of the record."""
    if not 0 <= place < ENTRIES_A_REVISION:
        raise ValueError(f"a revision logs at most {ENTRIES_A_REVISION} entries, got {place + 1}")
    sequence = revision * ENTRIES_A_REVISION + place
    return {
        **key(release_key(release_id), f"{LOG}{sequence:08d}"),
        DOCUMENT: document(entry.to_json()),
    }


def lock_item(record: ReleaseRecord) -> Item:
    """The lock of a model, held by a release."""
    return {
        **key(model_key(record.model), LOCK),
        "holder": text(record.release_id),
        "taken_at": number(record.started_at),
    }


def index_item(record: ReleaseRecord) -> Item:
    """The line that lists a release under its model."""
    return {
        **key(index_key(record.model), f"{int(record.started_at):012d}#{record.release_id}"),
        "release_id": text(record.release_id),
    }
