"""Recommendations: files that are kept, runs step by step, answers in advance, at once, popular."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ai_fakes import PLACE
from tests.unit.tidegate.ai.personalize.shop_world import (
    ARN,
    FIELDS,
    RUN,
    TOLD,
    WEEK,
    WORK,
    answers,
    asked,
    finished,
    ports,
)
from tidegate.ai.asked_runs import ask_for_run
from tidegate.ai.kind import Arrival, Arrived, Done, Waiting
from tidegate.ai.personalize import KIND
from tidegate.ai.personalize.asking import (
    Basket,
    Event,
    Events,
    RunWanted,
    recommend,
    take_events,
)
from tidegate.ai.personalize.resources import resources_of
from tidegate.ai.personalize.runs import begin_run, begin_scheduled, look
from tidegate.ai.personalize.settings import PersonalizeSettings, faults
from tidegate.ai.problems import (
    CallFailedError,
    ProblemError,
    ThrottledError,
)


def kept(table: str, content: bytes, made: Any) -> Any:
    """What comes of a file of a table."""
    key = f"in/{table}/b.csv"
    made.files.content[key] = content
    arrival: Arrival = next(one for one in KIND.arrivals if one.prefix == table)
    arrived = Arrived(key=key, name="b.csv", size=len(content), work=WORK)
    return arrival.begin(arrived, made)


def test_interactions_are_kept_as_their_schema_has_them_and_popular_items_learnt() -> None:
    """Moments in seconds, other columns left out."""
    made = ports()
    made.files.content.pop("known/interactions/a.csv")
    content = (
        b"EVENT_TYPE,USER_ID,ITEM_ID,TIMESTAMP,SHOP\n"
        b"view,u1,hat,2026-01-01T00:00:00+00:00,x\npurchase,u1,shoe,1767225601,x\n"
    )
    assert kept("interactions", content, made).result.rows == 2
    lines = made.files.content["known/interactions/b.csv"].decode().splitlines()
    assert lines == ["u1,hat,1767225600,view,", "u1,shoe,1767225601,purchase,"]
    assert [item.item for item in recommend(Basket(), made).items] == ["shoe"]


def test_wrong_rows_are_told_all_at_once() -> None:
    """By line; nothing of the file is kept."""
    made = ports()
    content = b"ITEM_ID,CATEGORY,PRICE\n,hats,much\nshoe,shoes,\n"
    with pytest.raises(ProblemError) as caught:
        kept("items", content, made)
    words = "ITEM_ID must be 1 to 256 printable characters; PRICE must be a number"
    assert caught.value.faults == (f"line 2: {words}",)
    assert "known/items/b.csv" not in made.files.content
    with pytest.raises(ProblemError, match="no user_fields"):
        kept("users", b"USER_ID\nu1\n", made)


@given(st.binary(max_size=200))
def test_no_file_makes_the_worker_fail(content: bytes) -> None:
    """It is kept, or refused."""
    with suppress(ProblemError):
        assert isinstance(kept("interactions", content, ports()), Done)


def test_a_run_imports_trains_and_asks_for_everybody() -> None:
    """Automatic trainings are turned off first; users without an answer are counted."""
    made = ports()
    result = finished(made)
    assert (result.made, result.users, result.without) == (True, 1, 1)
    assert [name for name in asked(made) if not name.startswith(("List", "Describe"))] == [
        "CreateDatasetImportJob",
        "CreateDatasetImportJob",
        "UpdateSolution",
        "CreateSolutionVersion",
        "CreateBatchInferenceJob",
    ]
    files = made.files.content
    assert files[f"runs/{WORK}/items.csv"] == b"ITEM_ID,CATEGORY,PRICE\nhat,hats,5\n"
    assert files[f"runs/{WORK}/users.json"].splitlines()[0] == b'{"userId": "u0"}'


def test_a_solution_that_trains_only_when_asked_is_left_alone() -> None:
    """Nothing is updated twice."""
    made = ports(answers(solution={"performAutoTraining": False}))
    finished(made)
    assert "UpdateSolution" not in asked(made)


def test_a_run_that_was_killed_makes_nothing_twice() -> None:
    """Imports and batches are found by name, a solution version by when it was begun."""
    made = ports()
    first: Any = begin_run(RUN, made)
    assert begin_run(RUN, made) == first
    training: Any = look(RUN, first.state, made)
    assert look(RUN, first.state, made) == training
    asking: Any = look(RUN, training.state, made)
    assert look(RUN, training.state, made) == asking
    names = [name for name in asked(made) if name.startswith("Create")]
    assert len(names) == len({*names}) + 1  # two imports, of two tables


def test_a_training_that_aws_fails_is_tried_again_and_one_of_bad_data_is_not() -> None:
    """Three times; a reason that is about data is the result."""
    failing = answers(status="CREATE FAILED", version={"failureReason": "Internal, try again"})
    made = ports(failing)
    found: Any = look(RUN, begin_run(RUN, made).state, made)  # type: ignore[union-attr]
    for _ in range(2):
        made.clock.moment += 1
        found = look(RUN, found.state, made)
    with pytest.raises(CallFailedError):
        look(RUN, found.state, made)
    bad = ports(answers(status="CREATE FAILED", version={"failureReason": "Too few items"}))
    found = look(RUN, begin_run(RUN, bad).state, bad)  # type: ignore[union-attr]
    with pytest.raises(ProblemError, match="Too few items"):
        look(RUN, found.state, bad)


def test_too_little_is_said_before_anything_bills() -> None:
    """With how much there is."""
    made = ports()
    made.files.content["known/interactions/a.csv"] = b"u1,hat,1,view,\n"
    result = begin_run(RUN, made)
    assert isinstance(result, Done)
    assert "there are 1 and 0" in result.result.why
    assert asked(made) == []


def test_without_news_a_week_costs_nothing() -> None:
    """Files and events are news."""
    made = ports()
    finished(made)
    quiet = begin_scheduled(WEEK, made)
    assert isinstance(quiet, Done)
    assert quiet.result.why == "nothing came since the last run"
    take_events(Events(session="s", events=(Event(type="view", item="hat"),)), made)
    assert isinstance(begin_scheduled(WEEK, made), Waiting)
    made = ports()
    finished(made)
    made.files.content["known/items/b.csv"] = b"shoe,shoes,7\n"
    assert isinstance(begin_scheduled(WEEK, made), Waiting)


def test_known_users_get_theirs_and_others_what_sells() -> None:
    """Without what is in the cart."""
    made = ports()
    with pytest.raises(ProblemError, match="nothing is known yet"):
        recommend(Basket(user="u1"), made)
    finished(made)
    personal = recommend(Basket(user="u1", cart=("coat",), number=1), made)
    assert (personal.source, [item.item for item in personal.items]) == ("batch", ["hat"])
    for basket in (Basket(), Basket(user="new"), Basket(user="u2")):
        found = recommend(basket, made)
        assert (found.source, found.items[0].item) == ("popular", "hat")
    all_in_cart = recommend(Basket(user="u1", cart=("coat", "hat", "shoe")), made)
    assert (all_in_cart.source, all_in_cart.items) == ("popular", ())


def live(answer: Any) -> Any:
    """A shop with a campaign."""
    given_answers = {**answers(), "personalize-runtime:GetRecommendations": answer}
    made = ports(given_answers, answers="campaign", filters={"cheap": "INCLUDE ..."})
    return replace(made, resources={**TOLD, "filter-cheap": f"{ARN}filter/cheap"})


def test_a_campaign_is_asked_for_enough_to_leave_the_cart_out() -> None:
    """What was bought is filtered, unless another filter is named."""
    asked_for: list[Mapping[str, Any]] = []

    def answer(given_request: Mapping[str, Any]) -> Mapping[str, Any]:
        asked_for.append(given_request)
        return {
            "itemList": [{"itemId": "hat", "score": 0.7}, {"itemId": "shoe", "score": 0.3}],
            "recommendationId": "RID-1",
        }

    made = live(answer)
    found = recommend(Basket(user="u1", cart=("hat",), number=3), made)
    assert (found.source, found.id) == ("campaign", "RID-1")
    assert [(item.item, item.score) for item in found.items] == [("shoe", 0.3)]
    recommend(Basket(user="u1", filter="cheap", filter_values={"MOST": '"5"'}), made)
    assert [request["numResults"] for request in asked_for] == [4, 5]
    assert [request["filterArn"][-5:] for request in asked_for] == ["ter/u", "cheap"]
    with pytest.raises(ProblemError, match="the settings have cheap"):
        recommend(Basket(user="u1", filter="dear"), made)
    with pytest.raises(ProblemError, match="without a filter"):
        recommend(Basket(user="u1", filter_values={"MOST": "5"}), made)


def test_in_an_outage_everybody_gets_what_sells() -> None:
    """It is counted."""

    def fail(_: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ThrottledError(operation="personalize-runtime:X", code="Throttling", message="")

    made = live(fail)
    finished(made)
    assert recommend(Basket(user="u1"), made).source == "popular"
    assert made.metrics.total("Outages") == 1


def test_a_campaign_takes_the_newest_model_and_nobody_is_asked_for() -> None:
    """The run makes it, under the name of its solution."""
    made = live(lambda _: {})
    assert finished(made).made
    assert "CreateBatchInferenceJob" not in asked(made)
    ((_, given_campaign),) = [one for one in made.calls.asked if one[0].endswith(":CreateCampaign")]
    assert given_campaign["name"] == "s"
    assert given_campaign["solutionVersionArn"] == f"{ARN}solution/s/$LATEST"
    assert given_campaign["campaignConfig"] == {"syncWithLatestSolutionVersion": True}


def test_events_go_in_tens_with_moments_in_utc() -> None:
    """Now, if none is told; nothing but the note of the day is kept."""
    made = ports()
    before = set(made.files.content)
    one = Event(type="view", item="hat", at="2026-01-01T02:00:00+02:00", value=2.0, id="e")
    request = Events(session="s", user="u1", events=(one, *[Event(type="view", item="shoe")] * 11))
    assert take_events(request, made).events == 12
    sent = [given_request for _, given_request in made.calls.asked]
    assert [len(each["eventList"]) for each in sent] == [10, 2]
    assert sent[0]["eventList"][0]["sentAt"] == datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert len(set(made.files.content) - before) == 1
    wrong = Event(type="view", item="hat", at="2026-02-31T00:00:00Z")
    with pytest.raises(ProblemError, match="no moment"):
        take_events(Events(session="s", events=(wrong,)), made)


def test_runs_that_are_asked_for_at_once_are_two() -> None:
    """Each is a file of its own."""
    made = ports()
    assert len({ask_for_run(RunWanted(), made).key for _ in range(2)}) == 2


def test_other_columns_make_a_new_group_and_nothing_else_does() -> None:
    """A name that stays cannot be made twice."""

    def named(**settings: Any) -> tuple[str, ...]:
        chosen = PersonalizeSettings(**settings)
        shared = resources_of(chosen, PLACE).templates
        made = {**shared, **KIND.own(chosen, PLACE, "").resources.templates}
        return tuple(made[id_]["Properties"]["Name"] for id_ in ("Group", "Solution", "Tracker"))

    plain = named()
    assert all(a != b for a, b in zip(plain, named(item_fields=FIELDS), strict=True))
    assert named(results=5, bought_again=True) == plain
    assert named(recipe="aws-user-personalization")[0] == plain[0]
    assert named(recipe="aws-user-personalization")[1] != plain[1]


def test_what_settings_must_say() -> None:
    """Columns, names of filters, and what filters are for."""
    assert faults(PersonalizeSettings(item_fields=FIELDS)) == ()
    wrong = PersonalizeSettings(
        item_fields={"price": "number", "USER_ID": "category"}, filters={"Cheap": "x"}
    )
    assert [fault.partition(" ")[0] for fault in faults(wrong)] == [
        "item_fields.price",
        "item_fields.USER_ID",
        "filters.Cheap",
        "filters",
    ]
