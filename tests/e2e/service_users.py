"""People who ask a service that is released, and say whether they liked what they got."""

import itertools
import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from cli.deployed import Deployed
from cli.frontdoor import door_of
from cli.verbs import abort_release, start_release
from cli.watch import finished, first_view
from tests.e2e.services import ServicesWorld, until
from tidegate.observation import OutcomeKind
from tidegate.version import Version
from tidegate.view import ReleaseView

_AT_ONCE, _ASKS = 8, 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What people ask of which service, and which share of them likes an answer.

    Where complaints are told, whoever likes an answer says nothing; where conversions are, whoever
    does not. `of_user` are fields of each one's own, by a running number; `liked` finds all fields
    in the answer, too, as `asked`. Where nothing is told the door knows by itself, and nobody is
    named: a field says who it is.
    """

    service: str
    route: str
    fields: Mapping[str, Any]
    liked: Callable[[Any], float]
    told: OutcomeKind | None = OutcomeKind.LABELS
    of_user: Callable[[int], Mapping[str, Any]] = lambda _number: {}

    def is_told(self, *, right: bool) -> bool:
        """Whether anything is said of an answer that was right, or was not."""
        events = {OutcomeKind.COMPLAINTS: False, OutcomeKind.CONVERSIONS: True}
        return self.told is OutcomeKind.LABELS or (
            self.told is not None and right == events[self.told]
        )


def answer(world: ServicesWorld, asked: Asked, *, user: str) -> Any:
    """What one user is answered."""
    service = world.service(asked.service)
    fields = {**asked.fields, **asked.of_user(0)}
    return service.ask(service.route(asked.route), fields, user=user).required()


def live(world: ServicesWorld, service: str) -> Version:
    """The settings that the pointer says are live."""
    pointer = world.where.deployed().store.pointer(service)
    assert pointer is not None
    return pointer.version


def released(world: ServicesWorld, asked: Asked) -> ReleaseView:
    """The view of a release when it is over; people asked all the while, of both arms."""
    deployed = world.where.deployed()
    users = Users(world=world, deployed=deployed, asked=asked)
    release = start_release(deployed, asked.service)
    first_view(deployed, release)
    with ThreadPoolExecutor(_AT_ONCE) as pool:

        def go_on() -> ReleaseView | None:
            for slot, user in pool.map(lambda _: users.ask(), range(_ASKS)):
                users.arms.setdefault(slot, set()).add(user)
            view = deployed.view(release)
            return view if finished(view) else None

        view = until(go_on, seconds=400, what="the end of the release")
    assert len(users.arms) == 2, users.arms
    return view


def end_open_release(world: ServicesWorld, service: str) -> None:
    """Nobody holds the service: what a failed story left open is taken back."""
    deployed = world.where.deployed()
    holder = deployed.store.lock_holder(service)
    if holder is not None:
        abort_release(deployed, holder, why="its story is over")
        until(lambda: _free(deployed, service), seconds=60, what="an end of the release")


def _free(deployed: Deployed, service: str) -> bool | None:
    return True if deployed.store.lock_holder(service) is None else None


@dataclass
class Users:
    """People who each ask once, and say whether they liked what they got."""

    world: ServicesWorld
    deployed: Deployed
    asked: Asked
    arms: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The door is found once."""
        self.door = door_of(self.deployed.target, url=self.deployed.api_url)
        self.service = self.world.service(self.asked.service)
        self.numbers = itertools.count()
        self.chance = random.Random(7)  # noqa: S311 - opinions, no secrets

    def ask(self) -> tuple[str, str]:
        """The slot that answered, and who asked."""
        number = next(self.numbers)
        user = f"user-{number}"
        fields = {**self.asked.fields, **self.asked.of_user(number)}
        named = None if self.asked.told is None else user
        reply = self.service.ask(self.service.route(self.asked.route), fields, user=named)
        right = self.chance.random() < self.asked.liked({**reply.required(), "asked": fields})
        assert reply.prediction_id is not None
        if self.asked.is_told(right=right):
            assert self.door.record_outcome(reply.prediction_id, wrong=not right) == 202
        return str(reply.slot), user
