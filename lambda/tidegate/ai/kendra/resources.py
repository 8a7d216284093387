"""What a search needs on AWS beside its functions: an index, its source, the roles of both."""

from typing import Any

from tidegate.ai.kendra.documents import DOCUMENTS
from tidegate.ai.kendra.engines import BASE, INDEX, SOURCE
from tidegate.ai.kendra.settings import CLOSED, KENDRA, KendraSettings
from tidegate.ai.kind import Place, Resources
from tidegate.ai.roles import Template, allow, role_of

FILES = "Files"
"""The frame's bucket."""
BASE_ID, INDEX_ID, SOURCE_ID = "Base", "Index", "Source"
_VECTORS, _VECTOR_INDEX, _ROLE, _SOURCE_ROLE = "Vectors", "VectorIndex", "IndexRole", "SourceRole"
_TOKENS, _OVERLAP = 300, 20
"""Bedrock's own default of passages: about 300 tokens, a fifth of which is repeated."""
_OBJECTS = "the documents of this service only, each with a name of its own"
_NOT_FILTERED = ("AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA")
"""What Bedrock keeps in a vector's metadata; S3 Vectors filters by 2 KB of it at most."""


def resources_of(settings: KendraSettings, place: Place) -> Resources:
    """Those of the engine that the settings choose."""
    return _kendra(settings, place) if settings.engine == KENDRA else _base(settings, place)


def _att(id_: str, name: str) -> Template:
    return {"Fn::GetAtt": [id_, name]}


def _reading() -> list[Template]:
    under = {"StringLike": {"s3:prefix": [f"{DOCUMENTS}*"]}}
    objects = {"Fn::Sub": f"${{{FILES}.Arn}}/{DOCUMENTS}*"}
    return [
        allow(["s3:ListBucket"], _att(FILES, "Arn"), Condition=under),
        allow(["s3:GetObject"], objects),
    ]


def _role(service: str, statements: list[Template]) -> Template:
    return role_of(f"{service}.amazonaws.com", {"Search": statements})


def _acknowledged(rule: str, reason: str) -> Template:
    """Metadata by which a finding of the template gate stays."""
    return {"tidegate": {"acknowledged": [{"rule": rule, "reason": reason}]}}


def _finding(path: str) -> str:
    return f"IAM5[Resource::{path}]"


_DOCUMENTS_FOUND = _finding(f"<{FILES}.Arn>/{DOCUMENTS}*")


def _base(settings: KendraSettings, place: Place) -> Resources:
    model = (
        "arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/"
        f"{settings.embedding_model}"
    )
    vectors = ["PutVectors", "GetVectors", "DeleteVectors", "QueryVectors", "GetIndex"]
    statements = [
        *_reading(),
        allow(["bedrock:InvokeModel"], {"Fn::Sub": model}),
        allow([f"s3vectors:{name}" for name in vectors], _att(_VECTOR_INDEX, "IndexArn")),
    ]
    return Resources(
        templates={
            _VECTORS: {
                "Type": "AWS::S3Vectors::VectorBucket",
                "DeletionPolicy": "Delete",
                "UpdateReplacePolicy": "Delete",
                "Metadata": _acknowledged(
                    "stateful-replacement", "vectors are made again from the documents"
                ),
                "Properties": {},
            },
            _VECTOR_INDEX: {
                "Type": "AWS::S3Vectors::Index",
                "Properties": {
                    "VectorBucketArn": _att(_VECTORS, "VectorBucketArn"),
                    "DataType": "float32",
                    "Dimension": settings.dimensions,
                    "DistanceMetric": "cosine",
                    "MetadataConfiguration": {"NonFilterableMetadataKeys": list(_NOT_FILTERED)},
                },
            },
            _ROLE: _role("bedrock", statements),
            BASE_ID: _knowledge_base(settings, place, model),
            SOURCE_ID: _base_source(),
        },
        told={BASE: f"${{{BASE_ID}}}", SOURCE: f"${{{SOURCE_ID}.DataSourceId}}"},
        acknowledged={_ROLE: {_DOCUMENTS_FOUND: _OBJECTS}},
    )


