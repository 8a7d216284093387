"""The contract of port `ReleaseStore`."""

from dataclasses import replace

import pytest

from tests import samples
from tests.aws import RELEASE_TABLE
from tests.fakes import FakeReleaseStore
from tests.samples import MODEL, RELEASE
from tidegate.errors import ConflictError, LockedError, NotFoundError
from tidegate.ports import ReleaseStore
from tidegate.release import Phase, ReleaseRecord
from tidegate.slots import Slot
from tidegate_aws import clients
from tidegate_aws.release_store import DynamoReleaseStore


@pytest.fixture
def store(backend: str) -> ReleaseStore:
    """An empty store."""
    if backend == "fake":
        return FakeReleaseStore()
    return DynamoReleaseStore(client=clients.dynamodb(), table=RELEASE_TABLE)


@pytest.fixture
def deployed(store: ReleaseStore) -> ReleaseStore:
    """A store that knows a model with v1 live in blue and v2 in green."""
    store.put_pointer(samples.pointer())
    store.put_split(samples.split())
    store.put_declaration(samples.declaration())
    return store


@pytest.fixture
def opened(deployed: ReleaseStore) -> ReleaseRecord:
    """A release that holds the model."""
    deployed.open(samples.record(), samples.entry())
    return deployed.load(RELEASE)


def test_an_unknown_model_has_nothing(store: ReleaseStore):
    """Whatever is asked of a model that was never deployed is absent."""
    assert store.pointer(MODEL) is None
    assert store.declaration(MODEL) is None
    assert store.split(MODEL) is None
    assert store.lock_holder(MODEL) is None
    assert store.admitted(MODEL) == ()
    assert store.releases(MODEL) == ()
    assert store.models() == ()


def test_a_pointer_reads_back(store: ReleaseStore):
    """What was written is what is read."""
    store.put_pointer(samples.pointer())
    assert store.pointer(MODEL) == samples.pointer()


def test_a_pointer_takes_the_next_generation(deployed: ReleaseStore):
    """Generation 2 follows 1."""
    deployed.put_pointer(samples.pointer("v2", Slot.GREEN, generation=2))
    assert deployed.pointer(MODEL) == samples.pointer("v2", Slot.GREEN, generation=2)


@pytest.mark.parametrize("generation", [1, 3])
def test_a_pointer_of_another_generation_is_refused(deployed: ReleaseStore, generation: int):
    """Neither the same generation again nor one too far moves the pointer."""
    with pytest.raises(ConflictError):
        deployed.put_pointer(samples.pointer("v2", Slot.GREEN, generation=generation))
    assert deployed.pointer(MODEL) == samples.pointer()


def test_a_first_pointer_is_of_generation_one(store: ReleaseStore):
    """A pointer cannot begin in the middle."""
    with pytest.raises(ConflictError):
        store.put_pointer(samples.pointer(generation=2))
    assert store.pointer(MODEL) is None


def test_a_declaration_reads_back_and_lists_its_model(store: ReleaseStore):
    """The model is known from its first declaration on."""
    store.put_declaration(samples.declaration())
    assert store.declaration(MODEL) == samples.declaration()
    assert store.models() == (MODEL,)


def test_admitted_deploys_are_the_last_five_different_ones(store: ReleaseStore):
    """Newest first; a deploy that returns moves to the front and is listed once."""
    for label in ("a", "b", "c", "d", "e", "f", "c"):
        store.put_declaration(samples.declaration(green=label))
    expected = [samples.declaration(green=label).digests() for label in ("c", "f", "e", "d", "b")]
    assert list(store.admitted(MODEL)) == expected


def test_a_forgotten_model_is_as_one_never_deployed(deployed: ReleaseStore):
    """Pointer, declaration, admitted deploys and split are gone."""
    deployed.forget(MODEL)
    assert deployed.pointer(MODEL) is None
    assert deployed.declaration(MODEL) is None
    assert deployed.split(MODEL) is None
    assert deployed.admitted(MODEL) == ()
    assert deployed.models() == ()


def test_forgetting_twice_does_nothing(deployed: ReleaseStore):
    """CloudFormation may delete again."""
    deployed.forget(MODEL)
    deployed.forget(MODEL)
    assert deployed.models() == ()


