"""A deployed chain of batches for proofs of its roles: runs, roles, how executions end."""

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.e2e.batches import BatchWorld, Offline
from tests.e2e.roles import DeployedRole, StoryFailedError, client
from tests.e2e.world import wait_for
from tidegate.batch.run import RunRecord, Status
from tidegate.slots import Slot

NEXT = """
  stock:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: ARTIFACT
    label: LABEL
    batch:
      after: demand
      columns: [{ name: store, type: integer }, { name: price }, { name: forecast }]
      instance_type: ml.m5.large
      failed_percent: 5
      sla: 12h
      compare: { tolerance: 0.1, agreement: 0.9, shift: 0.9 }
"""
POISONED, SOUND = 9, 400
"""Records of an object with a poisoned one, each of which becomes an object in the end, and of one
without; together enough for a comparison to be sure."""

V1 = Offline(name="v1", poison=6.0)
LIKE = Offline(name="v2", slope=2.001, poison=6.0)


@dataclass(slots=True, kw_only=True)
class Proven:
    """A deployed chain: runs of `stock` that are done, over data that `demand` is said to made."""

    world: BatchWorld
    upstream: str
    kept: str
    torn: str
    compared: str

    @property
    def uri(self) -> str:
        """Where the data set is."""
        return f"s3://{self.upstream}/results/u1/"


def begin(proven: Proven) -> str:
    """A run over the data of the batch before has begun; its id."""
    words = ("batch", "run", "stock", "--input", proven.uri, "--detach", "--json")
    said = proven.world.tidegate(*words)
    assert said.code == 0, (said.out, said.err)
    return str(said.json()["run"])


def run_ended(proven: Proven, run: str) -> str:
    """The run, which is done."""
    runs = proven.world.batch.runs

    def over() -> RunRecord | None:
        record = runs.load(run)
        return record if record is not None and record.status.over else None

    record = wait_for(over, seconds=120, what=f"the end of {run}")
    assert record.status is Status.DONE, record.why
    return run


class BatchRole(DeployedRole):
    """A role of the batch's stack; of a function by its package."""

    def __init__(self, proven: Proven, id_: str) -> None:
        super().__init__(
            world=proven.world,  # type: ignore[arg-type] - it has a cloud, too
            role_id=f"{id_}Role",
            stack="rights-test-batch-stock",
        )
        self.proven, self.id = proven, id_

    def start_cold(self) -> None:
        """The next invocation of its function, if it is one's, is served by a new worker."""
        if not self.id.endswith("Batch"):
            return
        functions, name = client(self.world, "lambda"), self.physical_id(self.id)
        known = functions.get_function_configuration(FunctionName=name)
        variables = {**known["Environment"]["Variables"], "STORY": uuid.uuid4().hex}
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the deployed function answers; StoryFailedError when it raises."""
        name = self.physical_id(self.id)
        told = client(self.world, "lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        answer: dict[str, Any] = json.loads(told["Payload"].read())
        if "FunctionError" in told:
            raise StoryFailedError(str(answer.get("errorMessage")))
        return answer


def expect(answer: Mapping[str, Any], **wanted: Any) -> None:
    """The answer has these members."""
    if {name: answer.get(name) for name in wanted} != wanted:
        raise StoryFailedError(f"expected {wanted}, got {answer}")


def put(proven: Proven, key: str, body: bytes) -> None:
    """The batch's bucket has the object."""
    proven.world.s3.put_object(Bucket=proven.world.batch.bucket, Key=key, Body=body)


def drop(proven: Proven, key: str) -> None:
    """The batch's bucket has no such object."""
    proven.world.s3.delete_object(Bucket=proven.world.batch.bucket, Key=key)


def live_is(proven: Proven, slot: Slot) -> None:
    """The pointer names this slot."""
    runs = proven.world.batch.runs
    pointer = runs.pointer()
    assert pointer is not None
    moved = {**pointer, "slot": slot.value, "version": runs.declared()[slot.value]}
    assert runs.move(
        {**moved, "generation": pointer["generation"] + 1}, after=pointer["generation"]
    )


def fresh() -> str:
    """An id of a run that nobody knows."""
    return f"20200101t000000-{uuid.uuid4().hex[:6]}"


def known(proven: Proven, run: str) -> RunRecord:
    """The record of a run."""
    found = proven.world.batch.runs.load(run)
    assert found is not None
    return found


def ended(role: BatchRole, execution: str, *, what: str) -> None:
    """The execution went well; StoryFailedError as soon as a call of it was refused.

    The machine tries again what was refused, for as long as it would take a person to mend it.
    """
    batch = role.proven.world.batch
    found = wait_for(
        lambda: refused(role, execution) or batch.is_over(execution), seconds=120, what=what
    )
    if isinstance(found, str):
        with suppress(ClientError):  # it has ended meanwhile
            batch.machines.stop_execution(executionArn=execution)
        raise StoryFailedError(found)
    said = batch.ended_badly(execution)
    if said is not None:
        raise StoryFailedError(said)


def refused(role: BatchRole, execution: str) -> str | None:
    """What a task of the execution was told that it may not do."""
    pages = client(role.world, "stepfunctions").get_paginator("get_execution_history")
    for page in pages.paginate(executionArn=execution):
        for event in page["events"]:
            cause = str(event.get("taskFailedEventDetails", {}).get("cause", ""))
            if "not authorized" in cause:
                return cause
    return None
