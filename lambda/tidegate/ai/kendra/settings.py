"""Settings of a service that searches documents, and what AWS takes.

Sources: Bedrock user guide, "Prerequisites for your knowledge base data" (formats, 50 MB) and
"Titan Text Embeddings V2" (dimensions); Kendra API reference, "Welcome" (closed to new customers).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from tidegate.ai.limits import Between, Length, Matches, OneOf

KNOWLEDGE_BASE, KENDRA = "knowledge-base", "kendra"
ENGINES = (KNOWLEDGE_BASE, KENDRA)
EVERYONE = "everyone"
"""The group that every reader is in."""
MOST_BYTES = 52_428_800
"""The largest document (50 MB)."""
LONGEST_ADDRESS = 133
"""The longest address whose status Bedrock tells (botocore's model, S3 uri: s3:// and 128)."""
SUFFIXES = (".txt", ".md", ".html", ".htm", ".csv", ".pdf", ".doc", ".docx", ".xls", ".xlsx")
GROUP = Matches(
    pattern="[a-z][a-z0-9_]{0,39}", words="small letters, digits and underscores, 40 at most"
)
CLOSED = "2026-07-30"
"""Since when new customers do not get Kendra."""
_DIMENSIONS = (256, 512, 1024)
_EVERYTHING = ""


def _everyone() -> Mapping[str, tuple[str, ...]]:
    return {_EVERYTHING: (EVERYONE,)}


@dataclass(frozen=True, slots=True, kw_only=True)
class KendraSettings:
    """Search in documents: each is found by its readers only, and cited."""

    engine: Annotated[
        str,
        "knowledge-base: a Bedrock knowledge base on S3 Vectors, which bills nothing while idle. "
        f"kendra: Amazon Kendra, closed to new customers since {CLOSED}; its index bills by the "
        "hour.",
        OneOf(ENGINES),
    ] = KNOWLEDGE_BASE
    enrolled: Annotated[
        bool, "Whether the account has Kendra already; the engine kendra needs it."
    ] = False
    edition: Annotated[
        str,
        "Edition of Kendra's index: $1.125 an hour for developers, $1.40 for enterprises.",
        OneOf(("DEVELOPER_EDITION", "ENTERPRISE_EDITION")),
    ] = "DEVELOPER_EDITION"
    readers: Annotated[
        Mapping[str, Annotated[tuple[Annotated[str, GROUP], ...], Length(least=1, most=20)]],
        "Groups that find documents, by the beginning of their names (such as hr/); the longest "
        "beginning counts, and a document that none fits is refused. everyone is every reader.",
    ] = field(default_factory=_everyone)
    sync: Annotated[
        str,
        "When the index is compared with the files, beside each file's own arrival.",
        Matches(pattern=r"(rate|cron)\(.+\)", words="rate(...) or cron(...) of EventBridge"),
    ] = "rate(1 hour)"
    embedding_model: Annotated[
        str,
        "Bedrock's model that passages and questions become vectors by.",
        Matches(pattern=r"[a-z0-9.-]+(:[0-9]+)?", words="an id of a model"),
    ] = "amazon.titan-embed-text-v2:0"
    dimensions: Annotated[int, "Numbers in such a vector.", Between(least=1, most=4096)] = 1024
    results: Annotated[
        int,
        "Passages of a search that asks for no number.",
        Between(least=1, most=25),
    ] = 5


def faults(settings: KendraSettings) -> tuple[str, ...]:
    """A closed service is taken knowingly; models have their sizes; somebody reads."""
    found = []
    if settings.engine == KENDRA and not settings.enrolled:
        found.append(
            f"engine is kendra, which new customers do not get since {CLOSED}: take "
            f"{KNOWLEDGE_BASE}, or say enrolled: true where the account has it"
        )
    titan = settings.embedding_model == "amazon.titan-embed-text-v2:0"
    if titan and settings.dimensions not in _DIMENSIONS:
        allowed = ", ".join(map(str, _DIMENSIONS))
        found.append(f"dimensions are {settings.dimensions}, of that model one of {allowed}")
    if not settings.readers:
        found.append("readers are empty: nobody would find anything")
    if len(groups(settings)) > _MOST_GROUPS:
        found.append(f"readers name {len(groups(settings))} groups, at most {_MOST_GROUPS}")
    return tuple(found)


_MOST_GROUPS = 25
"""Each group is an attribute of a document's metadata; S3 Vectors takes 35 (Bedrock user guide)."""


def groups(settings: KendraSettings) -> tuple[str, ...]:
    """All groups that the settings name, everyone among them."""
    named = {group for listed in settings.readers.values() for group in listed}
    return tuple(sorted({*named, EVERYONE}))
