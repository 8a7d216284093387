"""People who label, as the page of a labelling service has them: they sign in, and answer."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3

from cli.labelling import labelling_of
from tests.e2e.services import ServicesWorld

PASSWORD = "Right-Words-2026"
_POOL = urllib3.PoolManager(retries=False)


@dataclass
class Person:
    """Somebody with a token. `tasks` are the items that they were given, by id."""

    base: str
    token: str
    tasks: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def ask(self, route: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        """Status and body of an answer."""
        headers = {"authorization": f"Bearer {self.token}"}
        found = _POOL.request("POST", f"{self.base}/{route}", json=dict(body), headers=headers)
        return found.status, found.json()

    def work(self, says: Callable[[Mapping[str, Any]], str]) -> bool:
        """Whether there was an item, which has a class now."""
        status, found = self.ask("next", {})
        if status != 200:
            assert found["error"]["code"] == "stopped", found
        task = found.get("task")
        if task is None:
            return False
        self.tasks[task["item"]] = task
        said = {"item": task["item"], "classes": [says(task)]}
        status, answer = self.ask("label", said)
        assert status == 200, answer
        return True


def invited(world: ServicesWorld, service: str, name: str) -> None:
    """Somebody may sign in, with a password that they have chosen already."""
    labelling = labelling_of(world.where, service)
    labelling.invite(name, f"{name}@example.com")
    world.client("cognito-idp").admin_set_user_password(
        UserPoolId=labelling.pool, Username=name, Password=PASSWORD, Permanent=True
    )


def signed_in(world: ServicesWorld, service: str, name: str) -> Person:
    """The person with their token, by authorization code and PKCE, as the page does it."""
    page = labelling_of(world.where, service).page
    told = _POOL.request("GET", f"{page}/told").json()["sign_in"]
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    terms = {
        "response_type": "code",
        "client_id": told["client"],
        "redirect_uri": told["page"],
        "scope": "openid",
        "state": "a-state",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    form = _POOL.request("GET", told["authorize"], fields=terms).data.decode()
    hidden = dict(re.findall(r'name="([a-z_]+)"[^>]*value="([^"]*)"', form))
    given = {name: unescape(value) for name, value in hidden.items()}
    login = told["authorize"].replace("/authorize", "/login")
    fields = {**given, "username": name, "password": PASSWORD}
    back = _POOL.request(
        "POST", login, fields=fields, encode_multipart=False, redirect=False
    ).headers["location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    taken = {
        "grant_type": "authorization_code",
        "client_id": told["client"],
        "redirect_uri": told["page"],
        "code": code,
        "code_verifier": verifier,
    }
    answer = _POOL.request("POST", told["token"], fields=taken, encode_multipart=False)
    token = answer.json()["access_token"]
    return Person(base=page.removesuffix("/page"), token=token)
