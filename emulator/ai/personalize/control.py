"""personalize: data sets, solutions, campaigns, trackers, filters and batch jobs."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from emulator import apimodels
from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.jobs import Job, JobKind, Jobs
from emulator.ai.pages import Paging
from emulator.ai.personalize import data, similarity, things
from emulator.ai.personalize.filters import FilterError, ItemFilter
from emulator.ai.personalize.recommending import RECIPES, version_of
from emulator.ai.personalize.things import KINDS, Kind
from emulator.ai.personalize.town import Town
from emulator.ai.personalize.working import settle, work
from emulator.ai.site import Tenant
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated
from emulator.seams.services import Permission

RECORDED = "recorded"
JOB_SECONDS = 5.0
"""How long imports, trainings, campaigns and batch jobs take here, on the cloud's clock."""

_PAGES = Paging(most=100, code="InvalidNextTokenException", size="maxResults", token="nextToken")  # noqa: S106
_WITH_JOB = (things.IMPORT, things.VERSION, things.CAMPAIGN, things.BATCH)
_KEPT = (things.IMPORT, things.VERSION, things.BATCH)
_LISTED_BY = ("datasetGroupArn", "datasetArn", "solutionArn", "solutionVersionArn")

Prepared = tuple[str, Json]
"""A new thing's name in its ARN, and what it is described by."""
Prepare = Callable[[Town, Tenant, Mapping[str, Any]], Prepared]


def control_operations(town: Town) -> Mapping[str, Operation]:
    """What each operation answers."""
    kind = JobKind(
        work=partial(work, town), seconds=lambda _job: JOB_SECONDS, changed=partial(settle, town)
    )
    jobs = Jobs(town.site, kind)
    operations: dict[str, Operation] = {}
    for each, prepare in _PREPARATIONS.items():
        found = next(kind for kind in KINDS if kind.noun == each)
        operations[f"Create{each}"] = partial(_create, town, jobs, kind=found, prepare=prepare)
        operations[f"Describe{each}"] = partial(_describe, town, found)
        operations[f"List{each}s"] = partial(_list, town, found)
        if found not in _KEPT:
            operations[f"Delete{each}"] = partial(_delete, town, found)
    return {
        **operations,
        "UpdateCampaign": partial(_update_campaign, town),
        "UpdateSolution": partial(_update_solution, town),
    }


def _create(town: Town, jobs: Jobs, call: Call, *, kind: Kind, prepare: Prepare) -> Answer:
    name, told = prepare(town, call.tenant, call.request)
    with_job = kind in _WITH_JOB
    status = (
        {} if kind is things.SCHEMA else {"status": things.PENDING if with_job else things.ACTIVE}
    )
    made = town.things.create(call.tenant, kind, name, {**told, **status})
    if with_job:
        job = Job(
            tenant=call.tenant,
            # A campaign that was deleted may be made again, under the same ARN.
            id=f"{made[kind.arn]}#{uuid.uuid4().hex}",
            request={"kind": kind.noun, "arn": made[kind.arn]},
            client=call.client,
            submitted=town.site.now(),
        )
        jobs.start(job, call.fate)
    shape = apimodels.service_model("personalize").operation_model(f"Create{kind.noun}")
    members = () if shape.output_shape is None else shape.output_shape.members
    engine = similarity.ENGINE if kind is things.VERSION else RECORDED
    return Answer(body={k: v for k, v in made.items() if k in members}, engine=engine)


def _describe(town: Town, kind: Kind, call: Call) -> Answer:
    told = town.things.get(call.tenant, kind, call.request[kind.arn])
    body = {things.member_of(kind): _shown(f"Describe{kind.noun}", told, things.member_of(kind))}
    return Answer(body=body, engine=RECORDED)


def _list(town: Town, kind: Kind, call: Call) -> Answer:
    operation = f"List{kind.noun}s"
    shape = apimodels.service_model("personalize").operation_model(operation).output_shape
    member = next(name for name in shape.members if name != "nextToken") if shape else ""
    asked = {name: call.request[name] for name in _LISTED_BY if call.request.get(name) is not None}
    found = [
        told
        for told in town.things.of(call.tenant, kind)
        if all(told.get(name) == value for name, value in asked.items())
    ]
    answer = _PAGES.page(
        found,
        call.request,
        member=member,
        shown=lambda told: _shown(operation, told, member),
    )
    return Answer(body=answer, engine=RECORDED)


def _shown(operation: str, told: Mapping[str, Any], member: str) -> Json:
    """The members that the model has for such a thing in the operation's answer."""
    shape: Any = apimodels.service_model("personalize").operation_model(operation).output_shape
    inner = shape.members[member]
    inner = inner.member if inner.type_name == "list" else inner
    return {name: told[name] for name in inner.members if name in told}


def _delete(town: Town, kind: Kind, call: Call) -> Answer:
    town.things.delete(call.tenant, kind, call.request[kind.arn])
    return Answer(body={}, engine=RECORDED)


def _update_campaign(town: Town, call: Call) -> Answer:
    arn = call.request["campaignArn"]
    town.things.active(call.tenant, things.CAMPAIGN, arn)
    if call.request.get("solutionVersionArn") is not None:
        _require_version(town, call.tenant, call.request["solutionVersionArn"])
    town.things.change(call.tenant, things.CAMPAIGN, arn, call.request)
    return Answer(body={"campaignArn": arn}, engine=RECORDED)


