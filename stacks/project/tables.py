"""Regions, instance types, container images and prices: data, read from files, never looked up.

The files are generated (`python -m stacks.tables`, `python -m stacks.images`) and say from what;
prices are kept by hand, each with its date and source.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parents[1]
TABLES_FILE = _HERE / "tables.json"
IMAGES_FILE = _HERE / "images.json"
MACHINE_IMAGES_FILE = _HERE / "machine_images.json"
PRICES_FILE = _HERE / "prices.json"


def partitions() -> Mapping[str, str]:
    """Region to partition, for every region that has SageMaker."""
    regions: dict[str, str] = _read(TABLES_FILE)["regions"]
    return regions


def edge_regions() -> frozenset[str]:
    """Regions in which CloudFormation has Greengrass V2 and what a fleet needs of IoT."""
    return frozenset(_read(TABLES_FILE)["edge"])


def instance_types() -> frozenset[str]:
    """Instance types that a production variant may have."""
    return frozenset(_read(TABLES_FILE)["instance_types"])


def notebook_types() -> frozenset[str]:
    """Instance types that a notebook instance may have."""
    return frozenset(_read(TABLES_FILE)["notebook_types"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerlessLimits:
    """What a serverless variant may have: its sizes of memory, requests at once, and where."""

    memory_mb: tuple[int, ...]
    max_concurrency: int
    regions: frozenset[str]


def serverless_limits() -> ServerlessLimits:
    """The limits of every serverless variant; what an account may have beside is a quota."""
    limits: dict[str, Any] = _read(TABLES_FILE)["serverless"]
    return ServerlessLimits(
        memory_mb=tuple(limits["memory_mb"]),
        max_concurrency=limits["max_concurrency"],
        regions=frozenset(limits["regions"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineImage:
    """A type of Amazon Machine Image: the SSM parameter of its newest one, and what is in it."""

    parameter: str
    docker: bool
    gpu: bool


def machine_images() -> Mapping[str, MachineImage]:
    """The types of images that fleets of EC2 instances can have."""
    listed: dict[str, dict[str, Any]] = _read(MACHINE_IMAGES_FILE)["images"]
    return {name: MachineImage(**said) for name, said in listed.items()}


def ended_machine_images() -> Mapping[str, str]:
    """Types of images that AWS supports no more, with the day."""
    ended: dict[str, str] = _read(MACHINE_IMAGES_FILE)["ended"]
    return ended


def ec2_types() -> frozenset[str]:
    """Instance types of EC2 with x86_64 processors."""
    return frozenset(_read(TABLES_FILE)["ec2_types"])


def images() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Framework, then version, then region, to the URI of the container that serves it."""
    table: dict[str, dict[str, dict[str, str]]] = _read(IMAGES_FILE)["images"]
    return table


def hosting_price(region: str, instance_type: str) -> Mapping[str, Any] | None:
    """An instance's price: `usd_per_hour`, `date` and `source`; None where it is not known."""
    return _prices("hosting", region).get(instance_type)


def notebook_price(region: str, instance_type: str) -> Mapping[str, Any] | None:
    """The same of a notebook instance, while it runs."""
    return _prices("notebooks", region).get(instance_type)


def machine_price(region: str, instance_type: str) -> Mapping[str, Any] | None:
    """The same of an EC2 instance on demand."""
    return _prices("ec2", region).get(instance_type)


def job_price(region: str, instance_type: str) -> Mapping[str, Any] | None:
    """The same of an instance that processes or trains."""
    return _prices("jobs", region).get(instance_type)


def idle_price(region: str, item: str) -> Mapping[str, Any] | None:
    """What an item bills while idle: `usd_per_hour` or `usd_per_month`, `date` and `source`."""
    return _prices("idle", region).get(item)


def function_price(region: str, item: str) -> Mapping[str, Any] | None:
    """What Lambda bills on x86_64 for a `gb_second` or a `request`: `usd`, `date` and `source`."""
    return _prices("functions", region).get(item)


def call_prices(region: str) -> Mapping[str, float]:
    """US dollars a unit of each operation of AI services whose price is known in a region."""
    prices = _prices("calls", region)
    return {id_: float(price["usd_per_unit"]) for id_, price in prices.items()}


def _prices(section: str, region: str) -> Mapping[str, Mapping[str, Any]]:
    prices: dict[str, dict[str, dict[str, Any]]] = _read(PRICES_FILE)[section]
    return prices.get(region, {})


@cache
def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
