"""The package of a model that was made with an algorithm of AWS Marketplace.

SageMaker hosts such a model by a package only, which names the algorithm and the artifact: the
image is the seller's, and nobody else may pull it (developer guide, "Use your algorithm and model
package resources").
"""

from collections.abc import Sequence

from stacks.components.arns import sub
from stacks.components.blueprint import Blueprint
from stacks.project.names import shortened
from tidegate.version import Version

LONGEST_NAME = 63
"""CreateModelPackage, ModelPackageName."""


def add_model_package(
    blueprint: Blueprint, model_id: str, version: Version, *, owner: str, after: Sequence[str]
) -> str | None:
    """The package is there, for the Model with that logical id; None where its version needs none.

    Its name is of `owner` and of the version's digest: another version is another package, made
    before the one that it takes the place of is deleted.
    """
    first = version.containers[0]
    if first.algorithm is None:
        return None
    source = {"AlgorithmName": first.algorithm, "ModelDataUrl": sub(first.artifact_uri)}
    return blueprint.add(
        f"{model_id}Package",
        "AWS::SageMaker::ModelPackage",
        {
            "ModelPackageName": shortened(f"{owner}-{version.digest}", LONGEST_NAME),
            "SourceAlgorithmSpecification": {"SourceAlgorithms": [source]},
        },
        after=after,
    )
