"""Products of AWS Marketplace: model packages and algorithms, for accounts that subscribed.

There is no Marketplace here: a signed `PUT /_embedded/marketplace` lists a product, with what it
really runs on this machine, and says which accounts are subscribed. It needs the action that
subscribing needs, `aws-marketplace:Subscribe`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.ai import control
from emulator.sagemaker import errors
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.registry.describe import COMPLETED, STATUS_DETAILS
from emulator.seams.services import (
    Permission,
    Request,
    Response,
    Service,
    error_response,
    json_response,
)

Json = dict[str, Any]

PATH = control.MARKETPLACE_PATH
ACTION = "aws-marketplace:Subscribe"
ARTIFACT = "ListedArtifact"
"""In a container: where the product's artifact is on this machine; no role of a buyer reads it."""
_SIGNING_NAME = control.NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What is sold: the container that it runs, and who is subscribed to it."""

    arn: str
    image: str
    environment: Mapping[str, str]
    subscribers: frozenset[str]
    created: float

    @property
    def name(self) -> str:
        """The last part of its ARN."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmListing(Product):
    """An algorithm: its container runs what buyers made with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Product):
    """A model package: it has its artifact, too."""

    artifact: Path

    def container(self, given: Mapping[str, Any]) -> Json:
        """What a model of it runs."""
        environment = dict(self.environment)
        return {**given, "Image": self.image, "Environment": environment, ARTIFACT: self.artifact}

    def described(self) -> Json:
        """DescribeModelPackage; which image it runs stays the seller's."""
        container = {"Image": self.image.rpartition("/")[2], "ProductId": f"prod-{self.name}"}
        return {
            "ModelPackageName": self.name,
            "ModelPackageArn": self.arn,
            "CreationTime": self.created,
            "ModelPackageStatus": COMPLETED,
            "ModelPackageStatusDetails": dict(STATUS_DETAILS),
            "CertifyForMarketplace": True,
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        }


@dataclass(slots=True)
class Listings:
    """Every product that was listed, by ARN."""

    known: dict[str, Listing] = field(default_factory=dict)
    algorithms: dict[str, AlgorithmListing] = field(default_factory=dict)

    def find(self, tenant: Tenant, arn: str) -> Listing | None:
        """The product of that ARN, None of another package.

        A ValidationException in AWS's words where the account is not subscribed.
        """
        listing = self.known.get(arn.lower())
        _refuse_stranger(tenant, listing)
        return listing

    def find_algorithm(self, tenant: Tenant, arn: str) -> AlgorithmListing | None:
        """The algorithm of that ARN, None of one that is not listed; errors as of `find`."""
        listing = self.algorithms.get(arn.lower())
        _refuse_stranger(tenant, listing)
        return listing


def _refuse_stranger(tenant: Tenant, listing: Product | None) -> None:
    if listing is not None and tenant.account not in listing.subscribers:
        raise errors.validation("Caller is not subscribed to the marketplace offering.")


def refuse_unlike_listed(request: Mapping[str, Any], container: Mapping[str, Any]) -> None:
    """What CreateModel refuses of a subscribed package; the first sentence is our own."""
    if not request.get("EnableNetworkIsolation", False):
        raise errors.validation(
            "EnableNetworkIsolation must be true for a ModelPackage subscribed from AWS "
            "Marketplace."
        )
    if container.get("Environment"):
        raise errors.validation(
            "Environment variable map cannot be specified when using a ModelPackage subscribed "
            "from AWS Marketplace."
        )


def listing_service(listings: Listings, now: Callable[[], float]) -> Service:
    """The service that lists products."""

    async def handle(request: Request) -> Response:
        told = request.json()
        try:
            arn = _add(listings, told, now())
        except ValueError as error:
            return error_response("ValidationException", str(error))
        return json_response({"Arn": arn})

    return Service(
        name=f"{_SIGNING_NAME}-marketplace",
        signing_name=_SIGNING_NAME,
        claims=lambda method, path, _headers: method == "PUT" and path == PATH,
        permissions=lambda _request: [Permission(action=ACTION)],
        handle=handle,
        denied_status=403,
    )


def _add(listings: Listings, told: Mapping[str, Any], now: float) -> str:
    """The product is listed; its ARN."""
    if "AlgorithmArn" in told:
        algorithm = _algorithm(told, now)
        listings.algorithms[algorithm.arn.lower()] = algorithm
        return algorithm.arn
    listing = _listing(told, now)
    listings.known[listing.arn.lower()] = listing
    return listing.arn


def _demand(told: Mapping[str, Any], *names: str) -> None:
    missing = [name for name in names if not told.get(name)]
    if missing:
        raise ValueError(f"a listing needs {', '.join(missing)}")


def _algorithm(told: Mapping[str, Any], now: float) -> AlgorithmListing:
    _demand(told, "AlgorithmArn", "Image")
    return AlgorithmListing(
        arn=told["AlgorithmArn"],
        image=told["Image"],
        environment=dict(told.get("Environment", {})),
        subscribers=frozenset(told.get("Subscribers", ())),
        created=now,
    )


def _listing(told: Mapping[str, Any], now: float) -> Listing:
    _demand(told, "ModelPackageArn", "Image", "Artifact")
    artifact = Path(told["Artifact"])
    if not artifact.is_file():
        raise ValueError(f"Artifact is {artifact}, which is no file on this machine")
    subscribers: Sequence[str] = told.get("Subscribers", ())
    return Listing(
        arn=told["ModelPackageArn"],
        image=told["Image"],
        artifact=artifact,
        environment=dict(told.get("Environment", {})),
        subscribers=frozenset(subscribers),
        created=now,
    )
