"""What bills while idle, as synth tells it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stacks.idle_costs import HOURS_A_MONTH, idle_costs, told
from stacks.project.doors import DnsSpec, DoorSpec, JwtSpec
from stacks.project.load import load_project
from stacks.project.spec import ProjectSpec, StageSpec
from tests.unit.stacks.project.conftest import GOOD, write_artifact

DOOR = DoorSpec(
    dns=DnsSpec(zone_id="Z1", domain="example.com", requests_per_client=100),
    jwt=JwtSpec(issuer="https://id", jwks="https://id/keys", audience="a"),
)


@pytest.fixture
def project(tmp_path: Path) -> ProjectSpec:
    """One model without tracks."""
    write_artifact(tmp_path / "build" / "fraud" / "v1")
    (tmp_path / "tidegate.yaml").write_text(GOOD)
    return load_project(tmp_path / "tidegate.yaml")


class _Tracked:
    """A model with tracks."""

    has_tracks = True


def with_tracks(project: ProjectSpec, models: int, **stage: Any) -> tuple[ProjectSpec, StageSpec]:
    """The project with so many models on tracks."""
    tracked: Any = {f"m{number}": _Tracked() for number in range(models)}
    return replace(project, models=tracked), replace(project.stages["dev"], door=DOOR, **stage)


def test_an_http_api_bills_nothing_while_idle(project: ProjectSpec):
    """And so nothing is said."""
    assert list(told(project, project.stages["dev"])) == []


def test_two_tracks_are_two_load_balancers_with_two_addresses_each(project: ProjectSpec):
    """The web ACL is shared by all models."""
    given, stage = with_tracks(project, 3)
    counts = {cost.item: cost.count for cost in idle_costs(given, stage)}
    assert counts == {
        "load_balancer": 6,
        "public_address": 12,
        "web_acl": 1,
        "web_acl_rule": 1,
    }


def test_the_sum_is_what_its_parts_are(project: ProjectSpec):
    """At the prices of the region."""
    given, stage = with_tracks(project, 1, region="us-east-1")
    first, *parts = told(given, stage)
    expected = HOURS_A_MONTH * (2 * 0.0225 + 4 * 0.005) + 6
    assert f"${expected:.2f} a month (" in first
    assert len(parts) == 4
    assert all("as of 2026" in part for part in parts)


def test_a_price_that_is_not_known_is_said_to_be_unknown(project: ProjectSpec):
    """It is never taken for zero."""
    given, stage = with_tracks(project, 1, region="ap-south-1")
    first, *parts = told(given, stage)
    assert "and what is not known" in first
    assert all("unknown, price not known in ap-south-1" in part for part in parts)


def test_the_how_to_page_tells_what_synth_prints(project: ProjectSpec):
    """For one model in the example's region."""
    page = Path(__file__).parents[3] / "docs" / "how-to" / "release-by-dns.md"
    given, stage = with_tracks(project, 1)
    assert "\n".join(told(given, stage)) in page.read_text(encoding="utf-8")
