"""Witnesses of a story: every answer that users got, every share that the endpoint was seen with.

They hold the product to what it says of itself, so they use none of its records.
"""

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from urllib3.exceptions import HTTPError

from cli.frontdoor import FrontDoor, Reply

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One request: when it was sent and answered (monotonic), status, and the version that said so.

    `status` is None where no answer came; `version` is what the answer itself names, "" in errors.
    """

    sent: float
    answered: float
    status: int | None
    version: str
    digest: str | None


@dataclass(slots=True)
class WatchedDoor:
    """The front door, with a record of everything that came through."""

    door: FrontDoor
    served: list[Served] = field(default_factory=list)

    def predict(
        self, model: str, body: bytes, *, content_type: str = "application/json", user: str = ""
    ) -> Reply:
        """Ask, and keep what came."""
        sent = time.monotonic()
        try:
            reply = self.door.predict(model, body, content_type=content_type, user=user)
        except HTTPError:
            self._keep(sent, None)
            raise
        self._keep(sent, reply)
        return reply

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Say what became known of a prediction."""
        return self.door.record_outcome(prediction_id, wrong=wrong)

    def _keep(self, sent: float, reply: Reply | None) -> None:
        good = reply is not None and reply.status == 200
        self.served.append(
            Served(
                sent=sent,
                answered=time.monotonic(),
                status=None if reply is None else reply.status,
                version=json.loads(reply.body)["version"] if good and reply is not None else "",
                digest=None if reply is None else reply.version,
            )
        )

    def lost(self) -> list[Served]:
        """Requests that got no answer, or one that was not 200."""
        return [one for one in self.served if one.status != 200]

    def versions(self, *, since: float, until: float) -> Counter[str]:
        """Good answers by version, of requests sent and answered between two moments."""
        return Counter(
            one.version
            for one in self.served
            if one.sent >= since and one.answered <= until and one.status == 200
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What the endpoint was seen to serve: shares in percent by slot, artifact by slot."""

    at: float
    config: str
    shares: dict[str, float]
    artifacts: dict[str, str]

    def artifacts_with_a_share(self) -> set[str]:
        """Artifacts of the slots whose weight is not 0."""
        return {self.artifacts[slot] for slot, share in self.shares.items() if share > 0}


class SharesWatch:
    """Looks at an endpoint by SageMaker's own API while a block runs; keeps each change."""

    def __init__(self, session: Any, endpoint_name: str) -> None:
        self.seen: list[Serving] = []
        self.looks = 0
        self._client = session.client("sagemaker")
        self._endpoint = endpoint_name
        self._known: dict[str, dict[str, str]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_forever, daemon=True)

    def __enter__(self) -> Self:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def changes(self) -> list[dict[str, float]]:
        """The shares, each as long as they stayed, in order."""
        changes: list[dict[str, float]] = []
        for one in self.seen:
            if not changes or changes[-1] != one.shares:
                changes.append(one.shares)
        return changes

    def _look_forever(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        told = self._client.describe_endpoint(EndpointName=self._endpoint)
        self.looks += 1
        weights = {v["VariantName"]: v["CurrentWeight"] for v in told["ProductionVariants"]}
        total = sum(weights.values())
        shares = {slot: round(100 * w / total, 3) for slot, w in weights.items()}
        config = str(told["EndpointConfigName"])
        last = self.seen[-1] if self.seen else None
        if last is not None and (last.config, last.shares) == (config, shares):
            return
        self.seen.append(
            Serving(
                at=time.monotonic(),
                config=config,
                shares=shares,
                artifacts=self._artifacts(config),
            )
        )

    def _artifacts(self, config: str) -> dict[str, str]:
        if config not in self._known:
            told = self._client.describe_endpoint_config(EndpointConfigName=config)
            self._known[config] = {
                variant["VariantName"]: self._artifact(variant["ModelName"])
                for variant in told["ProductionVariants"]
            }
        return self._known[config]

    def _artifact(self, model_name: str) -> str:
        told = self._client.describe_model(ModelName=model_name)
        return str(told["PrimaryContainer"]["ModelDataUrl"])