@pytest.mark.usefixtures("opened")
def test_a_model_in_a_release_is_not_forgotten(deployed: ReleaseStore):
    """The refusal names the holder, and nothing is removed."""
    with pytest.raises(LockedError) as refusal:
        deployed.forget(MODEL)
    assert refusal.value.holder == RELEASE
    assert deployed.pointer(MODEL) == samples.pointer()


def test_an_opened_release_holds_the_model(deployed: ReleaseStore):
    """Record, lock, log and index are there together."""
    deployed.open(samples.record(), samples.entry())
    assert deployed.load(RELEASE) == samples.record()
    assert deployed.lock_holder(MODEL) == RELEASE
    assert deployed.log(RELEASE) == (samples.entry(),)
    assert deployed.releases(MODEL) == (RELEASE,)


def test_a_second_release_is_refused_by_the_name_of_the_first(deployed: ReleaseStore):
    """One release a model at a time, and nothing of the second one stays."""
    deployed.open(samples.record(), samples.entry())
    with pytest.raises(LockedError) as refusal:
        deployed.open(samples.record(release_id="another"), samples.entry())
    assert refusal.value.holder == RELEASE
    with pytest.raises(NotFoundError):
        deployed.load("another")
    assert deployed.releases(MODEL) == (RELEASE,)


def test_opening_the_same_release_again_does_nothing(deployed: ReleaseStore, opened: ReleaseRecord):
    """A killed task may open twice; what happened since stays."""
    deployed.save(replace(opened, step=1), [samples.entry("step")])
    deployed.open(samples.record(), samples.entry())
    assert deployed.load(RELEASE).step == 1
    assert len(deployed.log(RELEASE)) == 2


def test_a_release_opens_only_on_the_pointer_it_read(deployed: ReleaseStore):
    """A promotion in between would make it a release backwards."""
    deployed.put_pointer(samples.pointer("v2", Slot.GREEN, generation=2))
    with pytest.raises(ConflictError):
        deployed.open(samples.record(), samples.entry())
    assert deployed.lock_holder(MODEL) is None


def test_a_release_opens_only_on_the_declaration_it_read(deployed: ReleaseStore):
    """A deploy in between put another candidate into the slot."""
    deployed.put_declaration(samples.declaration(green="v3"))
    with pytest.raises(ConflictError):
        deployed.open(samples.record(), samples.entry())
    assert deployed.lock_holder(MODEL) is None


def test_a_release_opens_only_on_the_split_it_read(deployed: ReleaseStore):
    """Split versions are used once."""
    deployed.put_split(samples.split(2))
    with pytest.raises(ConflictError):
        deployed.open(samples.record(), samples.entry())
    assert deployed.lock_holder(MODEL) is None


def test_an_unknown_release_is_not_found(store: ReleaseStore):
    """The error names it."""
    with pytest.raises(NotFoundError, match="nothing-like-it"):
        store.load("nothing-like-it")


def test_saving_raises_the_revision_and_keeps_every_field(
    deployed: ReleaseStore, opened: ReleaseRecord
):
    """The saved record is the next one's base."""
    saved = deployed.save(replace(opened, phase=Phase.BAKING, step_started_at=1.5))
    assert saved == replace(opened, phase=Phase.BAKING, step_started_at=1.5, revision=1)
    assert deployed.load(RELEASE) == saved


def test_saving_over_a_newer_revision_is_a_conflict(deployed: ReleaseStore, opened: ReleaseRecord):
    """The loser's record and log entries are not written."""
    deployed.save(replace(opened, step=1))
    with pytest.raises(ConflictError):
        deployed.save(replace(opened, step=0), [samples.entry("lost")])
    assert deployed.load(RELEASE).step == 1
    assert deployed.log(RELEASE) == (samples.entry(),)


def test_the_log_keeps_the_order_of_writing(deployed: ReleaseStore, opened: ReleaseRecord):
    """Entries of one save stay in order, and saves follow each other."""
    saved = deployed.save(opened, [samples.entry("first"), samples.entry("second")])
    deployed.save(saved, [samples.entry("third")])
    assert [e.what for e in deployed.log(RELEASE)] == ["opened", "first", "second", "third"]


