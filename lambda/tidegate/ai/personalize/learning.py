"""The steps of a run: everything known is imported, models trained, every user asked for.

Imports are of all arms, and each arm has a model of its own. A step is over when it is for all.
Sources: Personalize API reference of each operation; developer guide, "Batch recommendations".
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tidegate.ai.kind import Arrived
from tidegate.ai.personalize.arms import name_of, solution_arn, unbought_arn
from tidegate.ai.personalize.campaigns import look_at_campaigns, serve
from tidegate.ai.personalize.resources import ROLE, RUNS, tables_of
from tidegate.ai.personalize.settings import CAMPAIGN
from tidegate.ai.personalize.tables import (
    INTERACTIONS,
    header_of,
    interactions_in,
    known_rows,
)
from tidegate.ai.ports import Given, ServicePorts
from tidegate.ai.steps import Engine, EngineStep, Failed, Looked, Model, Over, Step, run_name

IMPORTING, TRAINING, ASKING, SERVING = "importing", "training", "asking", "serving"
_USERS = "users.json"
_FAILED = ("FAILED", "STOPPED")


def write_tables(arrived: Arrived, ports: ServicePorts) -> None:
    """What Personalize imports is in files, as it is known now."""
    for table in tables_of(ports.settings):
        rows = known_rows(table, ports)
        if rows:
            content = header_of(table, ports.settings) + rows
            ports.files.write(_table_key(arrived, table), content, content_type="text/csv")
    users = dict.fromkeys(user for user, _, _ in interactions_in(known_rows(INTERACTIONS, ports)))
    lines = "".join(f"{json.dumps({'userId': user})}\n" for user in users)
    ports.files.write(_users_key(arrived), lines.encode(), content_type="application/x-ndjson")


def _table_key(arrived: Arrived, table: str) -> str:
    return f"{RUNS}{arrived.work}/{table}.csv"


def _users_key(arrived: Arrived) -> str:
    return f"{RUNS}{arrived.work}/{_USERS}"


def _output(arrived: Arrived, arm: str) -> str:
    return f"{RUNS}{arrived.work}/recommended/{arm}/"


def _call(ports: ServicePorts, operation: str, **given: Any) -> Mapping[str, Any]:
    return ports.calls.call("personalize", operation, **given)


def _listed(
    ports: ServicePorts, operation: str, member: str, **given: Any
) -> Iterator[Mapping[str, Any]]:
    """All entries, of all pages."""
    token: dict[str, str] = {}
    while True:
        page = _call(ports, operation, **given, **token)
        yield from page.get(member, ())
        if "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}


def _import(arrived: Arrived, step: Step, ports: ServicePorts) -> str:
    """Each table that is known of; their jobs' ARNs, with spaces between."""
    there = ports.files.keys(f"{RUNS}{arrived.work}/")
    tables = [one for one in tables_of(ports.settings) if _table_key(arrived, one) in there]
    return " ".join(_imported(arrived, step, ports, table) for table in tables)


def _imported(arrived: Arrived, step: Step, ports: ServicePorts, table: str) -> str:
    name = f"{run_name(ports, arrived, step.number)}-{table}"
    dataset = ports.resources[table]
    jobs = _listed(ports, "ListDatasetImportJobs", "datasetImportJobs", datasetArn=dataset)
    for job in jobs:
        if job["jobName"] == name:
            return str(job["datasetImportJobArn"])
    made = _call(
        ports,
        "CreateDatasetImportJob",
        jobName=name,
        datasetArn=dataset,
        dataSource={"dataLocation": ports.files.uri(_table_key(arrived, table))},
        roleArn=ports.resources[ROLE],
        importMode="FULL",
    )
    return str(made["datasetImportJobArn"])


