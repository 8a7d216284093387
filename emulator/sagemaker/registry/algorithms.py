"""Algorithms of AWS Marketplace, and models that buyers made with them.

Such a model is artifacts of the buyer's own behind the seller's image: an unversioned model
package, which names the algorithm and where the artifacts are (developer guide, "Use your algorithm
and model package resources").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.registry.describe import COMPLETED
from emulator.sagemaker.registry.listings import AlgorithmListing, Listings
from emulator.sagemaker.registry.state import ModelPackage

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgorithmOperations:
    """DescribeAlgorithm, of algorithms that are listed; an account's own are not emulated."""

    listings: Listings

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The algorithm, for accounts that are subscribed to it."""
        return _described(algorithm_of(self.listings, tenant, request["AlgorithmName"]))


def algorithm_of(listings: Listings, tenant: Tenant, arn: str) -> AlgorithmListing:
    """The listed algorithm of that ARN; the sentence about an unknown one is our own."""
    found = listings.find_algorithm(tenant, arn)
    if found is None:
        raise errors.validation(f"Algorithm {arn} does not exist.")
    return found


def container_of(
    listings: Listings, tenant: Tenant, container: Mapping[str, Any], package: ModelPackage
) -> Json:
    """What a model of the package runs: the seller's image with the buyer's artifacts."""
    source = package.members["SourceAlgorithmSpecification"]["SourceAlgorithms"][0]
    algorithm = algorithm_of(listings, tenant, source["AlgorithmName"])
    return {
        **container,
        "Image": algorithm.image,
        "ModelDataUrl": source["ModelDataUrl"],
        "Environment": dict(algorithm.environment),
    }


def _described(algorithm: AlgorithmListing) -> Json:
    """DescribeAlgorithm; which image it runs stays the seller's, and nothing here trains it."""
    image = algorithm.image.rpartition("/")[2]
    return {
        "AlgorithmName": algorithm.name,
        "AlgorithmArn": algorithm.arn,
        "CreationTime": algorithm.created,
        "TrainingSpecification": {
            "TrainingImage": image,
            "SupportedTrainingInstanceTypes": ["ml.m5.large"],
            "TrainingChannels": [
                {
                    "Name": "training",
                    "SupportedContentTypes": ["text/csv"],
                    "SupportedInputModes": ["File"],
                }
            ],
        },
        "AlgorithmStatus": COMPLETED,
        "AlgorithmStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": True,
    }
