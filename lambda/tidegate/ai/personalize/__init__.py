"""Amazon Personalize: what to recommend to whom, at checkout and elsewhere."""

from collections.abc import Callable

from tidegate.ai.asked_runs import RUN, RunAsked, ask_for_run
from tidegate.ai.kind import (
    Arrival,
    Arrived,
    Grant,
    Kind,
    Operation,
    Place,
    Progress,
    Rights,
    Route,
    Timer,
    unbilled,
)
from tidegate.ai.personalize.asking import (
    Basket,
    Events,
    EventsTaken,
    Recommended,
    RunWanted,
    recommend,
    take_events,
)
from tidegate.ai.personalize.popular import POPULAR, learn_popular
from tidegate.ai.personalize.resources import (
    CAMPAIGN_ID,
    ROLE_ID,
    RUNS,
    SOLUTION_ID,
    TRACKER_ID,
    job_names,
    resources_of,
)
from tidegate.ai.personalize.runs import EVENTS, SETS, begin_run, begin_scheduled, look
from tidegate.ai.personalize.settings import CAMPAIGN, PersonalizeSettings, faults
from tidegate.ai.personalize.tables import INTERACTIONS, KNOWN, TABLES, keep
from tidegate.ai.ports import ServicePorts
from tidegate.ai.work import IN

_SOLUTION = f"${{{SOLUTION_ID}.SolutionArn}}"
_SAYS = {
    "interactions": "What users did is kept for the next training",
    "items": "What items are is kept for the next training",
    "users": "What users are is kept for the next training",
}


def _operation(name: str, resource: str) -> Operation:
    """What is done with jobs and models; their data and time bill, no call does."""
    return Operation(
        service="personalize",
        name=name,
        action=f"personalize:{name}",
        resource=resource,
        units=unbilled,
    )


def _jobs(kind: str, place: Place) -> str:
    arn = "arn:${AWS::Partition}:personalize:${AWS::Region}:${AWS::AccountId}"
    return f"{arn}:{kind}/{job_names(place)}-*"


def _learning(settings: PersonalizeSettings, place: Place) -> tuple[Operation, ...]:
    imports, answers = _jobs("dataset-import-job", place), _jobs("batch-inference-job", place)
    made = (
        _operation("CreateDatasetImportJob", imports),
        _operation("DescribeDatasetImportJob", imports),
        # Lists take no resource (Service Authorization Reference).
        _operation("ListDatasetImportJobs", "*"),
        _operation("DescribeSolution", _SOLUTION),
        _operation("UpdateSolution", _SOLUTION),
        _operation("CreateSolutionVersion", _SOLUTION),
        _operation("DescribeSolutionVersion", f"{_SOLUTION}/*"),
        _operation("ListSolutionVersions", "*"),
    )
    if settings.answers == CAMPAIGN:
        return made
    return (
        *made,
        _operation("CreateBatchInferenceJob", answers),
        _operation("DescribeBatchInferenceJob", answers),
        _operation("ListBatchInferenceJobs", "*"),
    )


def _door(settings: PersonalizeSettings, _place: Place) -> Rights:
    events = Operation(
        service="personalize-events",
        name="PutEvents",
        action="personalize:PutEvents",
        resource=f"${{{TRACKER_ID}.EventTrackerArn}}",
        unit="events",
        units=lambda given: len(given["eventList"]),
    )
    live = Operation(
        service="personalize-runtime",
        name="GetRecommendations",
        action="personalize:GetRecommendations",
        resource=f"${{{CAMPAIGN_ID}.CampaignArn}}",
        unit="recommendations",
    )
    return Rights(
        calls=(events, live) if settings.answers == CAMPAIGN else (events,),
        reads=(SETS, POPULAR),
        writes=(f"{IN}{RUN}/", EVENTS),
    )


def _work(settings: PersonalizeSettings, place: Place) -> Rights:
    passed = Grant(
        actions=("iam:PassRole",),
        resource=f"${{{ROLE_ID}.Arn}}",
        condition={"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}},
    )
    return Rights(
        calls=_learning(settings, place),
        grants=(passed,),
        reads=(IN, KNOWN, RUNS, SETS, EVENTS),
        writes=(KNOWN, RUNS, SETS, POPULAR),
        deletes=(SETS,),
    )


def _timers(settings: PersonalizeSettings) -> tuple[Timer, ...]:
    return (
        Timer(
            name="training",
            says="If anything came, a model is trained and asked for recommendations",
            schedule=settings.schedule,
            begin=begin_scheduled,
            look=look,
        ),
    )


def _keeping(table: str) -> Callable[[Arrived, ServicePorts], Progress]:
    def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
        progress = keep(table, arrived, ports)
        if table == INTERACTIONS:
            learn_popular(ports)
        return progress

    return begin


KIND = Kind(
    name="personalize",
    title="Amazon Personalize",
    job="What to recommend to whom at checkout, and what is popular where nobody is known",
    settings=PersonalizeSettings,
    faults=faults,
    routes=(
        Route(
            name="recommend",
            says="Recommends items to a user, beside what is in the cart.",
            takes=Basket,
            gives=Recommended,
            answer=recommend,
        ),
        Route(
            name="events",
            says="Takes what a user did, for the recommendations to come.",
            takes=Events,
            gives=EventsTaken,
            answer=take_events,
        ),
        Route(
            name="run",
            says="Asks for a training now; GET results tells of the key what came of it.",
            takes=RunWanted,
            gives=RunAsked,
            answer=ask_for_run,
            status=202,
        ),
    ),
    arrivals=(
        *(
            Arrival(prefix=table, says=_SAYS[table], begin=_keeping(table), suffixes=(".csv",))
            for table in TABLES
        ),
        Arrival(
            prefix=RUN,
            says="Trainings that somebody asks for",
            begin=begin_run,
            look=look,
            suffixes=(".json",),
        ),
    ),
    door=_door,
    work=_work,
    resources=resources_of,
    timers=_timers,
    files_stay=True,
    passing=(RUNS, EVENTS),
)