def _look_at_imports(_arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    told = [
        _call(ports, "DescribeDatasetImportJob", datasetImportJobArn=arn)["datasetImportJob"]
        for arn in step.arns[IMPORTING].split()
    ]
    return _looked(told, "CreateDatasetImportJob")


def _looked(told: Sequence[Mapping[str, Any]], operation: str) -> Looked:
    """Over if all are, failed if one is."""
    for one in told:
        if str(one["status"]).endswith(_FAILED):
            reason = str(one.get("failureReason", one["status"]))[:500]
            return Failed(
                operation=f"personalize:{operation}", reason=reason, of_input=_of_input(reason)
            )
    return Over() if all(one["status"] == "ACTIVE" for one in told) else None


def _of_input(reason: str) -> bool:
    """Personalize's own failures ask to try again; all others are about data or rights."""
    return "internal" not in reason.lower() and "again" not in reason.lower()


def _started(step: Step, name: str) -> Mapping[str, str]:
    """What a step started, by arm: also what its last try did, if it was tried before."""
    pairs = (pair.partition("=") for pair in step.arns.get(name, "").split())
    return {arm: arn for arm, _, arn in pairs}


def _for_each(arms: Sequence[Given], step: Step, start: Callable[[Given, str | None], str]) -> str:
    """What is started for arms, as `_started` reads it; `start` is given what was before."""
    before = _started(step, step.name)
    made = {name_of(arm): start(arm, before.get(name_of(arm))) for arm in arms}
    return " ".join(f"{arm}={arn}" for arm, arn in made.items())


def _train(_arrived: Arrived, step: Step, ports: ServicePorts) -> str:
    """A solution version of each arm since the step began: names are not told of them."""

    def start(arm: Given, before: str | None) -> str:
        return _trained(solution_arn(arm), step, ports, before=before)

    return _for_each(ports.arms, step, start)


def _trained(solution: str, step: Step, ports: ServicePorts, *, before: str | None) -> str:
    """What an earlier try trained, if it did not fail, or one that is trained now."""
    if before is not None and not _version(before, ports)["status"].endswith(_FAILED):
        return before
    _train_only_when_asked(solution, ports)
    versions = _listed(ports, "ListSolutionVersions", "solutionVersions", solutionArn=solution)
    for version in versions:
        young = version["creationDateTime"].timestamp() >= step.began
        if young and not str(version["status"]).endswith(_FAILED):
            return str(version["solutionVersionArn"])
    made = _call(ports, "CreateSolutionVersion", solutionArn=solution, trainingMode="FULL")
    return str(made["solutionVersionArn"])


def _train_only_when_asked(solution: str, ports: ServicePorts) -> None:
    """CloudFormation cannot turn automatic training off, which would bill each week."""
    told = _call(ports, "DescribeSolution", solutionArn=solution)["solution"]
    if told.get("performAutoTraining", True):
        _call(ports, "UpdateSolution", solutionArn=solution, performAutoTraining=False)


def _version(arn: str, ports: ServicePorts) -> Mapping[str, Any]:
    told = _call(ports, "DescribeSolutionVersion", solutionVersionArn=arn)
    found: Mapping[str, Any] = told["solutionVersion"]
    return found


def _look_at_training(_arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    versions = _started(step, TRAINING)
    told = [_version(arn, ports) for arn in versions.values()]
    found = _looked(told, "CreateSolutionVersion")
    return Over(model={"versions": versions}) if isinstance(found, Over) else found


def _asked(step: Step, ports: ServicePorts) -> list[Given]:
    """The arms that answer in advance, and have a model of this run: a deploy may bring others."""
    trained = _started(step, TRAINING)
    arms = (arm for arm in ports.arms if arm.settings.answers != CAMPAIGN)
    return [arm for arm in arms if name_of(arm) in trained]


def _served(step: Step, ports: ServicePorts) -> list[Given]:
    """The arms that a campaign answers for, likewise."""
    trained = _started(step, TRAINING)
    arms = (arm for arm in ports.arms if arm.settings.answers == CAMPAIGN)
    return [arm for arm in arms if name_of(arm) in trained]


def _ask(arrived: Arrived, step: Step, ports: ServicePorts) -> str:
    def start(arm: Given, before: str | None) -> str:
        return _asked_for(arm, arrived, step, ports, before=before)

    return _for_each(_asked(step, ports), step, start)


def _asked_for(
    arm: Given, arrived: Arrived, step: Step, ports: ServicePorts, *, before: str | None
) -> str:
    """The job that asks for every user by an arm's model."""
    if before is not None and not _job(before, ports)["status"].endswith(_FAILED):
        return before
    # The end of an arm's name tells it from the others; names of jobs have 63 characters at most.
    name = f"{run_name(ports, arrived, step.number)}-{name_of(arm)[-20:]}"
    version = _started(step, TRAINING)[name_of(arm)]
    jobs = _listed(
        ports, "ListBatchInferenceJobs", "batchInferenceJobs", solutionVersionArn=version
    )
    for job in jobs:
        if job["jobName"] == name:
            return str(job["batchInferenceJobArn"])
    unbought = unbought_arn(arm)
    made = _call(
        ports,
        "CreateBatchInferenceJob",
        jobName=name,
        solutionVersionArn=version,
        numResults=arm.settings.results,
        jobInput={"s3DataSource": {"path": ports.files.uri(_users_key(arrived))}},
        jobOutput={"s3DataDestination": {"path": ports.files.uri(_output(arrived, name_of(arm)))}},
        roleArn=ports.resources[ROLE],
        **({} if unbought is None else {"filterArn": unbought}),
    )
    return str(made["batchInferenceJobArn"])


def _job(arn: str, ports: ServicePorts) -> Mapping[str, Any]:
    told = _call(ports, "DescribeBatchInferenceJob", batchInferenceJobArn=arn)
    found: Mapping[str, Any] = told["batchInferenceJob"]
    return found


def _look_at_asking(_arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    told = [_job(arn, ports) for arn in _started(step, ASKING).values()]
    return _looked(told, "CreateBatchInferenceJob")


def answers_of(arm: Given, arrived: Arrived, ports: ServicePorts) -> Iterator[str]:
    """What the arm's job wrote."""
    yield ports.files.read(f"{_output(arrived, name_of(arm))}{_USERS}.out").decode()


def asked_arms(step: Step, ports: ServicePorts) -> list[Given]:
    """The arms whose job of this run is over."""
    asked = _started(step, ASKING)
    return [arm for arm in _asked(step, ports) if name_of(arm) in asked]


def served_arms(step: Step, ports: ServicePorts) -> list[Given]:
    """The arms that a campaign answers for, with a model of this run."""
    return _served(step, ports)


def version_of(arm: Given, step: Step) -> str:
    """The arm's model of this run."""
    return _started(step, TRAINING)[name_of(arm)]


def _serve(_arrived: Arrived, step: Step, ports: ServicePorts) -> None:
    serve(_served(step, ports), ports)


def _look_at_serving(_arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    return look_at_campaigns(_served(step, ports), ports)


def _nothing_to_clean(_arrived: Arrived, _step: Step, _ports: ServicePorts) -> None:
    """Jobs that are over bill nothing."""


def _nothing_to_forget(_model: Model, _ports: ServicePorts) -> None:
    """A solution version bills nothing, and a campaign may still answer by it."""


def engine_of(ports: ServicePorts) -> Engine:
    """A campaign takes the newest model by itself: nobody is asked for in advance then."""

    def after_training(step: Step) -> str | None:
        return ASKING if _asked(step, ports) else SERVING

    def after_asking(step: Step) -> str | None:
        return SERVING if _served(step, ports) else None

    return Engine(
        steps={
            IMPORTING: EngineStep(
                start=_import, look=_look_at_imports, follows=lambda _step: TRAINING
            ),
            TRAINING: EngineStep(start=_train, look=_look_at_training, follows=after_training),
            ASKING: EngineStep(start=_ask, look=_look_at_asking, follows=after_asking),
            SERVING: EngineStep(start=_serve, look=_look_at_serving, follows=lambda _step: None),
        },
        first=lambda _model: IMPORTING,
        clean=_nothing_to_clean,
        forget=_nothing_to_forget,
    )
