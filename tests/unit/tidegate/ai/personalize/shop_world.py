"""A shop that recommends, over fakes: what it knows, and Personalize as it answers."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.ai_fakes import FakeCalls, FakeFiles, fake_ports
from tidegate.ai.kind import Arrived, Waiting
from tidegate.ai.personalize import KIND
from tidegate.ai.personalize.runs import begin_run, look
from tidegate.ai.personalize.settings import PersonalizeSettings
from tidegate.ai.problems import (
    CallRefusedError,
)

WORK = "0123456789abcdef0123456789abcdef"
RUN = Arrived(key="in/runs/1.json", name="1.json", size=2, work=WORK)
WEEK = Arrived(key="timer/training/x", name="x", size=0, work="f" * 32)
ARN = "arn:aws:personalize:us-east-1:123456789012:"
TOLD = {
    "names": "tg-0000",
    "role": "arn:aws:iam::123456789012:role/data",
    "arns": ARN.removesuffix(":"),
    "arm": "s",
    "ready": "recommended/current.json",
    "tracking": "t",
    "interactions": f"{ARN}dataset/g/INTERACTIONS",
    "items": f"{ARN}dataset/g/ITEMS",
    "unbought": "u",
}
FIELDS = {"CATEGORY": "category", "PRICE": "number"}
VERSION = f"{ARN}solution/s/1"
OF_GREEN = ["shoe", "hat"]
Answers = dict[str, Any]


def enough() -> bytes:
    """A thousand interactions of forty users, as they are kept; hat sells best."""
    rows = []
    for number in range(1_000):
        item = ("hat", "shoe", "coat")[number % 3]
        kind = "purchase" if item == "hat" and number % 2 else "view"
        rows.append(f"u{number % 40},{item},{number},{kind},\n")
    return "".join(rows).encode()


def answers(**changes: Any) -> Answers:
    """Personalize, with everything active at once; `status` is of solution versions."""
    made: dict[str, list[Mapping[str, Any]]] = {"imports": [], "versions": [], "batches": []}
    clock = {"now": 0.0}
    version = {"status": changes.get("status", "ACTIVE"), **changes.get("version", {})}

    def create(kind: str, member: str, path: str) -> Any:
        def answer(asked: Mapping[str, Any]) -> Mapping[str, Any]:
            solution = str(asked.get("solutionArn", "")).rpartition("/")[2]
            arn = f"{ARN}{path}/{asked.get('jobName', f'{solution}/1')}"
            moment = datetime.fromtimestamp(1_800_000_000 + clock["now"], tz=UTC)
            entry = {member: arn, "status": version["status"], "creationDateTime": moment}
            made[kind].append(
                {**entry, **({"jobName": asked["jobName"]} if "jobName" in asked else {})}
            )
            return {member: arn}

        return answer

    def active(member: str) -> Any:
        return lambda _asked: {member: {"status": "ACTIVE"}}

    return {
        "personalize:ListDatasetImportJobs": lambda _: {"datasetImportJobs": made["imports"]},
        "personalize:CreateDatasetImportJob": create(
            "imports", "datasetImportJobArn", "dataset-import-job"
        ),
        "personalize:DescribeDatasetImportJob": active("datasetImportJob"),
        "personalize:DescribeSolution": lambda _: {"solution": changes.get("solution", {})},
        "personalize:UpdateSolution": lambda _: {},
        "personalize:ListSolutionVersions": lambda asked: {
            "solutionVersions": [
                version
                for version in made["versions"]
                if version["solutionVersionArn"].startswith(f"{asked['solutionArn']}/")
            ]
        },
        "personalize:CreateSolutionVersion": create("versions", "solutionVersionArn", "solution"),
        "personalize:DescribeSolutionVersion": lambda _: {"solutionVersion": version},
        "personalize:ListBatchInferenceJobs": lambda _: {"batchInferenceJobs": made["batches"]},
        "personalize:CreateBatchInferenceJob": create(
            "batches", "batchInferenceJobArn", "batch-inference-job"
        ),
        "personalize:DescribeBatchInferenceJob": active("batchInferenceJob"),
        "personalize-events:PutEvents": lambda _: {},
        **campaigns(),
    }


def campaigns(*statuses: str) -> Answers:
    """Personalize's campaigns; each new one has the next of the statuses, ACTIVE after them."""
    known: dict[str, dict[str, Any]] = {}
    left = list(statuses)

    def create(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        arn = f"{ARN}campaign/{asked['name']}"
        known[arn] = {**asked, "status": left.pop(0) if left else "ACTIVE"}
        return {"campaignArn": arn}

    def describe(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if asked["campaignArn"] not in known:
            raise CallRefusedError(operation="x", code="ResourceNotFoundException", message="")
        return {"campaign": known[asked["campaignArn"]]}

    def update(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        known[asked["campaignArn"]] |= asked
        return {}

    def delete(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        del known[asked["campaignArn"]]
        return {}

    return {
        "personalize:CreateCampaign": create,
        "personalize:DescribeCampaign": describe,
        "personalize:UpdateCampaign": update,
        "personalize:DeleteCampaign": delete,
    }


def ports(given_answers: Answers | None = None, **settings: Any) -> Any:
    """A shop that knows enough."""
    chosen = PersonalizeSettings(**{"item_fields": FIELDS, **settings})
    found = answers() if given_answers is None else given_answers
    made = fake_ports(KIND, found, settings=chosen, resources=TOLD)
    files: FakeFiles = made.files  # type: ignore[assignment]
    files.content |= {
        "known/interactions/a.csv": enough(),
        "known/items/a.csv": b"hat,hats,5\n",
        RUN.key: b"{}",
    }
    return made


def asked(made: Any) -> list[str]:
    """The operations that were called."""
    calls: FakeCalls = made.calls
    return [name.partition(":")[2] for name in calls.names()]


def output(*users: tuple[str, list[str]]) -> bytes:
    """What a batch job writes; nobody is recommended to whom nothing could be."""
    lines = []
    for user, items in users:
        good = {"recommendedItems": items, "scores": [0.5] * len(items)} if items else None
        error = None if items else "no such user"
        lines.append(json.dumps({"input": {"userId": user}, "output": good, "error": error}))
    return "\n".join(lines).encode()


def finished(made: Any, arrived: Arrived = RUN) -> Any:
    """The result of a run whose every step is over when it is looked at."""
    for arm in made.arms:
        key = f"runs/{arrived.work}/recommended/{arm.resources['arm']}/users.json.out"
        items = OF_GREEN if arm.resources["arm"].endswith("green") else ["coat", "hat", "shoe"]
        made.files.content[key] = output(("u1", items), ("u2", []))
    found = begin_run(arrived, made)
    while isinstance(found, Waiting):
        found = look(arrived, json.loads(json.dumps(found.state)), made)
    return found.result
