"""A delivery's tasks: open starts what waits, follow looks whether all of it is over, and served.

Each may run twice: what was started is found again by its name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tidegate.delivery.review import (
    Delivery,
    ModelStanding,
    Standing,
    known_bad,
    of_record,
    own_releases,
    review,
)
from tidegate.errors import NotFoundError, ReleaseRefusedError
from tidegate.loop import operate
from tidegate.loop.prepare import StartRequest, deployed_model
from tidegate.loop.readback import in_service
from tidegate.ports import Clock, Executions, ReleaseStore
from tidegate.release import Phase
from tidegate.traffic import Traffic

LEAST_WAIT_SECONDS = 30
MOST_WAIT_SECONDS = 3_600
"""The longer a delivery lasts the less often it is looked at: 100 days of looks fit one history."""

ACTION_SECONDS = 7 * 86_400
"""How long an action may wait for a machine (CodePipeline User Guide, "Quotas")."""

_ANEW = "a retry of the stage releases the version anew"

_SOON_SECONDS = 3_600
"""What ends this shortly before the action's limit may be seen by neither: it counts as over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What a delivery needs of the stage's world."""

    store: ReleaseStore
    traffic: Traffic
    executions: Executions
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a delivery stands. `started` are the releases that its machine waits for, by model.

    `outlasted`: the pipeline's action has given up waiting, so that its stage must be retried.
    """

    delivery: Delivery
    started_at: float
    models: tuple[ModelStanding, ...]
    started: dict[str, str]
    wait_seconds: int
    outlasted: bool

    @property
    def standing(self) -> Standing:
        """Open while any model is; then failed if any is."""
        found = {each.standing for each in self.models}
        for worst in (Standing.OPEN, Standing.WAITING, Standing.FAILED):
            if worst in found:
                return Standing.OPEN if worst is Standing.WAITING else worst
        return Standing.DELIVERED

    @property
    def reason(self) -> str:
        """A sentence a model; of a failure those that failed."""
        failed = [m for m in self.models if m.standing is Standing.FAILED]
        told = failed if failed and self.standing is Standing.FAILED else self.models
        return "; ".join(each.reason for each in told) or "no model is deployed in this stage"

    def to_json(self) -> dict[str, Any]:
        """The progress in JSON types, as the machine hands it on."""
        return {
            "delivery_id": self.delivery.id,
            "round": self.delivery.round,
            "who": self.delivery.who,
            "started_at": self.started_at,
            "started": dict(self.started),
            "standing": self.standing.value,
            "reason": self.reason,
            "wait_seconds": self.wait_seconds,
            "outlasted": self.outlasted,
        }


def open_delivery(ports: Ports, delivery: Delivery) -> Progress:
    """Everything that waits is being released, or the progress says why it is not."""
    started: dict[str, str] = {}
    models = [_opened(ports, delivery, each, started) for each in review(ports.store, delivery)]
    now = ports.clock.now()
    return _progress(delivery, models, started, began=now, now=now)


def follow_delivery(
    ports: Ports, delivery: Delivery, *, started: dict[str, str], started_at: float
) -> Progress:
    """Where the releases stand now. One that was started and left no record was refused."""
    seen = [_followed(ports, delivery, m, started) for m in review(ports.store, delivery)]
    models = [_served(ports, each) for each in seen]
    return _progress(delivery, models, started, began=started_at, now=ports.clock.now())


def verify_delivery(ports: Ports, delivery: Delivery) -> Progress:
    """Whether all is delivered, and what serves is what the live pointers say."""
    seen = [_late(each) for each in review(ports.store, delivery)]
    models = [_served(ports, each) for each in seen]
    now = ports.clock.now()
    return _progress(delivery, models, {}, began=now, now=now)


def _progress(
    delivery: Delivery,
    models: Iterable[ModelStanding],
    started: dict[str, str],
    *,
    began: float,
    now: float,
) -> Progress:
    lasted = now - began
    wait = min(MOST_WAIT_SECONDS, max(LEAST_WAIT_SECONDS, int(lasted / 10)))
    return Progress(
        delivery=delivery,
        started_at=began,
        models=tuple(models),
        started=started,
        wait_seconds=wait,
        outlasted=lasted > ACTION_SECONDS - _SOON_SECONDS,
    )


def _opened(
    ports: Ports, delivery: Delivery, found: ModelStanding, started: dict[str, str]
) -> ModelStanding:
    if found.standing is Standing.OPEN and found.release_id is not None:
        started[found.model] = found.release_id
    if found.standing is not Standing.WAITING:
        return found
    declaration, pointer = deployed_model(ports.store, found.model)
    bad = known_bad(ports.store, found.model, declaration.idle(pointer.slot))
    if bad is not None:
        return _as(found, Standing.FAILED, bad)
    number = len(own_releases(ports.store, delivery, found.model)) + 1
    release_id = f"{delivery.prefix(found.model)}{number}"
    request = StartRequest(release_id=release_id, model=found.model, who=delivery.who)
    try:
        operate.start(
            store=ports.store,
            traffic=ports.traffic,
            executions=ports.executions,
            request=request,
        )
    except ReleaseRefusedError as error:
        return _as(found, Standing.FAILED, f"{found.model}: {error}")
    started[found.model] = release_id
    return ModelStanding(
        model=found.model,
        standing=Standing.OPEN,
        reason=f"{found.model}: release {release_id} was started",
        release_id=release_id,
    )


def _followed(
    ports: Ports, delivery: Delivery, found: ModelStanding, started: dict[str, str]
) -> ModelStanding:
    """A release that was aborted stays failed here: only a retry starts another one."""
    release_id = started.get(found.model)
    if release_id is None:
        return _late(found)
    own = own_releases(ports.store, delivery, found.model)
    if own:
        # Read after the review: it may have been opened since.
        standing = of_record(own[0])
        if own[0].phase is not Phase.ABORTED:
            return standing
        return _as(standing, Standing.FAILED, f"{standing.reason}; it was aborted: {_ANEW}")
    if ports.executions.running(release_id=release_id, epoch=1):
        return _as(found, Standing.OPEN, f"{found.model}: release {release_id} begins")
    reason = f"{found.model}: release {release_id} was refused, its execution says why"
    return _as(found, Standing.FAILED, reason)


def _late(found: ModelStanding) -> ModelStanding:
    """What still waits now was not released: something was deployed, or aborted, in between."""
    if found.standing is not Standing.WAITING:
        return found
    return _as(found, Standing.FAILED, f"{found.reason}, and nobody released it")


def _served(ports: Ports, found: ModelStanding) -> ModelStanding:
    """A delivered model, once all its traffic was read back from the slot that is live."""
    if found.standing is not Standing.DELIVERED:
        return found
    declaration, pointer = deployed_model(ports.store, found.model)
    try:
        state = ports.traffic.read(declaration)
    except NotFoundError as error:
        return _as(found, Standing.FAILED, f"{found.reason}, but {error}")
    shares = {slot: share for slot, share in state.shares().items() if share > 0}
    if in_service(state) and set(shares) == {pointer.slot.value}:
        return found
    told = f"{state.status}, traffic goes to {shares or 'nothing'}"
    return _as(found, Standing.FAILED, f"{found.reason}, but its endpoint is {told}")


def _as(found: ModelStanding, standing: Standing, reason: str) -> ModelStanding:
    return ModelStanding(
        model=found.model, standing=standing, reason=reason, release_id=found.release_id
    )
