"""One embedded cloud for all contract tests of its ground floor, and the ports' two backends."""

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from emulator.server import EmbeddedCloud, Settings
from tests.emulated_tracks import Shop
from tests.polling import until

TIME_SCALE = 20.0


@pytest.fixture(scope="session")
def ground_cloud() -> Iterator[EmbeddedCloud]:
    """A cloud whose time runs 20 times faster."""
    with EmbeddedCloud.start(Settings(time_scale=TIME_SCALE)) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    """A cloud of its own with two healthy tracks behind one host."""
    with EmbeddedCloud.start(Settings(time_scale=TIME_SCALE)) as cloud:
        made = Shop(cloud)
        for track in ("Blue", "Green"):
            made.await_health(track, "healthy")
        yield made


@pytest.fixture
def rule(shop: Shop) -> Iterator[Callable[..., str]]:
    """Puts a rule for a path before green's default one; gone after the test."""
    made: list[str] = []

    def put(path: str, *actions: Mapping[str, Any], **members: Any) -> str:
        arn: str = shop.elb.create_rule(
            ListenerArn=shop.id_of("GreenHttps"),
            Priority=len(made) + 1,
            Conditions=[{"Field": "path-pattern", "Values": [path]}],
            Actions=list(actions),
            **members,
        )["Rules"][0]["RuleArn"]
        made.append(arn)
        return arn

    yield put
    for arn in made:
        shop.elb.delete_rule(RuleArn=arn)


@pytest.fixture(scope="session")
def make_role(ground_cloud: EmbeddedCloud) -> Callable[..., str]:
    """Makes a role that a service may assume, allowed the given actions on `on`; its ARN."""
    iam = ground_cloud.session().client("iam")

    def make(service: str, *actions: str, on: Sequence[str] = ("*",)) -> str:
        name = f"role-{uuid.uuid4().hex[:12]}"
        trust = _policy(Action="sts:AssumeRole", Principal={"Service": f"{service}.amazonaws.com"})
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if actions:
            document = _policy(Action=list(actions), Resource=list(on))
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
        return arn

    return make


@pytest.fixture
def make_function(ground_cloud: EmbeddedCloud, make_role: Callable[..., str]) -> Callable[..., str]:
    """Makes a Python function of the given source with a `handle`; its ARN."""
    client = ground_cloud.session().client("lambda")

    def make(source: str, *, role: str | None = None, **options: Any) -> str:
        answer = client.create_function(
            FunctionName=f"fn-{uuid.uuid4().hex[:12]}",
            Role=role if role is not None else make_role("lambda"),
            Runtime="python3.12",
            Handler="code_.handle",
            Code={"ZipFile": _zipped(source)},
            **options,
        )
        arn: str = answer["FunctionArn"]
        return arn

    return make


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Asks until the answer is true, for at most ten seconds; the answer."""

    def ask(question: Callable[[], Any]) -> Any:
        return until(lambda: question() or None, seconds=10, what="an answer that is true")

    return ask


@pytest.fixture(params=["fake", "moto"])
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which implementation is under test; every request it sends to AWS keeps AWS's own rules."""
    if request.param == "fake":
        yield "fake"
        return
    # Imported here: other contract suites share this folder, and need neither moto nor boto3.
    from tests.aws import mocked_aws  # noqa: PLC0415
    from tests.botocore_model import watched_requests  # noqa: PLC0415

    with mocked_aws(), watched_requests() as requests:
        yield "moto"
    assert requests.faults == []


def _policy(**statement: Any) -> str:
    allowed = {"Effect": "Allow", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [allowed]})


def _zipped(source: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("code_.py", source)
    return buffer.getvalue()
