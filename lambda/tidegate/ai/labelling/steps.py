"""What becomes of an item: leased, labelled, given back, decided, opened again.

Pure functions of the item, the terms and the moment. An item goes to so many different people, to
none of them twice; a lease that is over counts for nothing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from tidegate.ai.labelling.boxes import agreement, merged
from tidegate.ai.labelling.labels import Label
from tidegate.ai.labelling.records import Answer, Item, Lease, State
from tidegate.ai.labelling.settings import IMAGE_BOXES, LabellingSettings


def is_for(item: Item, person: str, settings: LabellingSettings, *, now: float) -> bool:
    """Whether the person may label the item now."""
    if not item.is_wanted or person in item.skipped or item.answer_of(person) is not None:
        return False
    others = [lease for lease in item.leases if lease.until > now and lease.person != person]
    return len(others) < _wanted(item, settings)


def _wanted(item: Item, settings: LabellingSettings) -> int:
    """How many answers the item waits for."""
    if item.state is State.ADJUDICATE:
        return 1
    return settings.annotators_per_item - len(item.votes)


def leased(item: Item, person: str, *, until: float, now: float) -> Item:
    """The item is the person's until then; leases that are over are gone."""
    return item.changed(leases=(*_others(item, person, now), Lease(person=person, until=until)))


def _others(item: Item, person: str, now: float) -> tuple[Lease, ...]:
    return tuple(one for one in item.leases if one.until > now and one.person != person)


def answered(item: Item, answer: Answer, settings: LabellingSettings) -> Item:
    """The item with the answer, and with its label if that is the last one it waited for."""
    given = replace(answer, decides=item.state is State.ADJUDICATE)
    leases = _others(item, answer.person, answer.at)
    changed = item.changed(answers=(*item.answers, given), leases=leases)
    return settled(changed, settings, now=answer.at)


def given_back(item: Item, person: str, settings: LabellingSettings, *, now: float) -> Item:
    """The person cannot label it; it is unusable once as many say so as were to label it."""
    skipped = (*item.skipped, person)
    changed = item.changed(skipped=skipped, leases=_others(item, person, now))
    if len(skipped) < settings.annotators_per_item:
        return changed
    return replace(changed, state=State.UNUSABLE, decided_at=now)


def set_aside(item: Item, person: str, settings: LabellingSettings, *, now: float) -> Item | None:
    """The item as if the person had never answered; None where that changes nothing.

    Whoever decided between that answer and another is one of those who labelled it now.
    """
    if item.answer_of(person) is None:
        return None
    left = tuple(
        replace(answer, decides=False) for answer in item.answers if answer.person != person
    )
    if item.state is State.UNUSABLE:
        return item.changed(answers=left)
    changed = item.changed(answers=left, state=State.OPEN, label=None, decided_at=None)
    return settled(changed, settings, now=now)


def settled(item: Item, settings: LabellingSettings, *, now: float) -> Item:
    """The item with the state and the label that its answers make."""
    decision = next((answer.label for answer in item.answers if answer.decides), None)
    if decision is None and len(item.votes) < settings.annotators_per_item:
        return replace(item, state=State.OPEN, label=None)
    label = agreed(item.votes, settings) if decision is None else decision
    if label is not None:
        return replace(item, state=State.DONE, label=label, decided_at=now)
    if settings.adjudicate:
        return replace(item, state=State.ADJUDICATE)
    return replace(item, state=State.UNDECIDED, decided_at=now)


def agreed(votes: Iterable[Answer], settings: LabellingSettings) -> Label | None:
    """The label that all give, or without adjudication more than half; None where they differ."""
    labels = [vote.label for vote in votes]
    if settings.task == IMAGE_BOXES:
        return _agreed_boxes(labels, settings)
    label, most = Counter(labels).most_common(1)[0]
    needed = len(labels) if settings.adjudicate else len(labels) // 2 + 1
    return label if most >= needed else None


def _agreed_boxes(labels: list[Label], settings: LabellingSettings) -> Label | None:
    """The means of boxes, where all drew the same ones."""
    least = settings.least_overlap
    first, *others = (label.boxes for label in labels)
    if any(agreement(first, other, least=least) < 1.0 for other in others):
        return None
    return Label(boxes=merged([first, *others], least=least))


def is_same(one: Label, other: Label, settings: LabellingSettings) -> bool:
    """Whether two labels say the same: of boxes, whether each is drawn by both."""
    if settings.task != IMAGE_BOXES:
        return one == other
    return agreement(one.boxes, other.boxes, least=settings.least_overlap) == 1.0
