"""Batches that are deployed: start a run, follow it, read what it left."""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from cli.deployed import stack_outputs
from cli.executions import plain
from cli.exits import CommandError, Exit
from cli.options import Place
from cli.target import Target
from tidegate.batch.rounds import MOST_ROUNDS, Round
from tidegate.batch.run import RunRecord, Status
from tidegate.batch.units import Keys
from tidegate_aws.batch_runs import DynamoRuns
from tidegate_aws.errors import ABSENT_OBJECT, code_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The batch of one model in one stage, deployed."""

    model: str
    bucket: str
    machine: str
    runs: DynamoRuns
    s3: Any
    machines: Any

    def known(self, run: str | None) -> RunRecord:
        """The run of this id, or the newest; CommandError when there is none."""
        if run is not None:
            record = self.runs.load(run)
            if record is not None:
                return record
            raise CommandError(
                f"the batch of {self.model} has no run {run}: 'tidegate batch status {self.model}' "
                "lists those there are",
                code=Exit.USAGE,
            )
        newest = self.runs.newest(1)
        if newest:
            return newest[0]
        raise CommandError(
            f"the batch of {self.model} has had no run yet: 'tidegate batch run {self.model}' "
            "starts one",
            code=Exit.REFUSED,
        )

    def start(self, request: dict[str, Any]) -> str:
        """An execution of the machine is started with this input; its ARN."""
        name = f"{request['run']}-{secrets.token_hex(3)}"
        told = self.machines.start_execution(
            stateMachineArn=self.machine, name=name, input=json.dumps(request)
        )
        return str(told["executionArn"])

    def stalled(self, record: RunRecord) -> bool:
        """Whether a run is not over, and no execution works on it: it was stopped, or died."""
        if record.status.over or not record.execution:
            return False
        return self.is_over(self.execution(record))

    def execution(self, record: RunRecord) -> str:
        """The ARN of the execution that works, or worked last, on a run."""
        begins = self.machine.replace(":stateMachine:", ":execution:", 1)
        return f"{begins}:{record.execution}"

    def ended_badly(self, execution: str) -> str | None:
        """What an execution says that failed; None while it runs or when it succeeded."""
        told = self.machines.describe_execution(executionArn=execution)
        if told["status"] in {"RUNNING", "SUCCEEDED"}:
            return None
        return f"{told.get('error', told['status'])}: {plain(told.get('cause', ''))}"

    def is_over(self, execution: str) -> bool:
        """Whether an execution does not run any more."""
        told = self.machines.describe_execution(executionArn=execution)
        return bool(told["status"] != "RUNNING")

    def document(self, key: str) -> Any:
        """A JSON document of the batch's bucket, None when there is none."""
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if code_of(error) in ABSENT_OBJECT:
                return None
            raise
        return json.loads(body)

    def round(self, record: RunRecord) -> Round | None:
        """The state before the round that is next, None before the input was validated.

        Two requests, however many rounds there were.
        """
        keys = Keys(run=record.run, purpose=record.purpose.value)
        told = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=keys.rounds)
        listed = {found["Key"] for found in told.get("Contents", ())}
        newest = [n for n in range(MOST_ROUNDS + 1) if keys.round(n) in listed][-1:]
        document = self.document(keys.round(newest[0])) if newest else None
        return None if document is None else Round.from_json(document)


def new_run(now: float) -> str:
    """The id of a run that a person starts."""
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%dt%H%M%S}-{secrets.token_hex(3)}"


def find_batch(where: Place, model: str) -> Batch | None:
    """The batch of a model, None before its first deploy."""
    stack = f"{where.project.name}-{where.stage}-batch-{model}"
    outputs = stack_outputs(where.reading, stack)
    if not outputs or "RunTableName" not in outputs:
        return None
    return batch_of(model, outputs, target=where.target, reading=where.reading)


def batch_of(model: str, outputs: Mapping[str, str], *, target: Target, reading: Target) -> Batch:
    """The batch whose stack has these outputs; `reading` is who reads its table."""
    return Batch(
        model=model,
        bucket=outputs["BatchBucketName"],
        machine=outputs["BatchMachineArn"],
        runs=DynamoRuns(client=reading.client("dynamodb"), table=outputs["RunTableName"]),
        s3=target.client("s3"),
        machines=target.client("stepfunctions"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStanding:
    """A batch after a deploy: its live pointer, versions and newest run, None before the first.

    `looked` is whether runs were looked at: a pipeline's role may read pointers only.
    """

    model: str
    live: Mapping[str, Any] | None
    declared: Mapping[str, Any]
    last: RunRecord | None
    looked: bool


def batch_standings(where: Place) -> tuple[BatchStanding, ...]:
    """Every batch of the project file that is deployed."""
    found = (find_batch(where, model) for model in where.project.batches)
    looked = where.reader is None
    return tuple(_standing(batch, looked=looked) for batch in found if batch is not None)


def _standing(batch: Batch, *, looked: bool) -> BatchStanding:
    newest = batch.runs.newest(1) if looked else ()
    return BatchStanding(
        model=batch.model,
        live=batch.runs.pointer(),
        declared=batch.runs.declared(),
        last=newest[0] if newest else None,
        looked=looked,
    )


def the_batch(where: Place, model: str) -> Batch:
    """The batch of a model; CommandError when it has none, or is not deployed."""
    if model not in where.project.batches:
        known = ", ".join(where.project.batches) or "none"
        raise CommandError(
            f"model {model} has no section batch in {where.project.path}; models that have one: "
            f"{known}",
            code=Exit.USAGE,
        )
    found = find_batch(where, model)
    if found is None:
        raise CommandError(
            f"the batch of {model} is not deployed on {where.target.name}: run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    return found


def watched(
    batch: Batch, execution: str, run: str, *, pause: Any
) -> Iterator[tuple[RunRecord | None, Round | None]]:
    """The record and the round as they change, the last one when the execution is over.

    CommandError when it ended without a record: then there was nothing to run.
    """
    while True:
        over = batch.is_over(execution)
        record = batch.runs.load(run)
        now = None if record is None or record.status.over else batch.round(record)
        yield record, now
        if over:
            break
        pause()
    if record is None or record.status is Status.RUNNING:
        said = batch.ended_badly(execution)
        raise CommandError(f"run {run} of {batch.model} did not go on: {said}", code=Exit.REFUSED)
