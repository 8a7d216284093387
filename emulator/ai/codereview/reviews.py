"""Code reviews: jobs that read an archive with their caller's rights and analyse it."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.codereview import analysing
from emulator.ai.codereview.associations import Association, Associations
from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.jobs import Job, JobFailedError, JobKind, Jobs, State, TokenReusedError
from emulator.ai.pages import Paging
from emulator.ai.site import Site, Tenant
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

SECONDS = 30.0
"""How long a review takes, on the cloud's clock."""
_PAGES = Paging(most=100, code="ValidationException")
_STATES = {State.COMPLETED: "Completed", State.FAILED: "Failed"}


@dataclass(kw_only=True, slots=True)
class Reviews:
    """The reviews of one cloud."""

    site: Site
    associations: Associations
    _jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is reviewed so far."""
        kind = JobKind(work=_reviewed, seconds=lambda _job: SECONDS, changed=lambda _job: None)
        self._jobs = Jobs(self.site, kind)

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "CreateCodeReview": self._create,
            "DescribeCodeReview": self._describe,
            "ListCodeReviews": self._list,
            "ListRecommendations": self._recommendations,
        }

    def association_of(self, tenant: Tenant, arn: str) -> str:
        """The ARN of the association of a review; any other ARN as it is."""
        job = self._jobs.get(tenant, arn)
        return arn if job is None else str(job.request["association"])

    def _create(self, call: Call) -> Answer:
        request = call.request
        found = self.associations.usable(call.tenant, request["RepositoryAssociationArn"])
        source = _source(request, found)
        reviews = [job for job in self._jobs.of(call.tenant) if _of(job, found)]
        token = request.get("ClientRequestToken")
        same = [job for job in reviews if job.request["name"] == request["Name"]]
        if same and (token is None or same[0].token != token):
            raise RefusedRequestError(
                "ConflictException", f"There is a code review {request['Name']} already"
            )
        asked = {
            "name": request["Name"],
            "association": found.arn,
            "repository": found.name,
            **source,
        }
        job = Job(
            tenant=call.tenant,
            id=_arn(call.tenant),
            request=asked,
            client=call.client,
            submitted=self.site.now(),
            token=token,
        )
        try:
            started = self._jobs.start(job, call.fate)
        except TokenReusedError as error:
            raise RefusedRequestError("ConflictException", str(error)) from error
        return Answer(body={"CodeReview": _shown(started)}, engine=analysing.ENGINE)

    def _describe(self, call: Call) -> Answer:
        job = self._get(call)
        return Answer(body={"CodeReview": _shown(job)}, engine=analysing.ENGINE)

    def _list(self, call: Call) -> Answer:
        states = call.request.get("States")
        names = call.request.get("RepositoryNames")
        shown = [_shown(job) for job in self._jobs.of(call.tenant)]
        chosen = [
            _summary(each)
            for each in shown
            if (states is None or each["State"] in states)
            and (names is None or each["RepositoryName"] in names)
            and call.request["Type"] == each["Type"]
        ]
        page = _PAGES.page(chosen, call.request, member="CodeReviewSummaries")
        return Answer(body=page, engine=analysing.ENGINE)

    def _recommendations(self, call: Call) -> Answer:
        job = self._get(call)
        if not job.state.ended:
            raise RefusedRequestError("ValidationException", f"{job.id} is Pending")
        found = analysing.findings(job.output)
        page = _PAGES.page(found, call.request, member="RecommendationSummaries")
        return Answer(body=page, engine=analysing.ENGINE)

    def _get(self, call: Call) -> Job:
        arn = call.request["CodeReviewArn"]
        found = self._jobs.get(call.tenant, arn)
        if found is None:
            raise RefusedRequestError("ResourceNotFoundException", f"There is no code review {arn}")
        return found


def _of(job: Job, association: Association) -> bool:
    return bool(job.request["association"] == association.arn)


def _source(request: Mapping[str, Any], association: Association) -> Json:
    """Bucket and key of the archive; other kinds of sources are refused."""
    analysis = request["Type"]["RepositoryAnalysis"]
    told = analysis.get("SourceCodeType", {}).get("S3BucketRepository")
    if told is None:
        raise RefusedRequestError(NOT_EMULATED, not_emulated("reviews of other sources than S3"))
    details = told.get("Details", {})
    key = details.get("CodeArtifacts", {}).get("SourceCodeArtifactsObjectKey")
    if key is None:
        raise RefusedRequestError(
            "ValidationException", "SourceCodeArtifactsObjectKey of the archive is missing"
        )
    bucket = details.get("BucketName", association.bucket)
    if bucket != association.bucket or told["Name"] != association.name:
        raise RefusedRequestError(
            "ValidationException",
            f"The association is of repository {association.name} in {association.bucket}, got "
            f"{told['Name']} in {bucket}",
        )
    return {"bucket": bucket, "key": key}


def _reviewed(job: Job) -> Json:
    try:
        answer = job.client("s3").get_object(Bucket=job.request["bucket"], Key=job.request["key"])
        archive = answer["Body"].read()
    except ClientError as error:
        raise JobFailedError(f"The source code could not be read: {error}") from error
    found = analysing.analysed(archive)
    return {"recommendations": found.recommendations, "lines": found.lines}


def _shown(job: Job) -> Json:
    name, bucket, key = job.request["name"], job.request["bucket"], job.request["key"]
    artifacts = {"SourceCodeArtifactsObjectKey": key}
    repository = {
        "Name": job.request["repository"],
        "Details": {"BucketName": bucket, "CodeArtifacts": artifacts},
    }
    body: Json = {
        "Name": name,
        "CodeReviewArn": job.id,
        "RepositoryName": job.request["repository"],
        "Owner": job.tenant[0],
        "ProviderType": "S3Bucket",
        "State": _STATES.get(job.state, "Pending"),
        "CreatedTimeStamp": job.submitted,
        "LastUpdatedTimeStamp": job.submitted if job.ended is None else job.ended,
        "Type": "RepositoryAnalysis",
        "SourceCodeType": {"S3BucketRepository": repository},
        "AssociationArn": job.request["association"],
        "AnalysisTypes": ["Security", "CodeQuality"],
    }
    if job.failure is not None:
        body["StateReason"] = job.failure
    if job.state is State.COMPLETED:
        body["Metrics"] = _metrics(job)
    return body


def _metrics(job: Job) -> Json:
    return {
        "MeteredLinesOfCodeCount": job.output["lines"],
        "SuppressedLinesOfCodeCount": 0,
        "FindingsCount": len(job.output["recommendations"]),
    }


def _summary(shown: Json) -> Json:
    left_out = {"SourceCodeType", "AssociationArn", "AnalysisTypes", "StateReason", "Metrics"}
    summary = {key: value for key, value in shown.items() if key not in left_out}
    metrics = shown.get("Metrics")
    return summary if metrics is None else {**summary, "MetricsSummary": metrics}


def _arn(tenant: Tenant) -> str:
    account, region = tenant
    return f"arn:aws:codeguru-reviewer:{region}:{account}:code-review:{uuid.uuid4()}"
