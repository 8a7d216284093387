"""The watch over deploys as it is deployed: its handler, moto's AWS."""

from dataclasses import replace

import watch_release.handler
from tests import samples
from tests.samples import MODEL, RELEASE
from tests.unit.tidegate.guardrail.guardrail_world import PLAN
from tidegate.release import Phase
from tidegate_aws.clock import CloudClock
from tidegate_aws.release_store import DynamoReleaseStore

GONE = "arn:aws:cloudformation:eu-west-1:123456789012:stack/gone/00000000"
EVENT = {"release_id": RELEASE, "stack_id": GONE}


def opened(store: DynamoReleaseStore, **changes: object) -> None:
    """A release by guardrail is open."""
    store.open(samples.record(plan=PLAN), samples.entry())
    if changes:
        store.save(replace(store.load(RELEASE), **changes))  # type: ignore[arg-type]


def test_a_release_whose_deploy_is_over_is_closed(store: DynamoReleaseStore):
    """The old configuration serves, so it is rolled back; the machine goes on to report it."""
    opened(store)
    answer = watch_release.handler.handle(EVENT, None)
    assert (answer["next"], answer["release_id"], answer["epoch"]) == ("report", RELEASE, 1)
    assert store.load(RELEASE).phase is Phase.ROLLED_BACK
    assert store.lock_holder(MODEL) is None


def test_the_new_fleet_is_judged_before_its_release_is_closed(store: DynamoReleaseStore):
    """CloudWatch is asked, and having counted nothing is too little to say anything."""
    opened(store, endpoint_config_name="before-it", started_at=CloudClock().now() - 600)
    watch_release.handler.handle(EVENT, None)
    record = store.load(RELEASE)
    assert record.phase is Phase.PROMOTED
    assert record.verdict is not None
    assert record.verdict.kind == "hold"


def test_looking_again_at_what_is_over_changes_nothing(store: DynamoReleaseStore):
    """A task may run twice."""
    opened(store)
    watch_release.handler.handle(EVENT, None)
    before = store.load(RELEASE)
    assert watch_release.handler.handle(EVENT, None)["next"] == "report"
    assert store.load(RELEASE) == before
