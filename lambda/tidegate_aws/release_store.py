"""Pointers, locks, declarations and release records in DynamoDB. Every write is conditional."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidegate.errors import ConflictError, LockedError, NotFoundError
from tidegate.pointer import Declaration, LivePointer
from tidegate.release import LogEntry, ReleaseRecord
from tidegate.split import SplitDocument
from tidegate_aws import release_items as at
from tidegate_aws.items import (
    DOCUMENT,
    document,
    key,
    number,
    read_document,
    read_number,
    text,
    when_absent,
    when_absent_or_at_most,
    when_absent_or_equal,
    when_equal,
)
from tidegate_aws.splits import DynamoSplits
from tidegate_aws.table import CancelledError, Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tidegate_aws.items import Item

ADMITTED_KEPT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoReleaseStore:
    """Port `ReleaseStore` over the release table, named by `table`."""

    client: DynamoDBClient
    table: str

    @property
    def _rows(self) -> Table:
        return Table(client=self.client, name=self.table)

    def pointer(self, model: str) -> LivePointer | None:
        """The live pointer of a model, None before its first deploy was verified."""
        item = self._rows.get(at.model_key(model), at.POINTER)
        return None if item is None else LivePointer.from_json(read_document(item))

    def put_pointer(self, pointer: LivePointer) -> None:
        """Write a pointer of the next generation; ConflictError when it is not the next one."""
        if not self._rows.put_if(at.pointer_item(pointer), _next_generation(pointer)):
            raise ConflictError(
                f"pointer of {pointer.model} cannot become generation {pointer.generation}: "
                "somebody moved it, read it again"
            )

    def declaration(self, model: str) -> Declaration | None:
        """What the last verified deploy declared."""
        item = self._rows.get(at.model_key(model), at.DECLARATION)
        return None if item is None else Declaration.from_json(read_document(item))

    def admitted(self, model: str) -> tuple[dict[str, str], ...]:
        """Digests by slot of the verified deploys, newest first (the last five)."""
        item = self._rows.get(at.model_key(model), at.ADMITTED)
        return () if item is None else tuple(read_document(item))

    def put_declaration(self, declaration: Declaration) -> None:
        """Remember a verified deploy, as the declaration and among the admitted ones."""
        model = declaration.model
        item = self._rows.get(at.model_key(model), at.ADMITTED)
        known = [] if item is None else read_document(item)
        revision = 0 if item is None else read_number(item, "revision")
        newest = declaration.digests()
        kept = [newest, *(earlier for earlier in known if earlier != newest)][:ADMITTED_KEPT]
        admitted: Item = {
            **key(at.model_key(model), at.ADMITTED),
            DOCUMENT: document(kept),
            "revision": number(revision + 1),
        }
        unchanged = when_absent() if item is None else when_equal(revision=number(revision))
        self._rows.transact(
            [
                self._rows.put(admitted, unchanged),
                self._rows.put(at.declaration_item(declaration)),
                self._rows.put(key(at.MODELS, model)),
            ]
        )

    def forget(self, model: str) -> None:
        """Remove all that is known of a model but its releases; LockedError while one is open."""
        partition = at.model_key(model)
        kinds = (at.POINTER, at.DECLARATION, at.ADMITTED, at.SPLIT)
        try:
            self._rows.transact(
                [
                    self._rows.check(partition, at.LOCK, when_absent()),
                    *(self._rows.delete(partition, kind) for kind in kinds),
                    self._rows.delete(at.MODELS, model),
                ]
            )
        except CancelledError as error:
            if error.failed(0):
                raise self._locked(model) from error
            raise

    def models(self) -> tuple[str, ...]:
        """Names of all models that have a declaration."""
        return tuple(item["sk"]["S"] for item in self._rows.partition(at.MODELS))

    def lock_holder(self, model: str) -> str | None:
        """Id of the release that holds the model, None when nobody does."""
        item = self._rows.get(at.model_key(model), at.LOCK)
        return None if item is None else item["holder"]["S"]

    def open(self, record: ReleaseRecord, entry: LogEntry) -> None:
        """Take the lock and write the first record at once; LockedError names the holder.

        Opening the same release again does nothing. ConflictError when pointer, declaration or
        split are no longer those that the record was made of.
        """
        holder = text(record.release_id)
        actions = [
            self._rows.put(at.record_item(record), when_absent()),
            self._rows.put(at.lock_item(record), when_absent_or_equal(holder=holder)),
            self._rows.put(at.log_item(record.release_id, entry, revision=0, place=0)),
            self._rows.put(at.index_item(record)),
            *self._made_of_what_is_there(record),
        ]
        try:
            self._rows.transact(actions)
        except CancelledError as error:
            if error.failed(0):
                return
            if error.failed(1):
                raise self._locked(record.model) from error
            raise

    def _made_of_what_is_there(self, record: ReleaseRecord) -> list[dict[str, Any]]:
        live = record.live
        partition = at.model_key(record.model)
        declared = {f"digest_{held.slot}": text(held.version.digest) for held in record.challengers}
        pointer = when_equal(slot=text(live.slot.value), digest=text(live.version.digest))
        config = when_equal(config_name=text(record.endpoint_config_name), **declared)
        split = when_absent_or_equal(version=number(record.split_version))
        return [
            self._rows.check(partition, at.POINTER, pointer),
            self._rows.check(partition, at.DECLARATION, config),
            self._rows.check(partition, at.SPLIT, split),
        ]

    def _locked(self, model: str) -> ConflictError | LockedError:
        holder = self.lock_holder(model)
        if holder is None:
            return ConflictError(f"the lock of {model} was freed in this moment, try again")
        return LockedError(model=model, holder=holder)

    def load(self, release_id: str) -> ReleaseRecord:
        """The record of a release, strongly consistent; NotFoundError when there is none."""
        item = self._rows.get(at.release_key(release_id), at.RECORD)
        if item is None:
            raise NotFoundError(
                f"no release {release_id}: 'tidegate release status' lists the releases of a model"
            )
        return ReleaseRecord.from_json(read_document(item))

    def save(self, record: ReleaseRecord, entries: Sequence[LogEntry] = ()) -> ReleaseRecord:
        """Write record and log entries at once and return the record with its new revision.

        ConflictError when somebody wrote since the record was loaded.
        """
        saved, actions = self._revision(record, entries)
        self._rows.transact(actions)
        return saved

    def settle(
        self,
        record: ReleaseRecord,
        entries: Sequence[LogEntry],
        *,
        pointer: LivePointer | None,
        split: SplitDocument,
    ) -> ReleaseRecord:
        """Write final record and split, move the pointer if given, free the lock: all at once.

        ConflictError when somebody wrote the record, or moved the pointer, in between.
        """
        saved, actions = self._revision(record, entries)
        own = when_equal(holder=text(record.release_id))
        actions.append(self._rows.delete(at.model_key(record.model), at.LOCK, own))
        actions.append(self._rows.put(at.split_item(split)))
        if pointer is not None:
            actions.append(self._rows.put(at.pointer_item(pointer), _next_generation(pointer)))
        self._rows.transact(actions)
        return saved

    def _revision(
        self, record: ReleaseRecord, entries: Sequence[LogEntry]
    ) -> tuple[ReleaseRecord, list[dict[str, Any]]]:
        saved = replace(record, revision=record.revision + 1)
        unchanged = when_equal(revision=number(record.revision))
        logged = [
            at.log_item(record.release_id, entry, revision=saved.revision, place=place)
            for place, entry in enumerate(entries)
        ]
        actions = [self._rows.put(at.record_item(saved), unchanged)]
        actions.extend(self._rows.put(item) for item in logged)
        return saved, actions

    def log(self, release_id: str) -> tuple[LogEntry, ...]:
        """Every change of a release, oldest first."""
        partition = at.release_key(release_id)
        found = self._rows.between(partition, at.LOG, f"{at.LOG}~")
        return tuple(LogEntry.from_json(read_document(item)) for item in found)

    def releases(self, model: str) -> tuple[str, ...]:
        """Ids of the releases of a model, newest first."""
        listed = self._rows.partition(at.index_key(model))
        return tuple(item["release_id"]["S"] for item in reversed(listed))

    def split(self, model: str) -> SplitDocument | None:
        """The split document of a model."""
        return DynamoSplits(client=self.client, table=self.table).split(model)

    def put_split(self, document: SplitDocument) -> None:
        """Write the document unless a newer version is there (then nothing happens)."""
        not_newer = when_absent_or_at_most(version=number(document.version))
        self._rows.put_if(at.split_item(document), not_newer)


def _next_generation(pointer: LivePointer) -> dict[str, Any]:
    if pointer.generation == 1:
        return when_absent()
    return when_equal(generation=number(pointer.generation - 1))
