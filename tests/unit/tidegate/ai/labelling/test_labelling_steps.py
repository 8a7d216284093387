"""What becomes of an item, whoever does what in whatever order."""

from hypothesis import given
from hypothesis import strategies as st

from tidegate.ai.labelling.boxes import Box
from tidegate.ai.labelling.labels import Label
from tidegate.ai.labelling.records import Answer, Item, State
from tidegate.ai.labelling.settings import LabellingSettings
from tidegate.ai.labelling.steps import answered, given_back, is_for, leased, set_aside
from tidegate.ai.typed import to_json

TWO = LabellingSettings(task="text-class", classes=("a", "b", "c"))
THREE = LabellingSettings(
    task="text-class", classes=("a", "b", "c"), annotators_per_item=3, adjudicate=False
)
NEW = Item(id="i", source="a text", came_at=0.0)


def said(person: str, name: str, at: float = 1.0) -> Answer:
    """What a person says."""
    return Answer(person=person, label=Label(classes=(name,)), at=at)


def after(settings: LabellingSettings, *every: tuple[str, str]) -> Item:
    """The item after these answers."""
    item = NEW
    for person, name in every:
        assert is_for(item, person, settings, now=1.0)
        item = answered(item, said(person, name), settings)
    return item


def test_two_that_agree_make_the_label() -> None:
    """And nobody is asked any more."""
    item = after(TWO, ("x", "a"), ("y", "a"))
    assert (item.state, item.label) == (State.DONE, Label(classes=("a",)))
    assert not is_for(item, "z", TWO, now=1.0)


def test_two_that_differ_wait_for_a_third_who_decides() -> None:
    """Neither of the two may; the third one's word counts, even if it is another."""
    item = after(TWO, ("x", "a"), ("y", "b"))
    assert item.state is State.ADJUDICATE
    assert [is_for(item, who, TWO, now=1.0) for who in "xyz"] == [False, False, True]
    decided = answered(item, said("z", "c"), TWO)
    assert (decided.state, decided.label) == (State.DONE, Label(classes=("c",)))
    assert [answer.decides for answer in decided.answers] == [False, False, True]


def test_without_adjudication_more_than_half_decide() -> None:
    """Three different answers leave the item without a label."""
    assert after(THREE, ("x", "a"), ("y", "b"), ("z", "a")).label == Label(classes=("a",))
    assert after(THREE, ("x", "a"), ("y", "b"), ("z", "c")).state is State.UNDECIDED


def test_a_lease_keeps_others_away_until_it_is_over() -> None:
    """One lease and one answer are all that an item for two has place for."""
    item = leased(after(TWO, ("x", "a")), "y", until=100.0, now=1.0)
    assert not is_for(item, "z", TWO, now=50.0)
    assert is_for(item, "y", TWO, now=50.0)
    assert is_for(item, "z", TWO, now=101.0)


def test_what_two_give_back_is_unusable() -> None:
    """Neither gets it again."""
    item = given_back(NEW, "x", TWO, now=1.0)
    assert not is_for(item, "x", TWO, now=1.0)
    assert given_back(item, "y", TWO, now=1.0).state is State.UNUSABLE


def test_labels_set_aside_open_the_item_again() -> None:
    """Who was stopped does not get it again, since whoever is stopped gets nothing."""
    item = set_aside(after(TWO, ("x", "a"), ("y", "a")), "y", TWO, now=2.0)
    assert item is not None
    assert (item.state, item.label, len(item.votes)) == (State.OPEN, None, 1)
    assert set_aside(item, "y", TWO, now=2.0) is None


def test_who_decided_against_the_careless_is_a_vote_now() -> None:
    """With the honest one they agree, or disagree, as any two."""
    disputed = after(TWO, ("x", "a"), ("y", "b"))
    agreeing = set_aside(answered(disputed, said("z", "a"), TWO), "y", TWO, now=2.0)
    assert agreeing is not None
    assert (agreeing.state, agreeing.label) == (State.DONE, Label(classes=("a",)))
    differing = set_aside(answered(disputed, said("z", "c"), TWO), "y", TWO, now=2.0)
    assert differing is not None
    assert differing.state is State.ADJUDICATE


def test_boxes_agree_where_all_are_drawn_by_both() -> None:
    """The label has their means; one box more is a dispute."""
    settings = LabellingSettings(task="image-boxes", classes=("cat",))
    one = Box(label="cat", left=0, top=0, width=10, height=10)
    near = Box(label="cat", left=2, top=0, width=10, height=10)
    far = Box(label="cat", left=50, top=50, width=10, height=10)

    def drawn(person: str, *boxes: Box) -> Answer:
        return Answer(person=person, label=Label(boxes=boxes), at=1.0)

    first = answered(NEW, drawn("x", one), settings)
    same = answered(first, drawn("y", near), settings)
    assert same.label == Label(boxes=(Box(label="cat", left=1, top=0, width=10, height=10),))
    assert answered(first, drawn("y", near, far), settings).state is State.ADJUDICATE


step = st.tuples(
    st.sampled_from(("lease", "answer", "back", "aside")),
    st.sampled_from("vwxyz"),
    st.sampled_from("abc"),
)


@given(st.lists(step, max_size=25), st.sampled_from((TWO, THREE)))
def test_nobody_labels_twice_and_states_are_what_answers_say(
    steps: list[tuple[str, str, str]], settings: LabellingSettings
) -> None:
    """Whatever happens: done has a label, nothing else has; what is kept is read back the same."""
    item, now = NEW, 0.0
    for what, person, name in steps:
        now += 1.0
        before = item
        if what == "aside":
            item = set_aside(item, person, settings, now=now) or item
        elif is_for(item, person, settings, now=now):
            if what == "lease":
                item = leased(item, person, until=now + 2, now=now)
            elif what == "answer":
                item = answered(item, said(person, name, now), settings)
            else:
                item = given_back(item, person, settings, now=now)
        people = [answer.person for answer in item.answers]
        assert len(people) == len(set(people))
        assert (item.label is not None) == (item.state is State.DONE)
        assert (item.decided_at is None) == item.is_wanted
        assert len(item.votes) <= settings.annotators_per_item
        assert item.revision in {before.revision, before.revision + 1}
    assert Item.of(to_json(item)) == item
