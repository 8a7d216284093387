"""What whoever runs the labelling asks: how far it is, how people agree, who is believed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Annotated

from tidegate.ai.labelling.agreement import cohen_kappa, fleiss_kappa
from tidegate.ai.labelling.boxes import agreement
from tidegate.ai.labelling.gold import accuracy, evidence
from tidegate.ai.labelling.records import Annotator, Answer, Item, State
from tidegate.ai.labelling.runs import MANIFEST
from tidegate.ai.labelling.settings import IMAGE_BOXES, LabellingSettings, ours
from tidegate.ai.labelling.store import annotators, counted, items_in
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import not_found
from tidegate.errors import NotFoundError

MOST_COMPARED = 2_000
"""Items of each state whose labels are compared for one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAsked:
    """Asks how far the labelling is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two people: the items that both labelled, and how they agree there beyond chance."""

    one: str
    other: str
    items: int
    same: Annotated[float, "Share of items, or of boxes, on which they agree."]
    kappa: Annotated[float | None, "Cohen's; none of boxes, or where all is the same."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How far the labelling is."""

    items: Annotated[Mapping[str, int], "How many items there are, by state."]
    compared: Annotated[int, "Items with several labels that the figures below are of."]
    pairs: tuple[Pair, ...]
    people: int
    stopped: int
    fleiss_kappa: Annotated[float | None, "Of everybody, Fleiss'; none of boxes."] = None
    same: Annotated[float | None, "Mean share on which two people agree."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleAsked:
    """Asks about the annotators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An annotator. `evidence` of being under the limit of gold questions stops at 100."""

    person: str
    name: str
    standing: str
    labelled: int
    gold: Annotated[int, "Gold questions that were answered."]
    right: Annotated[int, "Those that were answered right."]
    accuracy: Annotated[float, "What their share of right answers is taken for."]
    evidence: Annotated[float, "How strongly gold says that they are under the limit."]
    set_aside: Annotated[int | None, "Labels that count no more."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody who ever came."""

    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestAsked:
    """Asks for the labelled manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestLink:
    """A link to the manifest of the last run, good for 15 minutes; where it is in S3."""

    get: str
    uri: str


def status(_request: StatusAsked, ports: ServicePorts) -> Status:
    """Counts are of all items; agreement is that of votes given without the others."""
    ours(ports)
    settings: LabellingSettings = ports.settings
    everybody = {person.id: person for person in annotators(ports)}
    judged = (State.DONE, State.ADJUDICATE, State.UNDECIDED)
    found = (item for state in judged for item in islice(items_in(state, ports), MOST_COMPARED))
    several = [item for item in found if len(item.votes) > 1]
    pairs = tuple(_pairs(several, everybody, settings))
    shared = sum(pair.items for pair in pairs)
    return Status(
        items={state.value: counted(state, ports) for state in State},
        compared=len(several),
        pairs=pairs,
        people=len(everybody),
        stopped=sum(person.stopped_at is not None for person in everybody.values()),
        fleiss_kappa=None if settings.task == IMAGE_BOXES else _fleiss(several, settings),
        same=sum(pair.same * pair.items for pair in pairs) / shared if shared else None,
    )


def _pairs(
    items: Iterable[Item], everybody: Mapping[str, Annotator], settings: LabellingSettings
) -> Iterable[Pair]:
    both: dict[tuple[str, str], list[tuple[Answer, Answer]]] = defaultdict(list)
    for item in items:
        votes = sorted(item.votes, key=lambda vote: vote.person)
        for one, other in combinations(votes, 2):
            both[one.person, other.person].append((one, other))
    for (one_id, other_id), answers in sorted(both.items()):
        words = [(_word(a), _word(b)) for a, b in answers]
        yield Pair(
            one=_name(one_id, everybody),
            other=_name(other_id, everybody),
            items=len(answers),
            same=_same(answers, settings),
            kappa=None if settings.task == IMAGE_BOXES else cohen_kappa(words),
        )


def _name(id_: str, everybody: Mapping[str, Annotator]) -> str:
    return everybody[id_].name if id_ in everybody else id_


def _word(answer: Answer) -> str:
    """A label as a category: sets of classes are one each."""
    return "\0".join(answer.label.classes)


def _same(answers: Sequence[tuple[Answer, Answer]], settings: LabellingSettings) -> float:
    if settings.task != IMAGE_BOXES:
        return sum(a.label == b.label for a, b in answers) / len(answers)
    least = settings.least_overlap
    shares = [agreement(a.label.boxes, b.label.boxes, least=least) for a, b in answers]
    return sum(shares) / len(shares)


def _fleiss(items: Iterable[Item], settings: LabellingSettings) -> float | None:
    full = [
        [_word(vote) for vote in item.votes]
        for item in items
        if len(item.votes) == settings.annotators_per_item
    ]
    return fleiss_kappa(full)


def people(_request: PeopleAsked, ports: ServicePorts) -> People:
    """Everybody, those first who labelled most."""
    ours(ports)
    limit = ports.settings.least_gold_right
    every = sorted(annotators(ports), key=lambda person: (-person.labelled, person.name))
    return People(people=tuple(_person(person, limit) for person in every))


def _person(person: Annotator, limit: float) -> Person:
    asked = len(person.gold)
    return Person(
        person=person.id,
        name=person.name,
        standing=person.standing.value,
        labelled=person.labelled,
        gold=asked,
        right=person.right,
        accuracy=round(accuracy(person.right, asked), 4),
        evidence=round(evidence(person.right, asked, limit=limit), 4),
        set_aside=person.set_aside,
    )


def manifest(_request: ManifestAsked, ports: ServicePorts) -> ManifestLink:
    """The link, if a run has written the manifest."""
    ours(ports)
    try:
        ports.files.read(MANIFEST)
    except NotFoundError as error:
        raise not_found("no manifest was written yet: POST run writes one") from error
    return ManifestLink(get=ports.files.link(MANIFEST, upload=False), uri=ports.files.uri(MANIFEST))
