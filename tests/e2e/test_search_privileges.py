"""Least privilege of search: of the functions' own calls, and of what reads and indexes.

One service by a knowledge base and one by Kendra, which accounts have that had it when it was
closed.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld, until

pytestmark = pytest.mark.accept

SEARCH = """
  handbook:
    kind: kendra
    requests_per_minute: 60000
  enrolled:
    kind: kendra
    requests_per_minute: 60000
    settings: { engine: kendra, enrolled: true }
"""
TEXT = b"Everybody has thirty days of holiday a year."


class Base:
    """A knowledge base, as its administrator uses it."""

    service, proofs, before = "handbook", "search", ""
    """The service's name, the names of kept proofs, and how names of stories begin."""
    over = frozenset({"COMPLETE", "FAILED", "STOPPED"})
    """What is said of runs that are over."""
    done = "COMPLETE"

    def newest(self, role: DeployedRole) -> str:
        """What is said of the newest run; that it is done where there is none."""
        order = {"attribute": "STARTED_AT", "order": "DESCENDING"}
        agent, names = client(role.world, "bedrock-agent"), self._names(role)
        found = agent.list_ingestion_jobs(**names, sortBy=order)["ingestionJobSummaries"]
        return str(found[0]["status"]) if found else self.done

    def start(self, role: DeployedRole) -> None:
        """The index follows the documents."""
        client(role.world, "bedrock-agent").start_ingestion_job(**self._names(role))

    @staticmethod
    def _names(role: DeployedRole) -> dict[str, str]:
        source = role.physical_id("Source").rpartition("|")[2]
        return {"knowledgeBaseId": role.physical_id("Base"), "dataSourceId": source}


class Kendra:
    """An index of Kendra, as its administrator uses it."""

    service, proofs, before = "enrolled", "closed_search", "closed_"
    over = frozenset({"SUCCEEDED", "INCOMPLETE", "FAILED", "ABORTED"})
    done = "SUCCEEDED"

    def newest(self, role: DeployedRole) -> str:
        """What is said of the newest run; that it is done where there is none."""
        kendra, names = client(role.world, "kendra"), self._names(role)
        found = kendra.list_data_source_sync_jobs(**names).get("History", [])
        return str(max(found, key=lambda run: run["StartTime"])["Status"]) if found else self.done

    def start(self, role: DeployedRole) -> None:
        """The index follows the documents."""
        client(role.world, "kendra").start_data_source_sync_job(**self._names(role))

    @staticmethod
    def _names(role: DeployedRole) -> dict[str, str]:
        source, index = role.physical_id("Source").split("|")
        return {"Id": source, "IndexId": index}


Engine = Base | Kendra
ENGINES = (Base(), Kendra())


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """A service of each engine, with one document."""
    folder = tmp_path_factory.mktemp("search-rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="found", services=SEARCH)
    made.deploy()
    path = folder / "leave.md"
    path.write_bytes(TEXT)
    keys = {engine.service: made.send(engine.service, path) for engine in ENGINES}
    for service, key in keys.items():
        assert made.outcome(service, key)["status"] == "done"
    yield made
    remove_stacks(story_cloud, "found-")


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.service)
def stories(request: pytest.FixtureRequest) -> "Stories":
    """Of one engine and then of the other."""
    return Stories(request.param)


