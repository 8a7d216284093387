"""Labelling by people: Ground Truth is closed to new accounts, and this takes its place."""

from collections.abc import Mapping
from typing import Any

from tidegate.ai.asked_runs import RUN, RunAsked, ask_for_run
from tidegate.ai.callers import Callers, Content
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
from tidegate.ai.labelling import arriving, groundtruth, pages, runs, telling, working
from tidegate.ai.labelling.predicting import Predicted, Queued, predicted
from tidegate.ai.labelling.resources import ROLE_ID, TABLE_ID, names, resources_of
from tidegate.ai.labelling.settings import (
    GROUND_TRUTH,
    PAGE,
    LabellingSettings,
    faults,
    ours,
    outcomes_of,
    sign_in,
)
from tidegate.ai.labelling.store import INDEX
from tidegate.ai.ports import ServicePorts
from tidegate.ai.work import IN


def _of_table(name: str, action: str, *, part: str = "") -> Operation:
    return Operation(
        service="dynamodb",
        name=name,
        action=f"dynamodb:{action}",
        resource=f"${{{TABLE_ID}.Arn}}{part}",
    )


_GET, _PUT = _of_table("GetItem", "GetItem"), _of_table("PutItem", "PutItem")
_WRITE = _of_table("TransactWriteItems", "PutItem")
_LISTS = _of_table("Query", "Query", part=f"/index/{INDEX}")
_ANSWERS = _of_table("Query", "Query")


def _sagemaker(place: Place) -> tuple[Operation, ...]:
    here = "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}"
    return tuple(
        Operation(
            service="sagemaker",
            name=name,
            action=f"sagemaker:{name}",
            resource=f"{here}:labeling-job/{names(place)}-*",
            units=unbilled,
        )
        for name in ("CreateLabelingJob", "DescribeLabelingJob")
    )


def _door(settings: LabellingSettings, _place: Place) -> Rights:
    if settings.engine == GROUND_TRUTH:
        return Rights()
    images = (arriving.KEPT,) if settings.is_image else ()
    add = () if settings.from_model is None else (_PUT,)
    return Rights(
        calls=(_GET, _WRITE, _LISTS, *add),
        reads=(*images, runs.MANIFESTS),
        writes=(f"{IN}{RUN}/",),
    )


def _work(settings: LabellingSettings, place: Place) -> Rights:
    images = (arriving.KEPT,) if settings.is_image else ()
    if settings.engine == GROUND_TRUTH:
        passed = Grant(
            actions=("iam:PassRole",),
            resource=f"${{{ROLE_ID}.Arn}}",
            condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        )
        return Rights(
            calls=_sagemaker(place),
            grants=(passed,),
            reads=(IN, *images),
            writes=(groundtruth.JOBS, *images),
        )
    return Rights(
        calls=(_GET, _PUT, _WRITE, _LISTS, _ANSWERS),
        reads=(IN, *images),
        writes=(runs.MANIFESTS, *images),
    )


def _timers(settings: LabellingSettings) -> tuple[Timer, ...]:
    if settings.engine == GROUND_TRUTH:
        return ()
    return (
        Timer(
            name="hourly",
            says="Sets labels of the careless aside, tells outcomes, writes the manifest",
            schedule="cron(10 * * * ? *)",
            begin=runs.begin,
        ),
    )


def _begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """By the engine: items of the page, or a job of the work team."""
    legacy = ports.settings.engine == GROUND_TRUTH
    return groundtruth.begin(arrived, ports) if legacy else arriving.begin(arrived, ports)


def _look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    legacy = ports.settings.engine == GROUND_TRUTH
    engine = groundtruth.look if legacy else arriving.look
    return engine(arrived, state, ports)


def _ask_for_run(request: runs.RunWanted, ports: ServicePorts) -> RunAsked:
    ours(ports)
    return ask_for_run(request, ports)


def _page(name: str, path: str, answer: object) -> Route:
    return Route(
        name=name,
        says=f"Gives the page that people label on: its {name}.",
        takes=pages.PageAsked,
        gives=Content,
        answer=answer,  # type: ignore[arg-type]
        method="GET",
        path=path,
        callers=Callers.ANYBODY,
    )


KIND = Kind(
    name="labelling",
    title="A labelling page of your own, or SageMaker Ground Truth",
    job="People label texts and images for training; the careless are found, disputes are decided",
    settings=LabellingSettings,
    faults=faults,
    routes=(
        _page("page", PAGE, pages.page),
        _page("script", f"{PAGE}/script", pages.script),
        _page("boxes", f"{PAGE}/boxes", pages.boxes_script),
        _page("style", f"{PAGE}/style", pages.style),
        Route(
            name="told",
            says="Tells what is labelled, and where people sign in.",
            takes=pages.PageAsked,
            gives=pages.Told,
            answer=pages.told,
            method="GET",
            path=f"{PAGE}/told",
            callers=Callers.ANYBODY,
        ),
        Route(
            name="next",
            says="Gives whoever signed in the item that they label next.",
            takes=working.NextItem,
            gives=working.Next,
            answer=working.next_item,
            callers=Callers.PEOPLE,
        ),
        Route(
            name="label",
            says="Takes what whoever signed in says of an item, once.",
            takes=working.Labelled,
            gives=working.Taken,
            answer=working.label,
            callers=Callers.PEOPLE,
        ),
        Route(
            name="give-back",
            says="Takes an item back that whoever signed in cannot label.",
            takes=working.GivenBack,
            gives=working.Taken,
            answer=working.give_back,
            callers=Callers.PEOPLE,
        ),
        Route(
            name="status",
            says="Tells how far the labelling is, and how people agree.",
            takes=telling.StatusAsked,
            gives=telling.Status,
            answer=telling.status,
            method="GET",
        ),
        Route(
            name="people",
            says="Tells who labelled how much, and what gold questions say of them.",
            takes=telling.PeopleAsked,
            gives=telling.People,
            answer=telling.people,
            method="GET",
        ),
        Route(
            name="prediction",
            says="Has people look at a model's answer, if it is not sure.",
            takes=Predicted,
            gives=Queued,
            answer=predicted,
        ),
        Route(
            name="run",
            says="Asks for the manifest now; GET results tells of the key what came of it.",
            takes=runs.RunWanted,
            gives=RunAsked,
            answer=_ask_for_run,
            status=202,
        ),
        Route(
            name="manifest",
            says="Gives a link to the labelled manifest of the last run.",
            takes=telling.ManifestAsked,
            gives=telling.ManifestLink,
            answer=telling.manifest,
            method="GET",
        ),
    ),
    arrivals=(
        Arrival(
            prefix=arriving.ITEMS,
            says="Each line of a manifest is an item to label",
            begin=_begin,
            look=_look,
            suffixes=arriving.SUFFIXES,
        ),
        Arrival(
            prefix=arriving.IMAGES,
            says="Each image is an item to label",
            begin=arriving.begin_image,
            suffixes=arriving.IMAGE_SUFFIXES,
        ),
        Arrival(
            prefix=RUN,
            says="Runs that somebody asks for",
            begin=runs.begin,
            suffixes=(".json",),
        ),
    ),
    door=_door,
    work=_work,
    resources=resources_of,
    timers=_timers,
    sign_in=sign_in,
    outcomes_of=outcomes_of,
    files_stay=True,
)
