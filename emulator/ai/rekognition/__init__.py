"""Amazon Rekognition's faces: collections, users, comparisons and liveness.

Who is on a picture is recorded in the picture; how well one is seen is measured in its pixels.
"""

from emulator.ai.frame import AiService, Asked
from emulator.ai.rekognition.liveness import Liveness
from emulator.ai.rekognition.records import Records
from emulator.ai.rekognition.resources import TYPE_NAME, CollectionResource
from emulator.ai.rekognition.searches import Searches
from emulator.ai.rekognition.store import Collections, Tokens, arn_of
from emulator.ai.site import Site


def service(site: Site) -> AiService:
    """The service of one cloud, with its collections and liveness sessions."""
    collections, liveness = Collections(), Liveness(site=site)
    records = Records(site=site, collections=collections, tokens=Tokens())
    return AiService(
        name="rekognition",
        operations={
            **records.operations(),
            **Searches(collections=collections).operations(),
            **liveness.operations(),
        },
        throttling_code="ProvisionedThroughputExceededException",
        resource=_collection,
        companions=(liveness.control(),),
        resource_types={TYPE_NAME: CollectionResource(collections=collections, now=site.now)},
    )


def _collection(asked: Asked) -> str:
    """Permission is asked on the collection that a request names, on `*` without one."""
    name = asked.request.get("CollectionId")
    return "*" if name is None else arn_of(asked.tenant, str(name))
