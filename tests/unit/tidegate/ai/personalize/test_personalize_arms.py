"""Arms of recommendations: a model each, from the same data; campaigns that runs make."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.ai_fakes import PLACE
from tests.unit.tidegate.ai.personalize.shop_world import (
    FIELDS,
    OF_GREEN,
    RUN,
    TOLD,
    WEEK,
    Answers,
    answers,
    asked,
    campaigns,
    finished,
    ports,
)
from tidegate.ai.kind import Operation
from tidegate.ai.personalize import KIND
from tidegate.ai.personalize.asking import (
    Basket,
    recommend,
)
from tidegate.ai.personalize.popular import learn_popular
from tidegate.ai.personalize.runs import begin_run, look
from tidegate.ai.personalize.settings import PersonalizeSettings
from tidegate.ai.ports import Given
from tidegate.ai.problems import (
    ProblemError,
)


def two_arms(given_answers: Answers | None = None, **green: Any) -> Any:
    """A shop whose arm in green has other settings; the live one is blue."""
    made = ports(given_answers)
    other = PersonalizeSettings(**{"item_fields": FIELDS, **green})
    shared = {name: value for name, value in TOLD.items() if name not in {"arm", "ready"}}
    arms = {
        slot: Given(settings=settings, resources={**shared, **told})
        for slot, settings, told in (
            ("blue", made.settings, {"arm": "s-blue", "ready": "recommended/s-blue.json"}),
            ("green", other, {"arm": "s-green", "ready": "recommended/s-green.json"}),
        )
    }
    every = {call.id for s in arms.values() for call in _calls(s.settings)}
    made.calls.declared = frozenset(every)
    return replace(made, resources=arms["blue"].resources, others=arms)


def _calls(settings: PersonalizeSettings) -> list[Operation]:
    own = KIND.own(settings, PLACE, "")
    every = (KIND.door(settings, PLACE), KIND.work(settings, PLACE), own.door, own.work)
    return [call for rights in every for call in rights.calls]


def on_trial(made: Any) -> Any:
    """The same shop, where green answers."""
    green = made.others["green"]
    return replace(made, settings=green.settings, resources=green.resources, on_trial=True)


def test_a_run_trains_a_model_for_each_arm_and_imports_once() -> None:
    """Each is asked for everybody, and answers by its own."""
    made = two_arms(recipe="aws-popularity-count")
    assert finished(made).users == 1
    names = [name for name in asked(made) if name.startswith("Create")]
    assert names.count("CreateDatasetImportJob") == 2  # two tables
    assert names.count("CreateSolutionVersion") == 2
    assert names.count("CreateBatchInferenceJob") == 2
    found = recommend(Basket(user="u1", number=2), made).items
    assert [item.item for item in found] == ["coat", "hat"]
    found = recommend(Basket(user="u1", number=2), on_trial(made)).items
    assert [item.item for item in found] == OF_GREEN


def test_an_arm_on_trial_that_was_not_trained_has_no_answer() -> None:
    """The live one has what sells."""
    made = two_arms(recipe="aws-popularity-count")
    learn_popular(made)
    assert recommend(Basket(user="u1"), made).source == "popular"
    with pytest.raises(ProblemError, match="not made ready") as caught:
        recommend(Basket(user="u1"), on_trial(made))
    assert caught.value.status == 503


def test_arms_may_answer_in_advance_and_at_once() -> None:
    """The one is asked for everybody, the other has a campaign."""
    made = two_arms(answers="campaign")
    assert finished(made).made
    names = [name for name in asked(made) if name.startswith("Create")]
    assert names[-2:] == ["CreateBatchInferenceJob", "CreateCampaign"]
    assert set(made.files.keys("recommended/s-")) == {
        "recommended/s-blue.json",
        "recommended/s-green.json",
    }


def test_what_one_arm_has_trained_is_not_trained_again_for_another_that_failed() -> None:
    """A training bills."""
    given_answers = answers()
    described = given_answers["personalize:DescribeSolutionVersion"]
    fails = {"times": 1}

    def describe(asked_for: Mapping[str, Any]) -> Mapping[str, Any]:
        if "s-green" in asked_for["solutionVersionArn"] and fails["times"]:
            fails["times"] -= 1
            failed = {"status": "CREATE FAILED", "failureReason": "Internal, try again"}
            return {"solutionVersion": failed}
        found: Mapping[str, Any] = described(asked_for)
        return found

    given_answers["personalize:DescribeSolutionVersion"] = describe
    made = two_arms(given_answers, recipe="aws-popularity-count")
    found: Any = look(RUN, begin_run(RUN, made).state, made)  # type: ignore[union-attr]
    made.clock.moment += 1
    found = look(RUN, found.state, made)
    trained = [given for name, given in made.calls.asked if name.endswith("SolutionVersion")]
    begun = [given["solutionArn"][-5:] for given in trained if "solutionArn" in given]
    assert begun.count("-blue") == 1


def test_what_was_made_for_arms_that_are_no_more_is_forgotten() -> None:
    """With the next run."""
    made = two_arms(recipe="aws-popularity-count")
    finished(made)
    finished(replace(made, others={"blue": made.others["blue"]}), WEEK)
    left = made.files.keys("recommended/")
    assert "recommended/s-blue.json" in left
    assert not [key for key in left if "green" in key]


def test_a_campaign_that_failed_is_made_again_and_one_that_is_there_is_fitted() -> None:
    """To as many requests as the settings say now."""
    statuses = campaigns("CREATE FAILED")
    made = two_arms({**answers(), **statuses}, answers="campaign", campaign_rate=2)
    finished(made)
    assert asked(made).count("CreateCampaign") == 2
    assert asked(made).count("DeleteCampaign") == 1
    arms = dict(made.others)
    more = replace(arms["green"].settings, campaign_rate=5)
    arms["green"] = replace(arms["green"], settings=more)
    finished(replace(made, others=arms), WEEK)
    updates = [given for name, given in made.calls.asked if name.endswith(":UpdateCampaign")]
    assert [given["minProvisionedTPS"] for given in updates] == [5]


def test_what_ends_a_campaign_is_there_only_if_one_is_asked_for() -> None:
    """With its solution and its price."""
    assert "CampaignEnd" not in KIND.own(PersonalizeSettings(), PLACE, "").resources.templates
    chosen = PersonalizeSettings(answers="campaign", campaign_rate=3)
    end = KIND.own(chosen, PLACE, "").resources.templates["CampaignEnd"]
    assert end["Type"] in KIND.custom
    assert end["Properties"] == {
        "SolutionArn": {"Fn::GetAtt": ["Solution", "SolutionArn"]},
        "MinProvisionedTPS": 3,
    }


def test_arms_share_data_and_each_has_a_solution_of_its_own() -> None:
    """Under names that end in the slot; what is ready is so by exactly these settings."""
    arms = [KIND.own(PersonalizeSettings(results=n), PLACE, "green") for n in (5, 6)]
    assert set(arms[0].resources.templates) == {"SolutionGreen", "UnboughtGreen"}
    assert arms[0].told["arm"] == arms[1].told["arm"]
    assert arms[0].told["arm"].endswith("-green")
    assert arms[0].ready != arms[1].ready
    other = PersonalizeSettings(recipe="aws-popularity-count", answers="campaign")
    assert KIND.resources(other, PLACE) == KIND.resources(PersonalizeSettings(), PLACE)
