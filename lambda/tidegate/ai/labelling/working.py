"""What people ask: the next item, and what they say of it.

Gold questions come and are answered as every item is: same ids, same fields, same times.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar

from tidegate.ai.asked_runs import ask_for_run
from tidegate.ai.labelling.boxes import Box
from tidegate.ai.labelling.gold import is_careless, is_due, next_gold
from tidegate.ai.labelling.goldfile import Gold, gold_of
from tidegate.ai.labelling.labels import Label, chosen
from tidegate.ai.labelling.records import WANTED, Annotator, Answer, Item, Standing, State
from tidegate.ai.labelling.runs import RunWanted
from tidegate.ai.labelling.settings import LabellingSettings
from tidegate.ai.labelling.steps import answered, given_back, is_for, is_same, leased
from tidegate.ai.labelling.store import (
    annotator_of,
    changed_meanwhile,
    item_of,
    items_in,
    save,
)
from tidegate.ai.limits import Between, Length, Matches
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import ProblemError, invalid, not_found
from tidegate.errors import ConflictError

T = TypeVar("T")
_TRIES = 5
_FREE: Mapping[str, Any] = {"holds": None, "holds_until": 0.0}
"""What changes of a person whose item is no longer theirs."""
_NOTHING = "no item waits for you now: others have them, or all are labelled"
_MOST_PIXELS = 100_000
_ID = Matches(pattern="[0-9a-f]{32}", words="32 hexadecimal digits")
_Pixels = Annotated[int, Between(least=0, most=_MOST_PIXELS)]
_Side = Annotated[int, Between(least=1, most=_MOST_PIXELS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextItem:
    """Asks for an item to label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBox:
    """A box in whole pixels of the image, from its upper left corner."""

    label: Annotated[str, "Its class.", Length(least=1, most=60)]
    left: _Pixels
    top: _Pixels
    width: _Side
    height: _Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody said of the item before, where people disagree; nobody is named."""

    classes: tuple[str, ...]
    boxes: tuple[DrawnBox, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An item, which is the caller's until `until` (epoch seconds); `image` is a link to it."""

    item: str
    until: int
    labelled: Annotated[int, "How many items the caller has labelled."]
    text: str | None = None
    image: str | None = None
    disputed: Annotated[tuple[Said, ...], "What others said, where they disagree."] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The item that the caller labels next; without one, `why` says what there is to do."""

    task: Task | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """What the caller says of an item."""

    item: Annotated[str, "The item's id, as it was given.", _ID]
    classes: Annotated[
        tuple[Annotated[str, Length(least=1, most=60)], ...], "Its class or classes."
    ] = ()
    boxes: Annotated[tuple[DrawnBox, ...], "Of image-boxes, all boxes.", Length(most=500)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """An item that the caller cannot label."""

    item: Annotated[str, "The item's id, as it was given.", _ID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The answer is stored; how many items the caller has labelled."""

    item: str
    labelled: int


@cache
def golds_of(settings: LabellingSettings) -> tuple[Gold, ...]:
    """The gold questions of these settings; none without a file."""
    return () if settings.gold is None else gold_of(settings.gold, settings)[0]


def next_item(_request: NextItem, ports: ServicePorts) -> Next:
    """The item that the caller holds already, or the next one that is for them."""
    task = _tried(lambda: _next(ports))
    return Next(task=task, why=_NOTHING if task is None else None)


def _tried(once: Callable[[], T]) -> T:
    """What comes of it; done again where somebody else was faster."""
    for _ in range(_TRIES):
        try:
            return once()
        except ConflictError:
            continue
    raise changed_meanwhile()


def _next(ports: ServicePorts) -> Task | None:
    annotator, now = _working(ports), ports.clock.now()
    settings: LabellingSettings = ports.settings
    if annotator.holds is not None and annotator.holds_until > now:
        task = _held(annotator, annotator.holds, ports)
        if task is not None:
            return task
    until = now + 60 * settings.lease_minutes
    if is_due(annotator.id, annotator.given, share=settings.gold_share):
        gold = next_gold(annotator.id, golds_of(settings), {*annotator.gold, *annotator.passed})
        if gold is not None:
            holder = _holding(annotator, gold.id, until)
            save(ports, annotator=holder)
            return _gold_task(gold, holder, ports)
    return _lease(annotator, until, ports)


def _working(ports: ServicePorts) -> Annotator:
    """Who signed in; ProblemError where their labels count no more."""
    annotator = annotator_of(ports)
    if annotator.standing is Standing.STOPPED:
        message = (
            "too many of your labels differ from known ones, so others label the rest: talk to "
            "whoever invited you"
        )
        raise ProblemError("stopped", message, status=403)
    return annotator


def _holding(annotator: Annotator, id_: str, until: float) -> Annotator:
    return annotator.changed(holds=id_, holds_until=until, given=annotator.given + 1)


def _held(annotator: Annotator, id_: str, ports: ServicePorts) -> Task | None:
    """The item that is the person's still, None where it was answered or went to others."""
    gold = _gold(id_, ports)
    if gold is not None:
        return (
            None
            if id_ in {*annotator.gold, *annotator.passed}
            else _gold_task(gold, annotator, ports)
        )
    item = item_of(id_, ports)
    if item is None or not is_for(item, annotator.id, ports.settings, now=ports.clock.now()):
        return None
    return _task(item, annotator, ports)


def _gold(id_: str, ports: ServicePorts) -> Gold | None:
    return next((gold for gold in golds_of(ports.settings) if gold.id == id_), None)


