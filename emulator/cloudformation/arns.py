"""ARNs that are made of other properties, which no pattern of the public schemas tells."""

from collections.abc import Mapping
from typing import Any

from emulator.cloudformation.identity import Identity

_LONGEST_NAME = 63
_FORMS: Mapping[str, Mapping[str, str]] = {
    "AWS::Bedrock::KnowledgeBase": {
        "KnowledgeBaseArn": "arn:aws:bedrock:{region}:{account}:knowledge-base/{KnowledgeBaseId}"
    },
    "AWS::Kendra::Index": {"Arn": "arn:aws:kendra:{region}:{account}:index/{Id}"},
    "AWS::Kendra::DataSource": {
        "Arn": "arn:aws:kendra:{region}:{account}:index/{IndexId}/data-source/{Id}"
    },
    "AWS::S3Vectors::VectorBucket": {
        "VectorBucketArn": "arn:aws:s3vectors:{region}:{account}:bucket/{name}"
    },
    "AWS::S3Vectors::Index": {"IndexArn": "{VectorBucketArn}/index/{name}"},
}


def known_arns(type_name: str, identity: Identity, properties: Mapping[str, Any]) -> dict[str, str]:
    """The ARNs of a resource that AWS makes of its properties and attributes, by attribute."""
    place = {"region": identity.region, "account": identity.account}
    bucket = f"arn:aws:s3vectors:{identity.region}:{identity.account}:bucket"
    known = {
        "VectorBucketArn": f"{bucket}/{properties.get('VectorBucketName', '')}",
        **properties,
        **place,
        "name": identity.name.lower()[:_LONGEST_NAME],
    }
    return {name: form.format_map(known) for name, form in _FORMS.get(type_name, {}).items()}
