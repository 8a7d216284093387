"""A labelling service over a table in memory, for unit tests: what people and applications ask."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.ai_fakes import FakeCalls, FakeFiles, FakeMetrics, FakeOutcomes, FakeTime, fake_ports
from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.labelling import KIND, arriving, runs, working
from tidegate.ai.labelling.records import Item
from tidegate.ai.labelling.settings import FromModel, LabellingSettings
from tidegate.ai.labelling.store import item_of
from tidegate.ai.ports import Person, ServicePorts
from tidegate.ai.problems import CallRefusedError
from tidegate.ai.signing_in import PAGE_URL, POOL_CLIENT, POOL_PAGES

RESOURCES = {
    "table": "items",
    PAGE_URL: "https://api.example/ai/social/page",
    POOL_PAGES: "https://tidegate-1.auth.eu-west-1.amazoncognito.com",
    POOL_CLIENT: "client-1",
}
WORK = "0123456789abcdef0123456789abcdef"
CLASSES = ("cat", "dog", "owl")
PLAIN = LabellingSettings(task="text-class", classes=CLASSES, label="animal")
GOLD = "".join(
    json.dumps({"source": f"gold {n}", "animal": CLASSES[n % 3]}) + "\n" for n in range(40)
)
WITH_GOLD = replace(PLAIN, gold=GOLD, gold_share=0.5)
DOUBTS = replace(PLAIN, annotators_per_item=1, from_model=FromModel(model="zoo", under=0.6))


class Table:
    """DynamoDB's answers to what the store asks, with its conditions and its index."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.losing = 0
        """So many of the next writes come too late."""

    def answers(self) -> dict[str, Any]:
        """By operation."""
        return {
            "dynamodb:GetItem": self.get,
            "dynamodb:PutItem": self.put,
            "dynamodb:TransactWriteItems": self.transact,
            "dynamodb:Query": self.query,
        }

    def get(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """One item by its keys."""
        found = self.items.get((given["Key"]["pk"]["S"], given["Key"]["sk"]["S"]))
        return {} if found is None else {"Item": found}

    def _holds(self, put: Mapping[str, Any]) -> bool:
        there = self.items.get((put["Item"]["pk"]["S"], put["Item"]["sk"]["S"]))
        condition = put.get("ConditionExpression")
        if condition is None:
            return True
        if condition == "attribute_not_exists(pk)":
            return there is None
        wanted = put["ExpressionAttributeValues"][":before"]["N"]
        return there is not None and there["revision"]["N"] == wanted

    def put(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """One item, on its condition."""
        if not self._holds(given):
            code = "ConditionalCheckFailedException"
            raise CallRefusedError(operation="PutItem", code=code, message="changed")
        self._write(given)
        return {}

    def _write(self, put: Mapping[str, Any]) -> None:
        self.items[put["Item"]["pk"]["S"], put["Item"]["sk"]["S"]] = dict(put["Item"])

    def transact(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """All of them, or none."""
        puts = [one["Put"] for one in given["TransactItems"]]
        if self.losing or not all(self._holds(put) for put in puts):
            self.losing = max(0, self.losing - 1)
            code = "TransactionCanceledException"
            raise CallRefusedError(operation="TransactWriteItems", code=code, message="changed")
        for put in puts:
            self._write(put)
        return {}

    def query(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Of the index by its list, in pages of two; or of a key by the beginning of the other."""
        values = given["ExpressionAttributeValues"]
        if given.get("IndexName") is None:
            pk, begin = values[":pk"]["S"], values[":answer"]["S"]
            keys = sorted(key for key in self.items if key[0] == pk and key[1].startswith(begin))
            return {"Items": [self.items[key] for key in keys]}
        listed = [one for one in self.items.values() if one.get("list") == values[":list"]]
        listed.sort(key=lambda one: one["place"]["S"])
        if given.get("Select") == "COUNT":
            return {"Count": len(listed), "Items": []}
        start = int(given.get("ExclusiveStartKey", {}).get("at", {"N": "0"})["N"])
        page: dict[str, Any] = {"Items": listed[start : start + 2]}
        if start + 2 < len(listed):
            page["LastEvaluatedKey"] = {"at": {"N": str(start + 2)}}
        return page


class Bench:
    """A service with these settings, and people who ask it by name."""

    def __init__(self, settings: LabellingSettings) -> None:
        self.table = Table()
        self.ports = fake_ports(KIND, self.table.answers(), settings=settings, resources=RESOURCES)
        assert isinstance(self.ports.calls, FakeCalls)
        assert isinstance(self.ports.files, FakeFiles)
        assert isinstance(self.ports.clock, FakeTime)
        assert isinstance(self.ports.metrics, FakeMetrics)
        self.files, self.clock, self.metrics = (
            self.ports.files,
            self.ports.clock,
            self.ports.metrics,
        )

    @property
    def outcomes(self) -> FakeOutcomes:
        """What was told of models."""
        assert isinstance(self.ports.outcomes, FakeOutcomes)
        return self.ports.outcomes

    def of(self, name: str) -> ServicePorts:
        """The ports as a person's request has them."""
        return replace(self.ports, person=Person(id=f"id-{name}", name=name))

    def next(self, name: str) -> working.Task | None:
        """The item that the person gets."""
        return working.next_item(working.NextItem(), self.of(name)).task

    def label(self, name: str, id_: str, *classes: str, **more: Any) -> working.Taken:
        """The person says so."""
        said = working.Labelled(item=id_, classes=classes, **more)
        return working.label(said, self.of(name))

    def arrive(self, prefix: str, name: str, content: bytes) -> Progress:
        """A file came, and all of it was worked on."""
        key = f"in/{prefix}/{name}"
        self.files.content[key] = content
        arrived = Arrived(key=key, name=name, size=len(content), work=WORK)
        if prefix == arriving.IMAGES:
            return arriving.begin_image(arrived, self.ports)
        progress = arriving.begin(arrived, self.ports)
        while isinstance(progress, Waiting):
            progress = arriving.look(arrived, progress.state, self.ports)
        return progress

    def add(self, *texts: str) -> Any:
        """What came of a manifest of these texts."""
        lines = "".join(json.dumps({"source": text}) + "\n" for text in texts)
        progress = self.arrive(arriving.ITEMS, "a.manifest", lines.encode())
        assert isinstance(progress, Done)
        return progress.result

    def run(self, work: str = WORK) -> runs.RunDone:
        """What a run did."""
        arrived = Arrived(key="in/runs/1.json", name="1.json", size=2, work=work)
        progress = runs.begin(arrived, self.ports)
        assert isinstance(progress, Done)
        found: runs.RunDone = progress.result
        return found

    def manifest(self) -> list[dict[str, Any]]:
        """The lines of the manifest of the last run."""
        text = self.files.content[runs.MANIFEST].decode()
        return [json.loads(line) for line in text.splitlines()]

    def item(self, id_: str) -> Item:
        """The item as it is."""
        found = item_of(id_, self.ports)
        assert found is not None
        return found

    def work(self, name: str, says: Mapping[str, str]) -> Iterator[str]:
        """The person labels by text until there is nothing; the ids of the items."""
        while True:
            task = self.next(name)
            if task is None or task.text is None:
                return
            self.label(name, task.item, says[task.text])
            yield task.item