def _knowledge_base(settings: KendraSettings, place: Place, model: str) -> Template:
    vectors: dict[str, Any] = {"EmbeddingModelArn": {"Fn::Sub": model}}
    if settings.embedding_model.startswith("amazon.titan-embed-text-v2"):
        vectors["EmbeddingModelConfiguration"] = {
            "BedrockEmbeddingModelConfiguration": {"Dimensions": settings.dimensions}
        }
    return {
        "Type": "AWS::Bedrock::KnowledgeBase",
        "Properties": {
            "Name": place.prefix,
            "RoleArn": _att(_ROLE, "Arn"),
            "KnowledgeBaseConfiguration": {
                "Type": "VECTOR",
                "VectorKnowledgeBaseConfiguration": vectors,
            },
            "StorageConfiguration": {
                "Type": "S3_VECTORS",
                "S3VectorsConfiguration": {"IndexArn": _att(_VECTOR_INDEX, "IndexArn")},
            },
        },
    }


def _base_source() -> Template:
    fixed = {"MaxTokens": _TOKENS, "OverlapPercentage": _OVERLAP}
    return {
        "Type": "AWS::Bedrock::DataSource",
        "Properties": {
            "Name": "documents",
            "KnowledgeBaseId": {"Ref": BASE_ID},
            "DataDeletionPolicy": "DELETE",
            "DataSourceConfiguration": {
                "Type": "S3",
                "S3Configuration": {
                    "BucketArn": _att(FILES, "Arn"),
                    "InclusionPrefixes": [DOCUMENTS],
                },
            },
            "VectorIngestionConfiguration": {
                "ChunkingConfiguration": {
                    "ChunkingStrategy": "FIXED_SIZE",
                    "FixedSizeChunkingConfiguration": fixed,
                }
            },
        },
    }


def _kendra(settings: KendraSettings, place: Place) -> Resources:
    """An index and a data source, with the reason why a closed service is taken."""
    reason = (
        f"Kendra is closed to new customers since {CLOSED}, whose accounts are refused; engine: "
        "knowledge-base does the same by a Bedrock knowledge base on S3 Vectors"
    )
    known = _acknowledged("closed-service", reason)
    metrics = allow(
        ["cloudwatch:PutMetricData"],
        "*",
        Condition={"StringEquals": {"cloudwatch:namespace": "AWS/Kendra"}},
    )
    puts = allow(["kendra:BatchPutDocument", "kendra:BatchDeleteDocument"], _att(INDEX_ID, "Arn"))
    return Resources(
        templates={
            _ROLE: _role("kendra", [metrics]),
            INDEX_ID: {
                "Type": "AWS::Kendra::Index",
                "Metadata": known,
                "Properties": {
                    "Name": place.prefix,
                    "Edition": settings.edition,
                    "RoleArn": _att(_ROLE, "Arn"),
                },
            },
            _SOURCE_ROLE: _role("kendra", [*_reading(), puts]),
            SOURCE_ID: {
                "Type": "AWS::Kendra::DataSource",
                "Metadata": known,
                "Properties": {
                    "Name": "documents",
                    "IndexId": {"Ref": INDEX_ID},
                    "Type": "S3",
                    "RoleArn": _att(_SOURCE_ROLE, "Arn"),
                    "DataSourceConfiguration": {
                        "S3Configuration": {
                            "BucketName": {"Ref": FILES},
                            "InclusionPrefixes": [DOCUMENTS],
                        }
                    },
                },
            },
        },
        told={INDEX: f"${{{INDEX_ID}}}", SOURCE: f"${{{SOURCE_ID}.Id}}"},
        acknowledged={
            _ROLE: {_finding("*"): "PutMetricData takes no resource; the namespace is AWS/Kendra"},
            _SOURCE_ROLE: {_DOCUMENTS_FOUND: _OBJECTS},
        },
    )
