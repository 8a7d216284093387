"""Outcomes end to end: once under concurrency, forged ones never, keys rotated, files, news."""

import base64
import gzip
import json
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cli.keys import KeySecret
from cli.outcomefiles import OutcomeBucket, outcome_bucket, patiently
from cli.signing import keys_of
from tests.e2e.world import World, questions, wait_for
from tests.emulated_queues import taken
from tests.forgeries import forgeries
from tidegate.outcomefiles.progress import Progress
from tidegate.prediction_id import sign, verify
from tidegate.signing import SigningKeys
from tidegate_aws.keys import ring_of

pytestmark = pytest.mark.accept

NAMESPACE = "Tidegate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Predictions that count under a release id of their own, so that no other test's do."""

    world: World
    release_id: str
    ids: list[str]

    def outcomes(self) -> tuple[int, int]:
        """How many of their outcomes are counted, and how many of those were wrong."""
        counters = self.world.deployed.counters.read(self.release_id)
        counts = [counts for found in counters for counts in found.outcomes.values()]
        return sum(c.known for c in counts), sum(c.wrong for c in counts)


def served(world: World, count: int) -> Served:
    """Predictions as the front door would have signed them; the first one it really did."""
    reply = world.door().predict(world.model, questions(1)[0].body)
    signing, release_id = keys(world), f"served-{uuid.uuid4().hex[:8]}"
    first = replace(verify(str(reply.prediction_id), signing), release_id=release_id)
    nonces = (f"{release_id}-{number}" for number in range(count))
    ids = [sign(replace(first, nonce=nonce), signing) for nonce in nonces]
    return Served(world=world, release_id=release_id, ids=ids)


def predicted(world: World) -> str:
    """The id of a prediction that was just served."""
    return str(world.door().predict(world.model, questions(1)[0].body).prediction_id)


def posted(world: World, ids: list[str], *, at_once: int) -> Counter[int]:
    """The statuses with which outcomes of these predictions were answered."""
    door = world.door()
    with ThreadPoolExecutor(at_once) as pool:
        return Counter(pool.map(lambda one: door.record_outcome(one, wrong=True), ids))


def keys(world: World) -> SigningKeys:
    """The signing keys as they are now."""
    place = {"project": "story", "stage": "test"}
    return keys_of(world.deployed.target, **place).read()


def test_fifty_posts_at_once_credit_one(even_world: World) -> None:
    """One outcome is counted, the others are told that it was there."""
    one = served(even_world, 2)

    statuses = posted(even_world, one.ids[:1] * 50, at_once=50)

    assert statuses == {202: 1, 409: 49}
    # The log is counted in its order: what is counted with the second one is all of the first.
    posted(even_world, one.ids[1:], at_once=1)
    wait_for(lambda: one.outcomes()[0] >= 2, seconds=10, what="the count")
    assert one.outcomes() == (2, 2)


def test_a_thousand_forged_ids_credit_none(even_world: World) -> None:
    """Flipped, cut, swapped, signed by another key or by one that there is not: each is refused."""
    honest = served(even_world, 20)
    forged = list(forgeries(honest.ids, count=1_000))
    metric = {"Namespace": NAMESPACE, "MetricName": "RefusedOutcomes"}
    dimensions = [{"Name": "Model", "Value": "-"}, {"Name": "Reason", "Value": "forged"}]
    counted_before = _sum(even_world, **metric, Dimensions=dimensions)

    statuses = posted(even_world, forged, at_once=16)

    assert statuses == {400: 1_000}
    assert honest.outcomes() == (0, 0)
    counted = _sum(even_world, **metric, Dimensions=dimensions) - counted_before
    assert counted == 1_000
    # The honest ones are as good as before.
    assert posted(even_world, honest.ids, at_once=8) == {202: 20}


def _sum(world: World, **metric: Any) -> float:
    target = world.deployed.target
    now = target.clock.now()
    answer = target.client("cloudwatch").get_metric_statistics(
        StartTime=now - 7_200, EndTime=now + 7_200, Period=60, Statistics=["Sum"], **metric
    )
    return float(sum(point["Sum"] for point in answer["Datapoints"]))


def secret(world: World) -> KeySecret:
    """The secret as `tidegate keys` has it."""
    target = world.deployed.target
    return KeySecret(
        client=target.client("secretsmanager"),
        secret_arn=world.deployed.outputs["SigningSecretArn"],
        clock=target.clock,
    )


def test_keys_are_rotated_while_outcomes_are_on_their_way(even_world: World) -> None:
    """What the old key signed is credited, what the new one signs too, and no key is forgotten."""
    old = predicted(even_world)
    owned = secret(even_world)
    before = keys(even_world).current

    version = owned.rotate()
    wait_for(lambda: owned.is_current(version), seconds=20, what="the rotation")
    wait_for(lambda: keys(even_world).current != before, seconds=20, what="the new key's turn")

    new = predicted(even_world)
    assert _key_id(old) == before
    assert _key_id(new) == keys(even_world).current
    assert posted(even_world, [old, new], at_once=2) == {202: 2}
    answer = owned.client.get_secret_value(SecretId=owned.secret_arn)
    gone = [key.gone_at for key in ring_of(answer["SecretString"]).keys]
    assert [moment is None for moment in gone] == [False] * (len(gone) - 1) + [True]


