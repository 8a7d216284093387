"""Runs: each week or when asked for, everything known is imported, learnt from, and asked for."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tidegate.ai.kind import Arrived, Done, Progress
from tidegate.ai.parts import JSON, as_json, forget_parts, read_json, write_parts
from tidegate.ai.personalize.arms import SETS, current_of, name_of
from tidegate.ai.personalize.learning import (
    answers_of,
    asked_arms,
    engine_of,
    served_arms,
    version_of,
    write_tables,
)
from tidegate.ai.personalize.popular import learn_popular
from tidegate.ai.personalize.resources import tables_of
from tidegate.ai.personalize.settings import LEAST_INTERACTIONS, LEAST_USERS
from tidegate.ai.personalize.tables import (
    INTERACTIONS,
    digest_of,
    interactions_in,
    known_rows,
)
from tidegate.ai.ports import Given, ServicePorts
from tidegate.ai.steps import Engine, Over, Step, again, started, waiting

EVENTS = "events/"
"""What keys of notes begin with that events came on a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnResult:
    """What came of a run. `made` is false where there was nothing to learn from; `why` says it.

    `users` are those for whom something is recommended in advance, by any arm; 0 with a campaign.
    """

    made: bool
    why: str | None = None
    users: int = 0
    without: int = 0


def note_events(ports: ServicePorts) -> None:
    """That events came today is known: a run has news then."""
    ports.files.write_once(f"{EVENTS}{_day(ports.clock.now())}", b"", content_type="text/plain")


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, tz=UTC).date().isoformat()


def begin_run(arrived: Arrived, ports: ServicePorts) -> Progress:
    """A run that is asked for is under way."""
    return _begin(arrived, ports, _digest(ports))


def begin_scheduled(arrived: Arrived, ports: ServicePorts) -> Progress:
    """If anything came since the last run, the next one is under way."""
    digest = _digest(ports)
    if all(_is_fresh(arm, digest, ports) for arm in ports.arms):
        return Done(result=LearnResult(made=False, why="nothing came since the last run"))
    return _begin(arrived, ports, digest)


def _is_fresh(arm: Given, digest: str, ports: ServicePorts) -> bool:
    last = read_json(ports.files, current_of(arm))
    return last is not None and last["digest"] == digest and not _events_since(last, ports)


def _events_since(last: Mapping[str, Any], ports: ServicePorts) -> bool:
    """Events of the day itself count, too: an hour of them is not worth more notes."""
    return any(key >= f"{EVENTS}{_day(last['began'])}" for key in ports.files.keys(EVENTS))


def _digest(ports: ServicePorts) -> str:
    return digest_of({table: known_rows(table, ports) for table in tables_of(ports.settings)})


def _begin(arrived: Arrived, ports: ServicePorts, digest: str) -> Progress:
    few = _too_few(ports)
    if few is not None:
        return Done(result=LearnResult(made=False, why=few))
    write_tables(arrived, ports)
    learn_popular(ports)
    engine, now = engine_of(ports), ports.clock.now()
    step = Step(
        name=engine.first(None),
        number=1,
        began=now,
        model=None,
        trained=False,
        digest=digest,
        run_began=now,
    )
    return started(arrived, step, engine, ports)


def _too_few(ports: ServicePorts) -> str | None:
    """Why Personalize would not train: said before it bills the import."""
    by_user: dict[str, int] = {}
    for user, _, _ in interactions_in(known_rows(INTERACTIONS, ports)):
        by_user[user] = by_user.get(user, 0) + 1
    interactions, users = sum(by_user.values()), sum(count >= 2 for count in by_user.values())
    if interactions >= LEAST_INTERACTIONS and users >= LEAST_USERS:
        return None
    return (
        f"a training takes {LEAST_INTERACTIONS} interactions and {LEAST_USERS} users with two at "
        f"least, there are {interactions} and {users}"
    )


def look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """The step goes on, is tried again, or is followed by the next one; the last brings the set."""
    engine, step = engine_of(ports), Step.of(state)
    here = engine.steps[step.name]
    found = here.look(arrived, step, ports)
    if found is None:
        return waiting(step)
    if not isinstance(found, Over):
        return again(arrived, step, found, engine=engine, ports=ports)
    if found.model is not None:
        step = step.changed(model=found.model, trained=True)
    following = here.follows(step)
    if following is not None:
        after = step.changed(name=following, number=1, began=ports.clock.now())
        return started(arrived, after, engine, ports)
    return _made(arrived, step, engine=engine, ports=ports)


def _made(arrived: Arrived, step: Step, *, engine: Engine, ports: ServicePorts) -> Progress:
    """Each arm answers by what was made for it."""
    there: set[str] = set()
    every: set[str] = set()
    for arm in asked_arms(step, ports):
        documents = dict(_recommended(answers_of(arm, arrived, ports)))
        found = {user: items for user, items in documents.items() if items}
        folder = f"{SETS}{arrived.work}/{name_of(arm)}/"
        write_parts(ports.files, folder, found)
        _tell(arm, step, ports, folder=folder)
        every |= set(documents)
        there |= set(found)
    for arm in served_arms(step, ports):
        _tell(arm, step, ports, folder=None)
    _forget_gone(ports)
    engine.clean(arrived, step, ports)
    ports.metrics.put("RecommendedUsers", len(there))
    return Done(result=LearnResult(made=True, users=len(there), without=len(every - there)))


def _tell(arm: Given, step: Step, ports: ServicePorts, *, folder: str | None) -> None:
    """The newest run is what the arm answers by; of an older set nothing is left."""
    before = read_json(ports.files, current_of(arm))
    if before is not None and before["began"] > step.run_began:
        return
    told = {
        "folder": folder,
        "began": step.run_began,
        "made_at": ports.clock.now(),
        "digest": step.digest,
        "version": version_of(arm, step),
    }
    ports.files.write(current_of(arm), as_json(told), content_type=JSON)
    old = None if before is None else before["folder"]
    if old is not None and old != folder:
        forget_parts(ports.files, old)


def _forget_gone(ports: ServicePorts) -> None:
    """Nothing is left of what was made for arms that are no more."""
    here = {current_of(arm) for arm in ports.arms}
    for key in ports.files.keys(SETS):
        if key.endswith(".json") and key.count("/") == 1 and key not in here:
            told = read_json(ports.files, key)
            if told is not None and told["folder"] is not None:
                forget_parts(ports.files, told["folder"])
            ports.files.delete(key)


def _recommended(tables: Iterator[str]) -> Iterator[tuple[str, list[list[Any]]]]:
    """Each user with items and scores; nothing where Personalize had an error for the user."""
    for table in tables:
        for line in table.splitlines():
            if not line.strip():
                continue
            told = json.loads(line)
            output = told.get("output")
            items = () if output is None else output["recommendedItems"]
            scores = () if output is None else output.get("scores", ())
            padded = [*scores, *([None] * (len(items) - len(scores)))]
            yield (
                str(told["input"]["userId"]),
                [[str(item), score] for item, score in zip(items, padded, strict=True)],
            )
