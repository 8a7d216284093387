"""Carries a labelling job out: waits for recorded answers, and writes the manifest. It blocks.

Nobody labels here. What the people of the team say is an object beside the input manifest, of its
name and `.answers`: a JSON object a line, in the manifest's order, whose `answers` are the classes
that one person after the other chose. Until it is there the job is InProgress. Most votes count;
of as many, the first.
"""

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from emulator.sagemaker.jobs import failures
from emulator.sagemaker.jobs.job import Job, Result
from emulator.sagemaker.jobs.kind import Progress
from emulator.sagemaker.jobs.place import Site
from emulator.sagemaker.jobs.script import Controls
from emulator.sagemaker.labelling.describe import LABELLED, output_uri
from emulator.sagemaker.labelling.operations import task_of
from emulator.sagemaker.names import Tenant

ANSWERS = ".answers"
_LOOK_SECONDS = 0.2
"""On the wall's clock."""
_TYPES = {
    "TextMultiClass": "groundtruth/text-classification",
    "ImageMultiClass": "groundtruth/image-classification",
}
_ABSENT = frozenset({"NoSuchKey", "404"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabellingRunner:
    """Runs labelling jobs at a site."""

    site: Site

    def run(self, tenant: Tenant, job: Job, progress: Progress, controls: Controls) -> Result:
        """The manifest with labels is in S3, or JobFailedError says why not."""
        client = self.site.client_of(job.role_arn, tenant.region)
        source = job.request["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"]
        lines = _lines(_read(client, source))
        classes = _classes(_read(client, job.request["LabelCategoryConfigS3Uri"]))
        _read(client, job.request["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"])
        progress.working()
        while True:
            if controls.stop.is_set():
                return Result(stopped=True, measures={"unlabelled": len(lines)})
            answers = _found(client, f"{source}{ANSWERS}")
            if answers is not None:
                break
            controls.stop.wait(_LOOK_SECONDS)
        said = _lines(answers)
        if len(said) != len(lines):
            raise failures.client(f"{len(lines)} items have {len(said)} recorded answers")
        ends = replace(job, ended=self.site.now())
        told = [
            _labelled(line, one["answers"], classes, ends)
            for line, one in zip(lines, said, strict=True)
        ]
        body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in told).encode()
        client.put_object(**_place(output_uri(job)), Body=body)
        return Result(measures={LABELLED: len(told)})


def _place(uri: str) -> dict[str, str]:
    parts = urlsplit(uri)
    return {"Bucket": parts.netloc, "Key": parts.path.lstrip("/")}


def _read(client: Any, uri: str) -> bytes:
    try:
        body: bytes = client.get_object(**_place(uri))["Body"].read()
    except ClientError as error:
        raise failures.client(f"{uri}: {error.response['Error']['Message']}") from error
    return body


def _found(client: Any, uri: str) -> bytes | None:
    try:
        body: bytes = client.get_object(**_place(uri))["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return None
        raise failures.client(f"{uri}: {error.response['Error']['Message']}") from error
    return body


def _lines(content: bytes) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in content.decode().splitlines() if line.strip()]
    except ValueError as error:
        raise failures.client(f"a manifest is no JSON lines: {error}") from error


def _classes(content: bytes) -> list[str]:
    return [str(one["label"]) for one in json.loads(content)["labels"]]


def _labelled(
    line: dict[str, Any], answers: list[str], classes: list[str], job: Job
) -> dict[str, Any]:
    label, votes = Counter(answers).most_common(1)[0]
    if label not in classes:
        raise failures.client(f"{label!r} is none of {', '.join(classes)}")
    name = job.request["LabelAttributeName"]
    ended = job.created if job.ended is None else job.ended
    return {
        **line,
        name: classes.index(label),
        f"{name}-metadata": {
            "class-name": label,
            "job-name": f"labeling-job/{job.name}",
            "confidence": round(votes / len(answers), 2),
            "type": _TYPES[task_of(job.request)],
            "human-annotated": "yes",
            "creation-date": datetime.fromtimestamp(ended, UTC).replace(tzinfo=None).isoformat(),
        },
    }
