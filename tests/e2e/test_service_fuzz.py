"""Every route of the example's AI services, asked what its description allows and what it does not.

schemathesis draws requests from the OpenAPI description: right ones in all their extremes, and
wrong ones. None may end as a failure of ours, and each answer is as the description says.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from cli.services import Service, known_services
from emulator.server import EmbeddedCloud
from tests.e2e.annotators import invited, signed_in
from tests.e2e.leaving import remove_stacks
from tests.e2e.services import ServicesWorld
from tidegate.ai.openapi import openapi

pytestmark = pytest.mark.accept

EXAMPLE = Path(__file__).parents[2] / "examples" / "ai" / "tidegate.yaml"
EXAMPLES = 15
"""Requests of each route and mode."""
TERMS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """All services of the example."""
    folder = tmp_path_factory.mktemp("fuzz") / "ai"
    shutil.copytree(EXAMPLE.parent, folder)
    section = EXAMPLE.read_text().partition("services:\n")[2]
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="fuzzed", services=section)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "fuzzed-")


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_makes_a_service_fail(world: ServicesWorld, mode: GenerationMode) -> None:
    """Statuses below 500, in the shapes that the description gives them."""
    document = openapi("fuzzed", known_services(world.where))
    invited(world, "sorting", mode.value)
    person = signed_in(world, "sorting", mode.value)
    loaded = schemathesis.openapi.from_dict(dict(document))
    asked = 0
    for found in loaded.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and _is_page(document, operation):
            continue  # whatever a page is asked, it is the page
        asker = Asker(
            service=world.service(operation.path.split("/")[2]),
            said=document["paths"][operation.path][operation.method.lower()]["responses"],
            document=document,
            token=person.token if _is_of_people(document, operation) else None,
        )
        TERMS(given(case=operation.as_strategy(generation_mode=mode))(asker.ask))()
        asked += asker.asked
    assert asked > EXAMPLES


@dataclass(kw_only=True)
class Asker:
    """Asks one route, and holds its answers to the description."""

    service: Service
    said: Mapping[str, Any]
    document: Mapping[str, Any]
    token: str | None = None
    """Whose routes of people ask for one; applications sign."""
    asked: int = 0

    def ask(self, case: Any) -> None:
        """The answer to a drawn request is one that is described."""
        self.asked += 1
        path = quote(case.formatted_path, safe="/%")
        if case.query:
            path = f"{path}?{urlencode(case.query, doseq=True, errors='surrogatepass')}"
        body = b"" if isinstance(case.body, schemathesis.core.NotSet) else _bytes(case.body)
        headers = {"content-type": "application/json"}
        response = self._sent(case.method, path, body, headers)
        shown = f"{case.method} {path} {body[:300]!r}: {response.status} {response.data[:300]!r}"
        assert response.status < 500, shown
        if response.status in {404, 405} and b"error" not in response.data:
            return  # API Gateway's own: no such route
        assert str(response.status) in self.said, shown
        content = self.said[str(response.status)]["content"]
        if "application/json" not in content:
            return  # a page
        shape = content["application/json"]["schema"]
        whole = {**shape, "components": self.document["components"]}
        jsonschema.validate(json.loads(response.data), whole)

    def _sent(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
        if self.token is None:
            return self.service.door.call(method, path, body, headers)
        told = {**headers, "authorization": f"Bearer {self.token}"}
        url = f"{self.service.door.url}{path}"
        return self.service.door.pool.request(method, url, body=body, headers=told)


def _is_page(document: Mapping[str, Any], operation: Any) -> bool:
    said = document["paths"][operation.path][operation.method.lower()]
    return said.get("security") == []


def _is_of_people(document: Mapping[str, Any], operation: Any) -> bool:
    said = document["paths"][operation.path][operation.method.lower()]
    return said.get("security") == [{"person": []}]


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
