"""Least privilege of search: of the functions' own calls, and of what reads and indexes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld, until
from tidegate.ai.messages import check_message, work_id

pytestmark = pytest.mark.accept

SEARCH = """
  handbook:
    kind: kendra
    requests_per_minute: 60000
"""
SERVICE, TEXT = "handbook", b"Everybody has thirty days of holiday a year."


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One knowledge base with one document."""
    folder = tmp_path_factory.mktemp("search-rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="found", services=SEARCH)
    made.deploy()
    path = folder / "leave.md"
    path.write_bytes(TEXT)
    assert made.outcome(SERVICE, made.send(SERVICE, path))["status"] == "done"
    yield made
    remove_stacks(story_cloud, "found-")


def _jobs(world: ServicesWorld, role: DeployedRole) -> tuple[Any, dict[str, str]]:
    base, source = role.physical_id("Base"), role.physical_id("Source")
    names = {"knowledgeBaseId": base, "dataSourceId": source.rpartition("|")[2]}
    return client(world, "bedrock-agent"), names


def _rested(world: ServicesWorld, role: DeployedRole) -> str:
    """How the newest run of the index ended, once it has."""
    agent, names = _jobs(world, role)

    def newest() -> str | None:
        order = {"attribute": "STARTED_AT", "order": "DESCENDING"}
        found = agent.list_ingestion_jobs(**names, sortBy=order)["ingestionJobSummaries"]
        status = found[0]["status"] if found else "COMPLETE"
        return status if status in {"COMPLETE", "FAILED", "STOPPED"} else None

    return until(newest, seconds=30, what="the end of a run")


def search(_: ServicesWorld, role: ServiceRole) -> None:
    """A passage answers."""
    if not role.ask("search", question="How many days of holiday?")["passages"]:
        raise StoryFailedError("nothing was found")


def forget(world: ServicesWorld, role: ServiceRole) -> None:
    """A document is deleted, and the index follows."""
    bucket = role.bucket
    client(world, "s3").put_object(Bucket=bucket, Key="documents/old.md", Body=TEXT)
    client(world, "s3").put_object(Bucket=bucket, Key="documents/old.md.metadata.json", Body=b"{}")
    _rested(world, role)
    role.ask("forget", document="old.md")


def index(world: ServicesWorld, role: ServiceRole) -> None:
    """A document that arrives starts a run, and is looked for when it is over."""
    _rested(world, role)
    key = role.put("documents", "new.md", TEXT)
    if role.work_on(key):
        raise StoryFailedError("no run was begun")
    work = work_id(key, "1")
    for _ in range(3):
        _rested(world, role)
        if role.deliver(check_message(work), id_=_holder(world, role, work)):
            raise StoryFailedError("the run could not be looked at")
        if role.results(key):
            return
    raise StoryFailedError(f"no result of {key}")


def _holder(world: ServicesWorld, role: ServiceRole, work: str) -> str:
    table = role.physical_id("Ledger")
    where = {"pk": {"S": f"work#{work}"}, "sk": {"S": "work"}}
    item = client(world, "dynamodb").get_item(TableName=table, Key=where, ConsistentRead=True)
    return str(json.loads(item["Item"]["json"]["S"])["holder"])


def run(world: ServicesWorld, role: DeployedRole) -> None:
    """The knowledge base reads the bucket and writes vectors, under its role."""
    agent, names = _jobs(world, role)
    _rested(world, role)
    agent.start_ingestion_job(**names)
    if _rested(world, role) != "COMPLETE":
        raise StoryFailedError("the run failed")


def retrieve(world: ServicesWorld, role: DeployedRole) -> None:
    """And reads vectors, when it is asked."""
    runtime = client(world, "bedrock-agent-runtime")
    base = role.physical_id("Base")
    try:
        found = runtime.retrieve(knowledgeBaseId=base, retrievalQuery={"text": "days of holiday"})
    except runtime.exceptions.ClientError as error:
        raise StoryFailedError(str(error)) from error
    if not found["retrievalResults"]:
        raise StoryFailedError("nothing was found")


def _own(right: Right) -> bool:
    return right.action.startswith("bedrock:") or right.action == "s3:DeleteObject"


def test_each_right_of_the_door_of_search_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """To search and to forget."""
    role = ServiceRole(world, SERVICE, DOOR)
    prover.prove(f"{DOOR}_search", role, {"search": search, "forget": forget}, about=_own)


def test_each_right_of_the_worker_of_search_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """To have documents indexed, and to know that they are."""
    role = ServiceRole(world, SERVICE, WORKER)
    with role.by_hand():
        prover.prove(f"{WORKER}_search", role, {"index": index}, about=_own)


def test_each_right_of_the_knowledge_base_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """To read documents, and to write and read vectors."""
    role = DeployedRole(world=world, role_id="IndexRole", stack=f"found-test-ai-{SERVICE}")
    prover.prove("index_role", role, {"run": run, "retrieve": retrieve})