def _lease(annotator: Annotator, until: float, ports: ServicePorts) -> Task | None:
    settings: LabellingSettings = ports.settings
    now = ports.clock.now()
    known = frozenset(gold.id for gold in golds_of(settings))
    for state in WANTED:
        for item in items_in(state, ports):
            if item.id in known or not is_for(item, annotator.id, settings, now=now):
                continue
            holder = _holding(annotator, item.id, until)
            taken = leased(item, annotator.id, until=until, now=now)
            save(ports, item=taken, annotator=holder)
            return _task(taken, holder, ports)
    return None


def _task(item: Item, annotator: Annotator, ports: ServicePorts) -> Task:
    disputed = item.votes if item.state is State.ADJUDICATE else ()
    said = tuple(_said(answer.label) for answer in disputed)
    return _shown(item.id, item.source, annotator, ports, disputed=said)


def _gold_task(gold: Gold, annotator: Annotator, ports: ServicePorts) -> Task:
    return _shown(gold.id, gold.source, annotator, ports)


def _shown(
    id_: str,
    source: str,
    annotator: Annotator,
    ports: ServicePorts,
    *,
    disputed: tuple[Said, ...] = (),
) -> Task:
    settings: LabellingSettings = ports.settings
    return Task(
        item=id_,
        until=int(annotator.holds_until),
        labelled=annotator.labelled,
        text=None if settings.is_image else source,
        image=ports.files.link(source, upload=False) if settings.is_image else None,
        disputed=disputed,
    )


def _said(label: Label) -> Said:
    return Said(
        classes=label.classes,
        boxes=tuple(
            DrawnBox(label=b.label, left=b.left, top=b.top, width=b.width, height=b.height)
            for b in label.boxes
        ),
    )


def label(request: Labelled, ports: ServicePorts) -> Taken:
    """The answer is stored, once; an item that has all it waited for has its label."""
    settings: LabellingSettings = ports.settings
    boxes = tuple(
        Box(label=b.label, left=b.left, top=b.top, width=b.width, height=b.height)
        for b in request.boxes
    )
    given = chosen(Label(classes=request.classes, boxes=boxes), settings.task, settings.classes)
    if not isinstance(given, Label):
        raise invalid(given)
    return _tried(lambda: _label(request.item, given, ports))


def _label(id_: str, given: Label, ports: ServicePorts) -> Taken:
    annotator = _working(ports)
    gold = _gold(id_, ports)
    if gold is not None:
        return _gold_answer(gold, given, annotator, ports)
    settings: LabellingSettings = ports.settings
    item, now = _known(id_, ports), ports.clock.now()
    before = item.answer_of(annotator.id)
    if before is not None:
        return _again(item, annotator, same=before.label == given)
    if not is_for(item, annotator.id, settings, now=now):
        raise _gone()
    answer = Answer(person=annotator.id, label=given, at=now)
    done = annotator.changed(labelled=annotator.labelled + 1, **_FREE)
    save(ports, item=answered(item, answer, settings), annotator=done, labelled=id_)
    ports.metrics.put("Labels", 1)
    return Taken(item=id_, labelled=done.labelled)


def _known(id_: str, ports: ServicePorts) -> Item:
    item = item_of(id_, ports)
    if item is None:
        raise not_found("no such item: ask for the next one")
    return item


def _gone() -> ProblemError:
    message = "the item is no longer yours: it went to somebody else. Ask for the next one"
    return ProblemError("gone", message, status=409)


def _again(item: Item, annotator: Annotator, *, same: bool) -> Taken:
    """The same answer again is no fault; another one is."""
    if same:
        return Taken(item=item.id, labelled=annotator.labelled)
    message = "you labelled this item already, and otherwise: the first answer counts"
    raise ProblemError("answered", message, status=409)


def _gold_answer(gold: Gold, given: Label, annotator: Annotator, ports: ServicePorts) -> Taken:
    settings: LabellingSettings = ports.settings
    if gold.id in annotator.gold:
        return Taken(item=gold.id, labelled=annotator.labelled)
    known = {**annotator.gold, gold.id: is_same(given, gold.label, settings)}
    careless = is_careless(sum(known.values()), len(known), limit=settings.least_gold_right)
    stopped = {"standing": Standing.STOPPED, "stopped_at": ports.clock.now()} if careless else {}
    done = annotator.changed(labelled=annotator.labelled + 1, gold=known, **_FREE, **stopped)
    save(ports, annotator=done)
    ports.metrics.put("Labels", 1)
    if careless:
        ports.metrics.put("Stopped", 1)
        # Promptly; without this the next run by the clock would set the labels aside.
        ask_for_run(RunWanted(), ports)
    return Taken(item=gold.id, labelled=done.labelled)


def give_back(request: GivenBack, ports: ServicePorts) -> Taken:
    """The item goes to others, and never to the caller again."""
    return _tried(lambda: _give_back(request.item, ports))


def _give_back(id_: str, ports: ServicePorts) -> Taken:
    settings: LabellingSettings = ports.settings
    annotator, now = _working(ports), ports.clock.now()
    if _gold(id_, ports) is not None:
        passed = (*annotator.passed, id_)
        save(ports, annotator=annotator.changed(passed=passed, **_FREE))
        return Taken(item=id_, labelled=annotator.labelled)
    item = _known(id_, ports)
    if annotator.id in item.skipped:
        return Taken(item=id_, labelled=annotator.labelled)
    if not is_for(item, annotator.id, settings, now=now):
        raise _gone()
    back = given_back(item, annotator.id, settings, now=now)
    save(ports, item=back, annotator=annotator.changed(**_FREE))
    return Taken(item=id_, labelled=annotator.labelled)
