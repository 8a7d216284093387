"""Witnesses of a story: every answer that users got, every share that the endpoint was seen with.

They hold the product to what it says of itself, so they use none of its records.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from urllib3.exceptions import HTTPError

from cli.frontdoor import Reply
from cli.users import Door

_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One request: when it was sent and answered (monotonic), status, and the version that said so.

    `status` is None where no answer came; `version` is what the answer itself names, "" in errors.
    `draw` is the number in the question that decides its fate under each behaviour.
    """

    draw: int
    sent: float
    answered: float
    status: int | None
    version: str
    digest: str | None


@dataclass(slots=True)
class WatchedDoor:
    """The front door, with a record of everything that came through."""

    door: Door
    served: list[Served] = field(default_factory=list)

    def predict(self, model: str, body: bytes, **options: Any) -> Reply:
        """Ask, and keep what came."""
        sent, draw = time.monotonic(), int(json.loads(body)["draw"])
        try:
            reply = self.door.predict(model, body, **options)
        except HTTPError:
            self._keep(draw, sent, None)
            raise
        self._keep(draw, sent, reply)
        return reply

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Say what became known of a prediction."""
        return self.door.record_outcome(prediction_id, wrong=wrong)

    def _keep(self, draw: int, sent: float, reply: Reply | None) -> None:
        good = reply is not None and reply.status == 200
        self.served.append(
            Served(
                draw=draw,
                sent=sent,
                answered=time.monotonic(),
                status=None if reply is None else reply.status,
                version=json.loads(reply.body)["version"] if good and reply is not None else "",
                digest=None if reply is None else reply.version,
            )
        )

    def lost(self, *, failing_percent: int = 0) -> list[Served]:
        """Requests that got no answer, or one that was not 200.

        A version that fails at this share of all questions answers them with the gateway's 502, and
        may: such an answer is its own error, and nothing that a deploy or a shift lost.
        """
        return [
            one
            for one in self.served
            if one.status != 200 and not (one.status == 502 and one.draw % 100 < failing_percent)
        ]

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
        return {self.artifacts[slot] for slot in with_a_share(self.shares)}


class Source(Protocol):
    """Where shares are looked at, by an API of AWS and nothing of the product."""

    def look(self) -> tuple[str, dict[str, float]]:
        """The name of what serves, and weight by slot."""
        ...

    def artifacts(self, config: str) -> dict[str, str]:
        """Artifact by slot of what serves under this name."""
        ...


class SharesWatch:
    """Looks at a source of shares while a block runs; keeps each change."""

    def __init__(self, source: Source) -> None:
        self.seen: list[Serving] = []
        self.looks = 0
        self._source = source
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
        return _without_repeats([one.shares for one in self.seen])

    def served_shares(self) -> list[dict[str, float]]:
        """The same of slots that had a share: a slot of weight 0 may come and go unseen."""
        return _without_repeats([with_a_share(one.shares) for one in self.seen])

    def _look_forever(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        config, weights = self._source.look()
        self.looks += 1
        total = sum(weights.values())
        shares = {slot: round(100 * w / total, 3) for slot, w in weights.items()}
        last = self.seen[-1] if self.seen else None
        if last is not None and (last.config, last.shares) == (config, shares):
            return
        if config not in self._known:
            self._known[config] = self._source.artifacts(config)
        self.seen.append(
            Serving(
                at=time.monotonic(), config=config, shares=shares, artifacts=self._known[config]
            )
        )


def with_a_share(shares: Mapping[str, float]) -> dict[str, float]:
    """The slots that users are sent to: of a hundred thousand requests, at least one."""
    rounded = {slot: round(share, 3) for slot, share in shares.items()}
    return {slot: share for slot, share in rounded.items() if share > 0}


def _without_repeats(shares: list[dict[str, float]]) -> list[dict[str, float]]:
    return [one for number, one in enumerate(shares) if number == 0 or shares[number - 1] != one]


class VariantsOfAnEndpoint:
    """The weights of an endpoint's production variants."""

    def __init__(self, session: Any, endpoint_name: str) -> None:
        self._client = session.client("sagemaker")
        self._endpoint = endpoint_name

    def look(self) -> tuple[str, dict[str, float]]:
        """The endpoint's configuration, and weight by variant."""
        told = self._client.describe_endpoint(EndpointName=self._endpoint)
        weights = {v["VariantName"]: v["CurrentWeight"] for v in told["ProductionVariants"]}
        return str(told["EndpointConfigName"]), weights

    def artifacts(self, config: str) -> dict[str, str]:
        """What the configuration's models are made of."""
        return artifacts_of(self._client, config)


class RecordsOfAHost:
    """The weights of a host's two records, each of which leads to an endpoint of its own."""

    def __init__(self, session: Any, *, zone_id: str, host: str, endpoint_name: str) -> None:
        self._route53, self._sagemaker = session.client("route53"), session.client("sagemaker")
        self._zone, self._host, self._endpoint = zone_id, f"{host}.", endpoint_name

    def look(self) -> tuple[str, dict[str, float]]:
        """The configurations of both endpoints as one text, and weight by record."""
        told = self._route53.list_resource_record_sets(
            HostedZoneId=self._zone, StartRecordName=self._host, StartRecordType="A"
        )
        weights = {
            record["SetIdentifier"]: float(record["Weight"])
            for record in told["ResourceRecordSets"]
            if record["Name"] == self._host and record["Type"] == "A"
        }
        return " ".join(self._config(slot) for slot in sorted(weights)), weights

    def artifacts(self, config: str) -> dict[str, str]:
        """What the models of both configurations are made of."""
        found: dict[str, str] = {}
        for name in config.split():
            found |= artifacts_of(self._sagemaker, name)
        return found

    def _config(self, slot: str) -> str:
        told = self._sagemaker.describe_endpoint(EndpointName=f"{self._endpoint}-{slot}")
        return str(told["EndpointConfigName"])


def _url_of(model: Mapping[str, Any]) -> str:
    """The artifact of a model, or its package; of a pipeline all, since they are one version."""
    containers = model.get("Containers") or [model["PrimaryContainer"]]
    found = (each.get("ModelDataUrl", each.get("ModelPackageName")) for each in containers)
    return "+".join(str(url) for url in found)


def artifacts_of(sagemaker: Any, config: str) -> dict[str, str]:
    """The artifact of each production variant of an endpoint configuration."""
    told = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    models = {v["VariantName"]: v["ModelName"] for v in told["ProductionVariants"]}
    return {
        slot: _url_of(sagemaker.describe_model(ModelName=model)) for slot, model in models.items()
    }