def _update_solution(town: Town, call: Call) -> Answer:
    """Whether a solution trains by itself is recorded; it never does here."""
    arn = call.request["solutionArn"]
    if call.request.get("solutionUpdateConfig") is not None:
        raise RefusedRequestError(NOT_EMULATED, not_emulated("solutionUpdateConfig"))
    town.things.active(call.tenant, things.SOLUTION, arn)
    town.things.change(call.tenant, things.SOLUTION, arn, call.request)
    return Answer(body={"solutionArn": arn}, engine=RECORDED)


def _require_version(town: Town, tenant: Tenant, arn: str) -> None:
    town.things.active(tenant, things.VERSION, version_of(town, tenant, arn))


def _named(_town: Town, _tenant: Tenant, request: Mapping[str, Any]) -> Prepared:
    return request["name"], dict(request)


def _schema(_town: Town, _tenant: Tenant, request: Mapping[str, Any]) -> Prepared:
    data.schema_fields(request["schema"])
    return request["name"], dict(request)


def _dataset(town: Town, tenant: Tenant, request: Mapping[str, Any]) -> Prepared:
    group = town.things.active(tenant, things.GROUP, request["datasetGroupArn"])
    schema = town.things.get(tenant, things.SCHEMA, request["schemaArn"])
    kind = request["datasetType"].upper()
    data.require_fields(kind, data.schema_fields(schema["schema"]))
    return f"{group['name']}/{kind}", {**request, "datasetType": kind}


def _import(town: Town, tenant: Tenant, request: Mapping[str, Any]) -> Prepared:
    town.things.active(tenant, things.DATASET, request["datasetArn"])
    if request.get("roleArn") is None or request["dataSource"].get("dataLocation") is None:
        raise RefusedRequestError(
            "InvalidInputException", "roleArn and dataSource.dataLocation must be given"
        )
    return request["jobName"], dict(request)


def _solution(town: Town, tenant: Tenant, request: Mapping[str, Any]) -> Prepared:
    town.things.active(tenant, things.GROUP, request["datasetGroupArn"])
    recipe = request.get("recipeArn", "")
    if recipe.rpartition("/")[2] not in RECIPES:
        what = f"the recipe {recipe or 'chosen by AutoML'}, only {', '.join(RECIPES)}"
        raise RefusedRequestError(NOT_EMULATED, not_emulated(what))
    return request["name"], dict(request)


def _version(town: Town, tenant: Tenant, request: Mapping[str, Any]) -> Prepared:
    solution = town.things.active(tenant, things.SOLUTION, request["solutionArn"])
    inherited = ("datasetGroupArn", "recipeArn", "eventType", "solutionConfig", "solutionArn")
    told = {name: solution[name] for name in inherited if name in solution}
    name = f"{solution['name']}/{uuid.uuid4().hex[:8]}"
    return name, {**told, "trainingMode": request.get("trainingMode", "FULL")}


def _campaign(town: Town, tenant: Tenant, request: Mapping[str, Any]) -> Prepared:
    _require_version(town, tenant, request["solutionVersionArn"])
    return request["name"], dict(request)


def _tracker(town: Town, tenant: Tenant, request: Mapping[str, Any]) -> Prepared:
    group = request["datasetGroupArn"]
    town.things.active(tenant, things.GROUP, group)
    if any(t["datasetGroupArn"] == group for t in town.things.of(tenant, things.TRACKER)):
        raise RefusedRequestError(
            "ResourceAlreadyExistsException", f"The data set group {group} has a tracker already"
        )
    identifier = str(uuid.uuid4())
    told = {**request, "trackingId": identifier, "accountId": tenant[0]}
    return identifier.partition("-")[0], told


def _filter(town: Town, tenant: Tenant, request: Mapping[str, Any]) -> Prepared:
    town.things.active(tenant, things.GROUP, request["datasetGroupArn"])
    try:
        ItemFilter.of(request["filterExpression"])
    except FilterError as error:
        raise RefusedRequestError("InvalidInputException", str(error)) from error
    return request["name"], dict(request)


def _batch(town: Town, tenant: Tenant, request: Mapping[str, Any]) -> Prepared:
    town.things.active(tenant, things.VERSION, request["solutionVersionArn"])
    if request.get("batchInferenceJobMode", "BATCH_INFERENCE") != "BATCH_INFERENCE":
        raise RefusedRequestError(NOT_EMULATED, not_emulated("generating themes"))
    return request["jobName"], dict(request)


_PREPARATIONS: Mapping[str, Prepare] = {
    "Schema": _schema,
    "DatasetGroup": _named,
    "Dataset": _dataset,
    "DatasetImportJob": _import,
    "Solution": _solution,
    "SolutionVersion": _version,
    "Campaign": _campaign,
    "EventTracker": _tracker,
    "Filter": _filter,
    "BatchInferenceJob": _batch,
}


def control_resource(asked: Asked) -> str:
    """The thing that an operation is about, by its ARN or the name that it will have."""
    for verb in ("Describe", "Delete", "Update", "Create"):
        for kind in KINDS:
            if asked.operation != f"{verb}{kind.noun}":
                continue
            if verb != "Create":
                return str(asked.request.get(kind.arn, "*"))
            if kind is things.VERSION:
                return str(asked.request.get("solutionArn", "*"))
            name = asked.request.get("name", asked.request.get("jobName"))
            made = kind in (things.DATASET, things.TRACKER)
            shown = "*" if made or name is None else str(name)
            account, region = asked.tenant
            return f"arn:aws:personalize:{region}:{account}:{kind.path}/{shown}"
    return "*"


def also_asked(asked: Asked) -> Sequence[Permission]:
    """Roles have to be passed."""
    role = asked.request.get("roleArn")
    if role is None:
        return ()
    passed = {"iam:PassedToService": "personalize.amazonaws.com"}
    return [Permission(action="iam:PassRole", resource=str(role), context=passed)]
