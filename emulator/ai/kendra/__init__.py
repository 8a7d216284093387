"""Amazon Kendra: documents of buckets and of calls, ranked for a question by BM25.

Indexes and data sources are those of `CreateIndex` and `CreateDataSource` and those that stacks
declare. What the embedded cloud does not judge is refused by name (`NotEmulatedException`).
"""

from emulator.ai.frame import AiService
from emulator.ai.kendra.operations import Kendra, also_asked, resource
from emulator.ai.site import Site


def service(site: Site) -> AiService:
    """The service, which keeps indexes until the cloud stops."""
    return AiService(
        name="kendra",
        operations=Kendra.of(site).operations(),
        resource=resource,
        also_asked=also_asked,
    )