def test_settling_ends_everything_at_once(deployed: ReleaseStore, opened: ReleaseRecord):
    """Record, pointer, split and lock change together."""
    moved = samples.pointer("v2", Slot.GREEN, generation=2)
    steady = samples.split(9, shares={"blue": 0, "green": 100})
    over = replace(opened, phase=Phase.PROMOTED)
    saved = deployed.settle(over, [samples.entry("promoted")], pointer=moved, split=steady)
    assert deployed.load(RELEASE) == saved == replace(over, revision=1)
    assert deployed.pointer(MODEL) == moved
    assert deployed.split(MODEL) == steady
    assert deployed.lock_holder(MODEL) is None
    assert [e.what for e in deployed.log(RELEASE)] == ["opened", "promoted"]


def test_settling_without_a_pointer_leaves_the_one_there(
    deployed: ReleaseStore, opened: ReleaseRecord
):
    """A roll-back moves nothing."""
    over = replace(opened, phase=Phase.ROLLED_BACK)
    deployed.settle(over, [], pointer=None, split=samples.split(9))
    assert deployed.pointer(MODEL) == samples.pointer()
    assert deployed.lock_holder(MODEL) is None


def test_settling_an_old_revision_changes_nothing(deployed: ReleaseStore, opened: ReleaseRecord):
    """An operator was faster: the lock stays, the pointer too."""
    deployed.save(opened)
    moved = samples.pointer("v2", Slot.GREEN, generation=2)
    with pytest.raises(ConflictError):
        deployed.settle(opened, [], pointer=moved, split=samples.split(9))
    assert deployed.lock_holder(MODEL) == RELEASE
    assert deployed.pointer(MODEL) == samples.pointer()
    assert deployed.split(MODEL) == samples.split()


def test_settling_on_a_moved_pointer_changes_nothing(deployed: ReleaseStore, opened: ReleaseRecord):
    """Generations are used once."""
    deployed.put_pointer(samples.pointer("v2", Slot.GREEN, generation=2))
    again = samples.pointer("v2", Slot.GREEN, generation=2)
    with pytest.raises(ConflictError):
        deployed.settle(opened, [], pointer=again, split=samples.split(9))
    assert deployed.load(RELEASE) == opened
    assert deployed.lock_holder(MODEL) == RELEASE


def test_a_settled_model_can_be_released_again(deployed: ReleaseStore, opened: ReleaseRecord):
    """The lock is free for the next one, and the newest release comes first."""
    deployed.settle(
        replace(opened, phase=Phase.ROLLED_BACK), [], pointer=None, split=samples.split(9)
    )
    later = samples.record(
        release_id="flights-later", split_version=9, started_at=samples.START + 3600
    )
    deployed.open(later, samples.entry())
    assert deployed.lock_holder(MODEL) == "flights-later"
    assert deployed.releases(MODEL) == ("flights-later", RELEASE)


def test_a_release_that_is_over_cannot_settle_the_next_one_s_lock(
    deployed: ReleaseStore, opened: ReleaseRecord
):
    """A late repetition changes nothing of the release that holds the model now."""
    over = deployed.settle(
        replace(opened, phase=Phase.ABORTED), [], pointer=None, split=samples.split(9)
    )
    deployed.open(samples.record(release_id="next", split_version=9), samples.entry())
    with pytest.raises(ConflictError):
        deployed.settle(over, [], pointer=None, split=samples.split(10))
    assert deployed.lock_holder(MODEL) == "next"
    assert deployed.split(MODEL) == samples.split(9)


def test_a_split_is_replaced_by_its_own_version_and_newer_ones(store: ReleaseStore):
    """Writing a version again is the repetition of a killed task."""
    store.put_split(samples.split(3))
    store.put_split(samples.split(3, settling=True))
    assert store.split(MODEL) == samples.split(3, settling=True)
    store.put_split(samples.split(4))
    assert store.split(MODEL) == samples.split(4)


def test_an_older_split_changes_nothing(store: ReleaseStore):
    """A late task cannot bring an old split back."""
    store.put_split(samples.split(4))
    store.put_split(samples.split(3, settling=True))
    assert store.split(MODEL) == samples.split(4)