def _key_id(prediction_id: str) -> str:
    payload = prediction_id.partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))[1])


@pytest.fixture
def bucket(even_world: World) -> OutcomeBucket:
    """The bucket for files of outcomes."""
    return outcome_bucket(even_world.deployed)


def imported(bucket: OutcomeBucket, path: Path) -> Progress:
    """What became of a file."""
    file = bucket.uploaded(path, done=lambda _: None)
    looks = bucket.follow(file, every_seconds=0.1)
    *_, last = patiently(looks, looks=300)
    assert last is not None
    return last


def test_a_file_of_outcomes_is_credited_once(
    even_world: World, bucket: OutcomeBucket, tmp_path: Path
) -> None:
    """More than one chunk; the result is beside the file, and the same file again is the same."""
    made = served(even_world, 2_500)
    ids = made.ids
    lines = [f"{one},{str(n % 5 == 0).lower()}" for n, one in enumerate(ids)]
    rows = ["prediction_id,wrong", *lines, lines[0], "forged.id,true"]
    path = tmp_path / "labels.csv.gz"
    path.write_bytes(gzip.compress("\n".join(rows).encode()))

    progress = imported(bucket, path)

    assert progress.state.value == "done"
    assert progress.counts == {"credited": 2_500, "duplicate": 1, "forged": 1}
    assert made.outcomes() == (2_500, 500)
    key = bucket.uploaded(path, done=lambda _: None).key
    wait_for(lambda: _result(bucket, key), seconds=10, what="the result")
    assert _result(bucket, key) == progress.to_json()
    assert imported(bucket, path) == progress
    assert posted(even_world, ids[:20], at_once=8) == {409: 20}


def _result(bucket: OutcomeBucket, key: str) -> Any:
    listed = bucket.s3.list_objects_v2(Bucket=bucket.bucket, Prefix=f"{key}.result.json")
    if not listed["KeyCount"]:
        return None
    found = bucket.s3.get_object(Bucket=bucket.bucket, Key=f"{key}.result.json")
    return json.loads(found["Body"].read())


def test_a_malformed_file_is_refused_whole(bucket: OutcomeBucket, tmp_path: Path) -> None:
    """With all faults, in the result."""
    path = tmp_path / "labels.jsonl"
    path.write_text('{"prediction_id": 5}\nno json\n')

    progress = imported(bucket, path)

    assert progress.state.value == "refused"
    assert [fault.partition(":")[0] for fault in progress.faults] == ["line 1", "line 2"]


@pytest.fixture
def news(even_world: World) -> Iterator["News"]:
    """A queue that gets everything the topic tells."""
    session = even_world.cloud.session()
    sqs, sns = session.client("sqs"), session.client("sns")
    url = sqs.create_queue(QueueName="news")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    queue = arn["Attributes"]["QueueArn"]
    told = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [told]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    topic = even_world.deployed.outputs["NotificationTopicArn"]
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    yield News(sqs, url)
    sns.unsubscribe(SubscriptionArn=made["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


class News:
    """What was told."""

    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs, self._url = sqs, url
        self.told: list[tuple[str, dict[str, Any]]] = []

    def of(self, release_id: str) -> list[str]:
        """What was told of a release by now, in the order of its log."""
        for body in taken(self._sqs, self._url):
            self.told.append((body["Subject"], json.loads(body["Message"])))
        own = [detail for _, detail in self.told if detail["release_id"] == release_id]
        return [detail["what"] for detail in sorted(own, key=lambda detail: detail["id"])]


def test_every_change_of_a_release_is_told_once(even_world: World, news: News) -> None:
    """From its opening to its end: what the log has, no more and no less, and figures."""
    release_id = even_world.start()
    even_world.until(release_id, lambda view: view.phase == "shifting")
    even_world.abort(release_id, why="to see who is told")
    even_world.until(release_id, lambda view: view.over)
    logged = [entry.what for entry in even_world.deployed.store.log(release_id)]

    wait_for(lambda: len(news.of(release_id)) >= len(logged), seconds=20, what="all the news")

    assert news.of(release_id) == logged
    assert {"opened", "abort", "aborted"} <= set(logged)
    subject, detail = next(n for n in news.told if n[1]["what"] == "abort")
    assert subject.startswith(f"[story-test] {even_world.model}")
    assert detail["why"] == "to see who is told"
    shares = [{"Name": "Model", "Value": even_world.model}, {"Name": "Slot", "Value": "blue"}]
    promoted = [{"Name": "Model", "Value": even_world.model}]
    cloudwatch = even_world.deployed.target.client("cloudwatch")
    for name, dimensions in (("SharePercent", shares), ("Promoted", promoted)):
        listed = cloudwatch.list_metrics(
            Namespace=NAMESPACE, MetricName=name, Dimensions=dimensions
        )
        assert listed["Metrics"], name
