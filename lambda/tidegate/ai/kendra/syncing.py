"""Documents that come, and the index that follows them.

A document is copied to where it is searched, after the file that says who reads it, and waits for a
run that began later. Copying twice changes nothing, and any run will do: nothing is remembered but
when the document was copied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from tidegate.ai.kendra.documents import document_key, metadata, metadata_key, readers_of
from tidegate.ai.kendra.engines import Run, RunState, engine_of
from tidegate.ai.kendra.settings import LONGEST_ADDRESS, MOST_BYTES, KendraSettings
from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, unusable
from tidegate.errors import NotFoundError

MOST_RUNS = 3
"""How often a run may fail before a document is a dead letter."""
_LOOK_SECONDS = 30
_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """A document can be found, by these groups."""

    document: str
    readers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """The index is as the files are."""

    documents: Annotated[Mapping[str, int], "scanned, added, changed, forgotten, failed."]


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """The document is where it is searched, and a run that began later is waited for."""
    settings: KendraSettings = ports.settings
    readers = _readers(arrived, settings)
    _require_address(arrived, ports)
    try:
        content = ports.files.read(arrived.key)
    except NotFoundError as error:
        raise unusable("the file is gone: send it again") from error
    told = metadata(readers, settings.engine)
    ports.files.write(metadata_key(arrived.name), told, content_type="application/json")
    ports.files.write(document_key(arrived.name), content, content_type=_TYPE)
    return look(arrived, {"since": ports.clock.now()}, ports)


def _readers(arrived: Arrived, settings: KendraSettings) -> tuple[str, ...]:
    if arrived.size > MOST_BYTES:
        raise unusable(f"the document has {arrived.size} bytes, at most {MOST_BYTES}: send parts")
    readers = readers_of(arrived.name, settings)
    if readers is None:
        begins = ", ".join(sorted(settings.readers))
        raise unusable(f"nobody reads documents of that name: names begin with {begins}")
    return readers


def _require_address(arrived: Arrived, ports: ServicePorts) -> None:
    length = len(ports.files.uri(document_key(arrived.name)))
    if length > LONGEST_ADDRESS:
        more = length - LONGEST_ADDRESS
        raise unusable(f"the name is too long by {more} characters: shorten it")


def look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """Whether the document is in the index, once a run that began later is over."""
    waits = _waited(state, ports)
    if waits is not None:
        return waits
    settings: KendraSettings = ports.settings
    uri = ports.files.uri(document_key(arrived.name))
    fault = engine_of(settings).fault(uri, ports)
    if fault is not None:
        raise unusable(f"the document cannot be searched: {fault}")
    readers = readers_of(arrived.name, settings)
    return Done(result=Indexed(document=arrived.name, readers=readers or ()))


def begin_sync(_moment: Arrived, ports: ServicePorts) -> Progress:
    """A run goes on."""
    return look_at_sync(_moment, {"since": ports.clock.now()}, ports)


def look_at_sync(_moment: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """What the run counted, once it is over."""
    waits = _waited(state, ports)
    if waits is not None:
        return waits
    run = _done(engine_of(ports.settings).runs(ports), float(state["since"]))
    return Done(result=Synced(documents={} if run is None else run.counts))


def _waited(state: Mapping[str, Any], ports: ServicePorts) -> Waiting | None:
    """None once a run that began since then is over; until then one goes on.

    CallFailedError where runs fail again and again.
    """
    since = float(state["since"])
    engine = engine_of(ports.settings)
    runs = engine.runs(ports)
    if _done(runs, since) is not None:
        return None
    if not any(run.state is RunState.GOING for run in runs):
        failed = [run for run in runs if run.state is RunState.FAILED and run.began >= since]
        if len(failed) >= MOST_RUNS:
            message = f"{len(failed)} runs failed, the last is {failed[0].id}"
            raise CallFailedError(operation="sync", code="RunsFailed", message=message)
        engine.start(ports)
    return Waiting(state=dict(state), seconds=_LOOK_SECONDS)


def _done(runs: Sequence[Run], since: float) -> Run | None:
    return next((r for r in runs if r.state is RunState.DONE and r.began >= since), None)
