"""Amazon CodeGuru Reviewer: associations with buckets, and code reviews by ruff and bandit.

AWS makes no new associations since 2025-11-07; here they are made, so that the path of accounts
that have one can be tried. Other repositories than buckets are refused: nothing hosts them.
"""

from emulator.ai.codereview.associations import AssociationResource, Associations
from emulator.ai.codereview.reviews import Reviews
from emulator.ai.frame import AiService, Asked
from emulator.ai.site import Site

SERVICE = "codeguru-reviewer"
_OF_ASSOCIATION = {
    "CreateCodeReview": "RepositoryAssociationArn",
    "DescribeRepositoryAssociation": "AssociationArn",
    "DisassociateRepository": "AssociationArn",
    "DescribeCodeReview": "CodeReviewArn",
    "ListRecommendations": "CodeReviewArn",
}


def service(site: Site) -> AiService:
    """The service of one cloud."""
    associations = Associations(now=site.now)
    reviews = Reviews(site=site, associations=associations)
    return AiService(
        name=SERVICE,
        operations={**associations.operations(), **reviews.operations()},
        resource=lambda asked: _resource(asked, reviews),
        resource_types={
            "AWS::CodeGuruReviewer::RepositoryAssociation": AssociationResource(
                associations=associations
            )
        },
    )


def _resource(asked: Asked, reviews: Reviews) -> str:
    """The association that the operation, or its review, is of (authorization reference)."""
    member = _OF_ASSOCIATION.get(asked.operation)
    arn = "*" if member is None else str(asked.request.get(member, "*"))
    return reviews.association_of(asked.tenant, arn)
