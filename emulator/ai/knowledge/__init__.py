"""Knowledge bases of Amazon Bedrock: ingestion of a bucket, and retrieval of passages from it.

Two services share their knowledge bases, `bedrock-agent` and `bedrock-agent-runtime`; the bases
are those that stacks declare. No embedding model runs here: passages are ranked by BM25, and the
vector index of S3 Vectors has to exist, with the permissions that AWS needs on it, but stays empty.
"""

from emulator.ai.frame import AiService
from emulator.ai.knowledge.operations import Knowledge, control_resource, retrieval_resource
from emulator.ai.site import Site


def services(site: Site) -> tuple[AiService, AiService]:
    """Both services, which keep what was ingested until the cloud stops."""
    knowledge = Knowledge.of(site)
    return (
        AiService(
            name="bedrock-agent",
            signing_name="bedrock",
            iam_prefix="bedrock",
            operations=knowledge.control(),
            resource=control_resource,
            left=knowledge.left(),
        ),
        AiService(
            name="bedrock-agent-runtime",
            signing_name="bedrock",
            iam_prefix="bedrock",
            operations=knowledge.retrieval(),
            resource=retrieval_resource,
            left=knowledge.left_of_retrieval(),
        ),
    )
