"""What a reaction needs of AWS: its memory in S3, the world around a model, and ways to act."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.errors import NotFoundError
from tidegate.loop import operate
from tidegate.loop.prepare import StartRequest
from tidegate.reaction.back import STARTED_BY, no_way_back
from tidegate.reaction.decide import Around
from tidegate.reaction.memory import Memory
from tidegate.reaction.ports import Remembered
from tidegate_aws.documents import Document
from tidegate_aws.monitor_store import REPORT_KEY

if TYPE_CHECKING:
    from tidegate.pointer import LivePointer
    from tidegate.ports import Executions, ReleaseStore
    from tidegate.reaction.memory import Act
    from tidegate.traffic import Traffic
    from tidegate_aws.packages import Registry
    from tidegate_aws.training_runs import PipelineRuns

MEMORY_KEY = "reaction.json"
LIVE_ARTIFACT = "LiveArtifact"
"""The parameter of a training pipeline that names what its evaluation compares with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3MemoryStore:
    """Port `MemoryStore`: one object of a monitor's bucket."""

    client: Any
    bucket: str

    @property
    def _memory(self) -> Document:
        return Document(client=self.client, bucket=self.bucket, key=MEMORY_KEY)

    def read(self) -> Remembered:
        """The newest memory, an empty one before the first act."""
        found = self._memory.read()
        if found is None:
            return Remembered(memory=Memory(), mark=None)
        body, mark = found
        return Remembered(memory=Memory.from_json(json.loads(body)), mark=mark)

    def write(self, remembered: Remembered) -> Remembered:
        """The memory is the newest; ConflictError where another was written since it was read."""
        body = json.dumps(remembered.memory.to_json(), separators=(",", ":")).encode()
        mark = self._memory.write(body, mark=remembered.mark, content_type="application/json")
        return Remembered(memory=remembered.memory, mark=mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSurroundings:
    """Port `Surroundings`. Without runs and registry the model is not trained here."""

    model: str
    s3: Any
    bucket: str
    store: ReleaseStore
    runs: PipelineRuns | None = None
    registry: Registry | None = None

    def report(self) -> dict[str, Any] | None:
        """The monitor's last report, None before the first."""
        found = Document(client=self.s3, bucket=self.bucket, key=REPORT_KEY).read()
        if found is None:
            return None
        view: dict[str, Any] = json.loads(found[0])
        return view

    def around(self) -> Around:
        """What is live and what is under way now."""
        pointer = live_pointer(self.store, self.model)
        waiting = None if self.registry is None else self.registry.waiting()
        return Around(
            model=self.model,
            live=pointer.version.digest,
            moved_at=pointer.moved_at,
            open_release=self.store.lock_holder(self.model),
            running=None if self.runs is None else self.runs.running(),
            waiting=None if waiting is None else waiting.rpartition(":")[2],
            no_way_back=no_way_back(self.store, self.model, pointer),
        )


def live_pointer(store: ReleaseStore, model: str) -> LivePointer:
    """The model's live pointer; NotFoundError before its first deploy was verified."""
    pointer = store.pointer(model)
    if pointer is None:
        raise NotFoundError(f"no version of {model} is live yet: deploy it")
    return pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraining:
    """Port `Actor`: a run of the training pipeline, compared with what is live."""

    model: str
    store: ReleaseStore
    runs: PipelineRuns

    def begin(self, act: Act) -> str:
        """The ARN of the run; the token of the act never begins a second one."""
        live = live_pointer(self.store, self.model).version.artifact_uri
        return self.runs.start({LIVE_ARTIFACT: live}, token=act.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingBack:
    """Port `Actor`: a release of the version before the live one, by the model's own plan."""

    model: str
    store: ReleaseStore
    traffic: Traffic
    executions: Executions

    def begin(self, act: Act) -> str:
        """The id of the release, which follows from the act; ReleaseRefusedError if it may not."""
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(act.at))
        release_id = f"{self.model[:30]}-{stamp}-{act.token[:4]}"
        if self.store.lock_holder(self.model) == release_id:
            return release_id
        operate.start(
            store=self.store,
            traffic=self.traffic,
            executions=self.executions,
            request=StartRequest(release_id=release_id, model=self.model, who=STARTED_BY),
        )
        return release_id
