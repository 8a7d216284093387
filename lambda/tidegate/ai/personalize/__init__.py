"""Amazon Personalize: what to recommend to whom, at checkout and elsewhere."""

from collections.abc import Callable

from tidegate.ai.asked_runs import RUN, RunAsked, ask_for_run
from tidegate.ai.kind import (
    Arrival,
    Arrived,
    Grant,
    Kind,
    Operation,
    Parameters,
    Place,
    Progress,
    Rights,
    Route,
    Timer,
)
from tidegate.ai.personalize.arms import CAMPAIGN_TYPE, SETS, operation, own
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
    ROLE_ID,
    RUNS,
    arn_of,
    job_names,
    resources_of,
    short_prefix,
)
from tidegate.ai.personalize.runs import EVENTS, begin_run, begin_scheduled, look
from tidegate.ai.personalize.settings import PersonalizeSettings, faults
from tidegate.ai.personalize.tables import INTERACTIONS, KNOWN, TABLES, keep
from tidegate.ai.ports import ServicePorts
from tidegate.ai.work import IN

_SAYS = {
    "interactions": "What users did is kept for the next training",
    "items": "What items are is kept for the next training",
    "users": "What users are is kept for the next training",
}


def _learning(place: Place) -> tuple[Operation, ...]:
    imports = arn_of("dataset-import-job", f"{job_names(place)}-*")
    versions = arn_of("solution", f"{short_prefix(place)}-*")
    return (
        operation("CreateDatasetImportJob", imports),
        operation("DescribeDatasetImportJob", imports),
        # Lists take no resource (Service Authorization Reference).
        operation("ListDatasetImportJobs", "*"),
        operation("DescribeSolutionVersion", versions),
        operation("ListSolutionVersions", "*"),
    )


def _events(given: Parameters) -> int:
    return len(given["eventList"])


def _door(_settings: PersonalizeSettings, _place: Place) -> Rights:
    events = Operation(
        service="personalize-events",
        name="PutEvents",
        # It takes no resource (Service Authorization Reference).
        action="personalize:PutEvents",
        unit="events",
        units=_events,
    )
    return Rights(calls=(events,), reads=(SETS, POPULAR), writes=(f"{IN}{RUN}/", EVENTS))


def _work(_settings: PersonalizeSettings, place: Place) -> Rights:
    passed = Grant(
        actions=("iam:PassRole",),
        resource=f"${{{ROLE_ID}.Arn}}",
        condition={"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}},
    )
    return Rights(
        calls=_learning(place),
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
            who="user",
        ),
        Route(
            name="events",
            says="Takes what a user did, for the recommendations to come.",
            takes=Events,
            gives=EventsTaken,
            answer=take_events,
            who="user",
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
    own=own,
    custom=(CAMPAIGN_TYPE,),
    timers=_timers,
    files_stay=True,
    passing=(RUNS, EVENTS),
)
