"""The jobs of Personalize: importing files, training, batch recommendations."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.jobs import Job, JobFailedError, State
from emulator.ai.personalize import data, things
from emulator.ai.personalize.recommending import RANKING, Asked, Recommender
from emulator.ai.personalize.similarity import Similarity, UntrainableError
from emulator.ai.personalize.things import Kind
from emulator.ai.personalize.town import Town
from emulator.ai.searching.crawling import Stored, stored
from emulator.jsonapi import Json, RefusedRequestError

BATCH_RESULTS = 25
_STATUSES = {
    State.QUEUED: things.PENDING,
    State.IN_PROGRESS: things.IN_PROGRESS,
    State.STOPPING: "CREATE STOPPING",
    State.COMPLETED: things.ACTIVE,
    State.FAILED: things.FAILED,
    State.STOPPED: "CREATE STOPPED",
}


def work(town: Town, job: Job) -> Json:
    """What the job's thing is for is done; JobFailedError says why it is not."""
    kind = _kind_of(job)
    told = town.things.get(job.tenant, kind, _arn_of(job))
    if kind is things.IMPORT:
        _import(town, job, told)
    elif kind is things.VERSION:
        _train(town, job, told)
    elif kind is things.BATCH:
        _infer(town, job, told)
    return {}


def settle(town: Town, job: Job) -> None:
    """The thing's status is that of its job."""
    changes = {"status": _STATUSES[job.state]}
    if job.failure is not None:
        changes["failureReason"] = job.failure
    town.things.change(job.tenant, _kind_of(job), _arn_of(job), changes)


def _arn_of(job: Job) -> str:
    """The ARN of the job's thing."""
    return str(job.request["arn"])


def _kind_of(job: Job) -> Kind:
    return next(kind for kind in things.KINDS if kind.noun == job.request["kind"])


def _import(town: Town, job: Job, told: Mapping[str, Any]) -> None:
    dataset = town.things.get(job.tenant, things.DATASET, told["datasetArn"])
    schema = town.things.get(job.tenant, things.SCHEMA, dataset["schemaArn"])
    kind = dataset["datasetType"].upper()
    fields = data.schema_fields(schema["schema"])
    location = told["dataSource"]["dataLocation"]
    try:
        rows = [
            row
            for content in _files(town, job, location, told["roleArn"])
            for row in data.rows_of(content, kind, fields)
        ]
    except ValueError as error:
        raise JobFailedError(f"{location}: {error}") from error
    mode = told.get("importMode", "FULL")
    town.data(job.tenant, dataset["datasetGroupArn"]).take(kind, rows, mode=mode)


def _files(town: Town, job: Job, location: str, role: str) -> Iterator[bytes]:
    """The files of a location, one or all of a folder, read as the role."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    try:
        client = town.roles.client(role, "s3", job.tenant[1])
        if key and not key.endswith("/"):
            yield Stored(bucket=bucket, key=key, version="").read(client)
            return
        for found in stored(client, bucket, [key]):
            yield found.read(client)
    except (PermissionError, ClientError) as error:
        raise JobFailedError(f"{location}: {error}") from error


def _train(town: Town, job: Job, told: Mapping[str, Any]) -> None:
    wanted = told.get("eventType")
    threshold = told.get("solutionConfig", {}).get("eventValueThreshold")
    rows = [
        row
        for row in town.data(job.tenant, told["datasetGroupArn"]).interactions()
        if wanted in {None, row.get("EVENT_TYPE")}
        and (threshold is None or row.get("EVENT_VALUE", 0.0) >= float(threshold))
    ]
    rows.sort(key=lambda row: row["TIMESTAMP"])
    try:
        trained = Similarity.trained([(row["USER_ID"], row["ITEM_ID"]) for row in rows])
    except UntrainableError as error:
        raise JobFailedError(str(error)) from error
    town.trained[_arn_of(job)] = trained


def _infer(town: Town, job: Job, told: Mapping[str, Any]) -> None:
    """Every line of the input has its answer or its error in `<name of the input>.out`."""
    recommender = Recommender.of(town, job.tenant, told["solutionVersionArn"])
    source = told["jobInput"]["s3DataSource"]["path"]
    target = told["jobOutput"]["s3DataDestination"]["path"]
    lines = b"".join(_files(town, job, source, told["roleArn"])).decode().splitlines()
    answers = [_answered(recommender, line, told) for line in lines if line.strip()]
    bucket, _, folder = target.removeprefix("s3://").partition("/")
    key = f"{folder.rstrip('/')}/{source.rpartition('/')[2]}.out".lstrip("/")
    try:
        client = town.roles.client(told["roleArn"], "s3", job.tenant[1])
        client.put_object(Bucket=bucket, Key=key, Body="".join(answers).encode())
    except (PermissionError, ClientError) as error:
        raise JobFailedError(f"{target}: {error}") from error


def _answered(recommender: Recommender, line: str, told: Mapping[str, Any]) -> str:
    answer: Json = {"input": line, "output": None, "error": None}
    try:
        given = json.loads(line)
        answer["input"] = given
        ranked = given.get("itemList") if recommender.use == RANKING else None
        asked = Asked(
            user=given.get("userId"),
            item=given.get("itemId"),
            ranked=ranked,
            filter_arn=told.get("filterArn"),
            filter_values=given.get("filterValues"),
        )
        found = recommender.recommend(asked).items[: told.get("numResults", BATCH_RESULTS)]
        answer["output"] = {
            "recommendedItems": [name for name, _ in found],
            "scores": [score for _, score in found],
        }
    except (ValueError, AttributeError) as error:
        answer["error"] = f"each line is a JSON object: {error}"
    except RefusedRequestError as error:
        answer["error"] = error.message
    return f"{json.dumps(answer)}\n"
