"""The steps of a run: everything known is imported, a model trained, every user asked for.

Sources: Personalize API reference of each operation; developer guide, "Batch recommendations".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tidegate.ai.kind import Arrived
from tidegate.ai.personalize.resources import ROLE, RUNS, SOLUTION, UNBOUGHT, tables_of
from tidegate.ai.personalize.settings import CAMPAIGN, PersonalizeSettings
from tidegate.ai.personalize.tables import (
    INTERACTIONS,
    header_of,
    interactions_in,
    known_rows,
)
from tidegate.ai.ports import ServicePorts
from tidegate.ai.steps import Engine, EngineStep, Failed, Looked, Model, Over, Step, run_name

IMPORTING, TRAINING, ASKING = "importing", "training", "asking"
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


def _output(arrived: Arrived) -> str:
    return f"{RUNS}{arrived.work}/recommended/"


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


def _train(_arrived: Arrived, step: Step, ports: ServicePorts) -> str:
    """One solution version since the step began: names are not told of them."""
    solution = ports.resources[SOLUTION]
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


def _look_at_training(_arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    arn = step.arns[TRAINING]
    told = _call(ports, "DescribeSolutionVersion", solutionVersionArn=arn)["solutionVersion"]
    found = _looked([told], "CreateSolutionVersion")
    return Over(model={"version": arn}) if isinstance(found, Over) else found


def _ask(arrived: Arrived, step: Step, ports: ServicePorts) -> str:
    settings: PersonalizeSettings = ports.settings
    name, version = run_name(ports, arrived, step.number), step.arns[TRAINING]
    jobs = _listed(
        ports, "ListBatchInferenceJobs", "batchInferenceJobs", solutionVersionArn=version
    )
    for job in jobs:
        if job["jobName"] == name:
            return str(job["batchInferenceJobArn"])
    unbought = ports.resources.get(UNBOUGHT)
    made = _call(
        ports,
        "CreateBatchInferenceJob",
        jobName=name,
        solutionVersionArn=version,
        numResults=settings.results,
        jobInput={"s3DataSource": {"path": ports.files.uri(_users_key(arrived))}},
        jobOutput={"s3DataDestination": {"path": ports.files.uri(_output(arrived))}},
        roleArn=ports.resources[ROLE],
        **({} if unbought is None else {"filterArn": unbought}),
    )
    return str(made["batchInferenceJobArn"])


def _look_at_asking(arrived: Arrived, step: Step, ports: ServicePorts) -> Looked:
    arn = step.arns[ASKING]
    told = _call(ports, "DescribeBatchInferenceJob", batchInferenceJobArn=arn)
    found = _looked([told["batchInferenceJob"]], "CreateBatchInferenceJob")
    return Over(tables=_answers(arrived, ports)) if isinstance(found, Over) else found


def _answers(arrived: Arrived, ports: ServicePorts) -> Iterator[str]:
    yield ports.files.read(f"{_output(arrived)}{_USERS}.out").decode()


def _nothing_to_clean(_arrived: Arrived, _step: Step, _ports: ServicePorts) -> None:
    """Jobs that are over bill nothing."""


def _nothing_to_forget(_model: Model, _ports: ServicePorts) -> None:
    """A solution version bills nothing, and a campaign may still answer by it."""


def engine_of(settings: PersonalizeSettings) -> Engine:
    """A campaign takes the newest model by itself: nobody is asked for in advance then."""
    after = None if settings.answers == CAMPAIGN else ASKING
    return Engine(
        steps={
            IMPORTING: EngineStep(
                start=_import, look=_look_at_imports, follows=lambda _step: TRAINING
            ),
            TRAINING: EngineStep(start=_train, look=_look_at_training, follows=lambda _step: after),
            ASKING: EngineStep(start=_ask, look=_look_at_asking, follows=lambda _step: None),
        },
        first=lambda _model: IMPORTING,
        clean=_nothing_to_clean,
        forget=_nothing_to_forget,
    )