@dataclass(frozen=True, slots=True)
class Stories:
    """What a service of the engine does, under one of its roles."""

    engine: Engine

    def named(self, *stories: Callable[..., None]) -> dict[str, Callable[..., None]]:
        """Stories by the names that proofs have."""
        return {f"{self.engine.before}{story.__name__}": story for story in stories}

    def function(self, world: ServicesWorld, package: str) -> ServiceRole:
        """The role of a function of the service."""
        return ServiceRole(world, self.engine.service, package)

    def role(self, world: ServicesWorld, role_id: str) -> DeployedRole:
        """Another role of its stack."""
        stack = f"found-test-ai-{self.engine.service}"
        return DeployedRole(world=world, role_id=role_id, stack=stack)  # type: ignore[arg-type]

    def rested(self, role: DeployedRole) -> str:
        """How the newest run of the index ended, once it has."""

        def newest() -> str | None:
            status = self.engine.newest(role)
            return status if status in self.engine.over else None

        return until(newest, seconds=30, what="the end of a run")

    def search(self, _: ServicesWorld, role: ServiceRole) -> None:
        """A passage answers."""
        if not role.ask("search", question="How many days of holiday?")["passages"]:
            raise StoryFailedError("nothing was found")

    def forget(self, world: ServicesWorld, role: ServiceRole) -> None:
        """A document is deleted, and the index follows."""
        self._put(world, role, "old.md")
        self.rested(role)
        role.ask("forget", document="old.md")

    def index(self, _: ServicesWorld, role: ServiceRole) -> None:
        """A document that arrives starts a run, and is looked for when it is over."""
        self.rested(role)
        key = role.put("documents", "new.md", TEXT)
        if role.work_on(key):
            raise StoryFailedError("no run was begun")
        for _ in range(3):
            self.rested(role)
            if role.look_again(key):
                raise StoryFailedError("the run could not be looked at")
            if role.results(key):
                return
        raise StoryFailedError(f"no result of {key}")

    def run(self, world: ServicesWorld, role: DeployedRole) -> None:
        """A new document is read and indexed, under the role."""
        self._put(world, role, f"{uuid.uuid4().hex[:8]}.md")
        self.rested(role)
        self.engine.start(role)
        if self.rested(role) != self.engine.done:
            raise StoryFailedError("the run failed")

    def retrieve(self, world: ServicesWorld, role: DeployedRole) -> None:
        """And vectors are read, when a knowledge base is asked."""
        runtime = client(world, "bedrock-agent-runtime")  # type: ignore[arg-type]
        base, query = role.physical_id("Base"), {"text": "days of holiday"}
        try:
            found = runtime.retrieve(knowledgeBaseId=base, retrievalQuery=query)
        except runtime.exceptions.ClientError as error:
            raise StoryFailedError(str(error)) from error
        if not found["retrievalResults"]:
            raise StoryFailedError("nothing was found")

    @staticmethod
    def _put(world: ServicesWorld, role: DeployedRole, name: str) -> None:
        s3, key = client(world, "s3"), f"documents/{name}"  # type: ignore[arg-type]
        for key_, body in ((key, TEXT), (f"{key}.metadata.json", b"{}")):
            s3.put_object(Bucket=role.physical_id("Files"), Key=key_, Body=body)


def _own(right: Right) -> bool:
    return right.action.startswith(("bedrock:", "kendra:")) or right.action == "s3:DeleteObject"


def test_each_right_of_the_door_of_search_is_needed(
    world: ServicesWorld, prover: Prover, stories: Stories
) -> None:
    """To search and to forget."""
    role = stories.function(world, DOOR)
    told = stories.named(stories.search, stories.forget)
    prover.prove(f"{DOOR}_{stories.engine.proofs}", role, told, about=_own)


def test_each_right_of_the_worker_of_search_is_needed(
    world: ServicesWorld, prover: Prover, stories: Stories
) -> None:
    """To have documents indexed, and to know that they are."""
    role = stories.function(world, WORKER)
    with role.by_hand():
        told = stories.named(stories.index)
        prover.prove(f"{WORKER}_{stories.engine.proofs}", role, told, about=_own)


def test_each_right_of_the_knowledge_base_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """To read documents, and to write and read vectors."""
    stories = Stories(Base())
    told = stories.named(stories.run, stories.retrieve)
    prover.prove("index_role", stories.role(world, "IndexRole"), told)


@pytest.mark.parametrize(
    ("role_id", "proofs"), [("SourceRole", "source_role"), ("IndexRole", "closed_index_role")]
)
def test_each_right_of_kendra_is_needed(
    world: ServicesWorld, prover: Prover, role_id: str, proofs: str
) -> None:
    """To read documents and to index them; nothing here misses the metrics of an index."""
    stories = Stories(Kendra())
    prover.prove(proofs, stories.role(world, role_id), stories.named(stories.run))
