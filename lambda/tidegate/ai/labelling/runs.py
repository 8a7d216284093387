"""Runs, by the clock or asked for.

Labels of the careless are set aside, outcomes are told, and the manifest is written. Each part may
be killed anywhere and be done again: what is done is found done.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from tidegate.ai.kind import Arrived, Done, Progress
from tidegate.ai.labelling.confidence import class_confidences, confidence
from tidegate.ai.labelling.gold import accuracy
from tidegate.ai.labelling.manifest import Job, Sure, labelled_line, line_text
from tidegate.ai.labelling.records import Annotator, Item, Standing, State
from tidegate.ai.labelling.settings import TEXT_CLASSES, LabellingSettings
from tidegate.ai.labelling.steps import set_aside
from tidegate.ai.labelling.store import (
    annotators,
    item_of,
    items_in,
    labelled_by,
    save,
)
from tidegate.ai.ports import ServicePorts
from tidegate.errors import ConflictError

MANIFEST = "manifest/output.manifest"
"""The key of the labelled manifest."""
MANIFESTS = "manifest/"
_JSON_LINES = "application/x-ndjson"
_TOLD_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWanted:
    """Asks for a run now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDone:
    """What a run did."""

    manifest: Annotated[str, "Where the manifest is, s3://BUCKET/KEY."]
    labelled: Annotated[int, "How many items are in it."]
    set_aside: Annotated[int, "Labels of stopped people that count no more."]
    outcomes: Annotated[int, "Predictions whose outcome was told."]


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """The run, at once."""
    aside = sum(_swept(person, ports) for person in annotators(ports) if _is_left(person))
    labelled = list(items_in(State.DONE, ports))
    told = _tell(labelled, arrived.work, ports)
    return Done(
        result=RunDone(
            manifest=ports.files.uri(MANIFEST),
            labelled=write_manifest(labelled, ports),
            set_aside=aside,
            outcomes=told,
        )
    )


def _is_left(person: Annotator) -> bool:
    return person.standing is Standing.STOPPED and person.set_aside is None


def _swept(person: Annotator, ports: ServicePorts) -> int:
    """Items that the person labelled are open again; how many of their labels there were."""
    every = list(labelled_by(person.id, ports))
    for id_ in every:
        _without(id_, person.id, ports)
    save(ports, annotator=person.changed(set_aside=len(every)))
    return len(every)


def _without(id_: str, person: str, ports: ServicePorts) -> None:
    """The item is as if the person had never answered, whoever else changes it meanwhile."""
    settings: LabellingSettings = ports.settings
    while True:
        item = item_of(id_, ports)
        changed = None if item is None else set_aside(item, person, settings, now=ports.clock.now())
        if changed is None:
            return
        try:
            save(ports, item=changed)
        except ConflictError:
            continue
        return


def _tell(labelled: Iterable[Item], work: str, ports: ServicePorts) -> int:
    """Outcomes of predictions that people looked at; items remember that they were told."""
    if ports.outcomes is None:
        return 0
    waiting = [
        item for item in labelled if item.prediction is not None and not item.prediction.told
    ]
    for start in range(0, len(waiting), _TOLD_AT_ONCE):
        part = waiting[start : start + _TOLD_AT_ONCE]
        outcomes = dict(_outcome(item) for item in part)
        ports.outcomes.tell(f"{work}-{start:06}", outcomes)
        for item in part:
            _remember(item, ports)
    return len(waiting)


def _outcome(item: Item) -> tuple[str, bool]:
    if item.prediction is None or item.label is None:
        raise ValueError(f"item {item.id} is no labelled prediction")
    return item.prediction.id, item.prediction.label not in item.label.classes


def _remember(item: Item, ports: ServicePorts) -> None:
    """Told twice is credited once (docs/how-to/report-outcomes.md), so a lost write is no harm."""
    prediction = item.prediction
    if prediction is None:
        return
    try:
        save(ports, item=item.changed(prediction=replace(prediction, told=True)))
    except ConflictError:
        return


def write_manifest(labelled: Iterable[Item], ports: ServicePorts) -> int:
    """The manifest has a line for each item with a label; how many there are."""
    people = {person.id: person for person in annotators(ports)}
    lines = [line_text(_line(item, accuracy_of(people), ports)) for item in labelled]
    ports.files.write(MANIFEST, "".join(lines).encode(), content_type=_JSON_LINES)
    return len(lines)


def accuracy_of(people: Mapping[str, Annotator]) -> Callable[[str], float]:
    """How right each person is taken to be."""

    def known(person: str) -> float:
        found = people.get(person)
        return accuracy(0, 0) if found is None else accuracy(found.right, len(found.gold))

    return known


def _line(item: Item, known: Callable[[str], float], ports: ServicePorts) -> Mapping[str, Any]:
    settings: LabellingSettings = ports.settings
    each = class_confidences(item, settings, known) if settings.task == TEXT_CLASSES else {}
    return labelled_line(
        item,
        settings,
        job=Job(service=ports.service, address=ports.files.uri("")),
        sure=Sure(label=confidence(item, settings, known), each=each),
    )
