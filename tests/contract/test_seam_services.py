import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ministack.services import iam

from emulator.seams import identity, services

ACCOUNT, REGION = "111122223333", "us-east-1"
Answer = tuple[int, dict[str, str], Any]


class Pets:
    """A service that answers with what it saw."""

    def __init__(self) -> None:
        self.seen: list[services.Request] = []

    async def handle(self, request: services.Request) -> services.Response:
        """The request is kept; `Explode` fails."""
        self.seen.append(request)
        if request.operation == "Explode":
            raise RuntimeError("boom")
        return services.json_response({"operation": request.operation})


@pytest.fixture
def pets() -> Iterator[Pets]:
    """A service of ours, registered for one test, in an account with an administrator."""
    pets = Pets()
    services.register_service(
        services.Service(
            name="pets",
            signing_name="pets",
            claims=lambda _method, _path, headers: headers.get("x-amz-target", "").startswith("P."),
            permissions=lambda request: [
                services.Permission(
                    action=f"pets:{request.operation}", resource="arn:aws:pets:::pet/rex"
                )
            ],
            handle=pets.handle,
        )
    )
    yield pets
    services.unregister_service("pets")


@pytest.fixture(scope="module")
def keys() -> Iterator[Callable[[str | None], Credentials]]:
    """Makes a user of the account that may do the given action; its keys."""
    identity.trust_no_unsigned_key()

    def make(action: str | None) -> Credentials:
        return asyncio.run(_make_user(action))

    yield make
    iam.reset()


async def _make_user(action: str | None) -> Credentials:
    with identity.responses.request_scope(ACCOUNT, REGION):
        name = f"user-{action}".replace(":", "-").replace("*", "all")
        await identity._iam("CreateUser", UserName=name)
        if action is not None:
            statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            await identity._iam(
                "PutUserPolicy", UserName=name, PolicyName="p", PolicyDocument=document
            )
        answer = (await identity._iam("CreateAccessKey", UserName=name)).decode()
        key = answer.split("<AccessKeyId>")[1].split("<")[0]
        secret = answer.split("<SecretAccessKey>")[1].split("<")[0]
        return Credentials(key, secret)


def _call(credentials: Credentials | None, operation: str, body: bytes = b"{}") -> Answer:
    url = "http://127.0.0.1:4566/"
    request = AWSRequest("POST", url, data=body, headers={"X-Amz-Target": f"P.{operation}"})
    if credentials is not None:
        SigV4Auth(credentials, "pets", REGION).add_auth(request)
    headers = [(k.lower().encode(), v.encode()) for k, v in request.headers.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:4566"), *headers],
        "client": ("127.0.0.1", 1),
    }
    return asyncio.run(_through_front_door(scope, body))


async def _through_front_door(scope: dict[str, Any], body: bytes) -> Answer:
    sent: list[dict[str, Any]] = []

    async def other(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await services.front_door(other)(scope, receive, send)
    headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], headers, json.loads(sent[1]["body"])


def test_permitted_request_reaches_the_service(pets: Pets, keys: Callable[..., Credentials]):
    """A signed and permitted request is answered by the service."""
    status, headers, body = _call(keys("pets:Feed"), "Feed")

    assert (status, body) == (200, {"operation": "Feed"})
    assert headers["x-amzn-requestid"]
    assert pets.seen[0].account == ACCOUNT


def test_refused_request_does_not_reach_the_service(pets: Pets, keys: Callable[..., Credentials]):
    """A permission that is missing is named with its resource, before the handler runs."""
    status, _, body = _call(keys(None), "Feed")

    assert (status, body["__type"]) == (400, "AccessDeniedException")
    assert "perform: pets:Feed on resource: arn:aws:pets:::pet/rex because" in body["message"]
    assert pets.seen == []


def test_wrong_signature_does_not_reach_the_service(pets: Pets, keys: Callable[..., Credentials]):
    """A signature made with another secret is refused."""
    real = keys("pets:Wash")

    _, _, body = _call(Credentials(real.access_key, "x" * 40), "Wash")

    assert body["__type"] == "InvalidSignatureException"
    assert pets.seen == []


def test_changed_body_is_refused(pets: Pets):
    """The body is part of what was signed; an unknown key is refused too."""
    _, _, body = _call(Credentials("AKIAUNKNOWN", "x" * 40), "Feed", b'{"a": 1}')

    assert body["__type"] == "UnrecognizedClientException"
    assert pets.seen == []


def test_unsigned_request_is_left_to_ministack(pets: Pets):
    """A request of no known service goes on to the other application."""
    status, _, _ = _call(None, "Feed")

    assert status == 418


def test_failure_is_an_answer(pets: Pets, keys: Callable[..., Credentials]):
    """A handler that raises gives InternalFailure, not a closed connection."""
    status, _, body = _call(keys("pets:*"), "Explode")

    assert (status, body["__type"]) == (500, "InternalFailure")


def test_a_name_is_registered_once(pets: Pets):
    """Two services of one name are refused."""
    with pytest.raises(ValueError, match="already registered"):
        services.register_service(
            services.Service(
                name="pets",
                signing_name="pets",
                claims=lambda *_: True,
                permissions=lambda _: [],
                handle=pets.handle,
            )
        )
