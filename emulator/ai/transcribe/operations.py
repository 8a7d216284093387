"""Transcription jobs: they read sound and write transcripts with their caller's rights."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.jobs import Job, JobExistsError, JobFailedError, JobKind, Jobs
from emulator.ai.pages import Paging
from emulator.ai.recordings import Recordings
from emulator.ai.site import ClientOf, Site
from emulator.ai.transcribe import hearing, requests, subtitles, transcript, views
from emulator.ai.transcribe.hearing import Heard
from emulator.ai.transcribe.vocabularies import (
    FILTER,
    KEPT,
    VOCABULARY,
    WordList,
    WordLists,
    inaccessible,
    used,
)
from emulator.jsonapi import Json, RefusedRequestError
from emulator.seams.events import Event
from emulator.seams.services import Permission

PRINCIPAL = "transcribe.amazonaws.com"
LEAST_SECONDS = 15.0
"""How long a job takes on the cloud's clock, beside a second for `BYTES_A_SECOND` of sound."""
BYTES_A_SECOND = 160_000.0

_PAGES = Paging(most=5, code="BadRequestException")


def also_asked(asked: Asked) -> list[Permission]:
    """Who gives a job a role must be allowed to."""
    role = asked.request.get("JobExecutionSettings", {}).get("DataAccessRoleArn")
    if role is None:
        return []
    context = {"iam:PassedToService": PRINCIPAL}
    return [Permission(action="iam:PassRole", resource=role, context=context)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Transcribe:
    """The operations of one cloud."""

    site: Site
    recordings: Recordings
    vocabularies: WordLists
    filters: WordLists

    @classmethod
    def of(cls, site: Site, recordings: Recordings) -> "Transcribe":
        """Nothing is kept so far."""
        return cls(
            site=site,
            recordings=recordings,
            vocabularies=WordLists(site=site, kind=VOCABULARY),
            filters=WordLists(site=site, kind=FILTER),
        )

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        kind = JobKind(work=self._work, seconds=_seconds, changed=self._tell)
        return {
            **self.vocabularies.operations(),
            **self.filters.operations(),
            **_Api(transcribe=self, jobs=Jobs(self.site, kind)).operations(),
        }

    def client_of(self, request: Mapping[str, Any], caller: ClientOf, region: str) -> Any:
        """S3 as the job's role, or as the caller without one; BadRequestException if untrusted."""
        role = request.get("JobExecutionSettings", {}).get("DataAccessRoleArn")
        if role is None:
            return caller("s3")
        if not self.site.trusts(role, PRINCIPAL):
            raise RefusedRequestError(
                "BadRequestException",
                f"The data access role can't be assumed by {PRINCIPAL}: {role}",
            )
        return self.site.clients_of_role(role, region)("s3")

    def _tell(self, job: Job) -> None:
        """EventBridge of an end ("Using EventBridge with Transcribe" in the guide)."""
        if not job.state.ended:
            return
        reason = {} if job.failure is None else {"FailureReason": job.failure}
        event = Event(
            source="aws.transcribe",
            detail_type="Transcribe Job State Change",
            detail={
                "TranscriptionJobName": job.id,
                "TranscriptionJobStatus": views.STATUS[job.state],
                **reason,
            },
        )
        self.site.publish(job.tenant, event)

    def _work(self, job: Job) -> Json:
        try:
            return self._transcribed(job)
        except RefusedRequestError as error:
            raise JobFailedError(error.message) from error

    def _transcribed(self, job: Job) -> Json:
        s3 = self.client_of(job.request, job.client, job.tenant[1])
        sound = _sound(s3, job.request)
        found = _media(job.request, sound)
        heard = hearing.heard(sound, self.recordings)
        language = _language(job.request, heard)
        items = _items(job, heard)
        writer = _Writer(s3=s3, job=job)
        writer.write_transcript(items, language)
        writer.write_subtitles(items)
        identified = {"IdentifiedLanguageScore": 1.0} if _identifies(job.request) else {}
        return {**job.output, **found, **identified, "LanguageCode": language}


def _items(job: Job, heard: Heard) -> list[transcript.Item]:
    spelled = transcript.spelled(transcript.items_of(heard), job.output["phrases"])
    return transcript.filtered(spelled, job.output["filter"])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Api:
    """The operations on jobs."""

    transcribe: Transcribe
    jobs: Jobs

    def operations(self) -> Mapping[str, Operation]:
        return {
            "StartTranscriptionJob": self._start,
            "GetTranscriptionJob": self._get,
            "ListTranscriptionJobs": self._list,
            "DeleteTranscriptionJob": self._delete,
        }

    def _start(self, call: Call) -> Answer:
        request = call.request
        requests.check(request)
        words = self._words(call)
        s3 = self.transcribe.client_of(request, call.client, call.tenant[1])
        job = Job(
            tenant=call.tenant,
            id=request["TranscriptionJobName"],
            request=request,
            client=call.client,
            submitted=self.transcribe.site.now(),
            output={"bytes": _size(s3, request), **words},
        )
        if self.jobs.get(call.tenant, job.id) is not None:
            raise _taken()
        _check_output(s3, request)
        try:
            started = self.jobs.start(job, call.fate)
        except JobExistsError as error:
            raise _taken() from error
        return Answer(body={"TranscriptionJob": views.described(started)}, engine=hearing.RECORDED)

    def _words(self, call: Call) -> Json:
        """The phrases of the job's vocabulary and its filter, as they are now."""
        settings = call.request.get("Settings", {})
        vocabulary = self._list_for(call, self.transcribe.vocabularies, "VocabularyName")
        words = self._list_for(call, self.transcribe.filters, "VocabularyFilterName")
        chosen = None
        if words is not None:
            lowered = frozenset(word.lower() for word in words.words)
            chosen = transcript.Filter(words=lowered, method=settings["VocabularyFilterMethod"])
        return {"phrases": () if vocabulary is None else vocabulary.words, "filter": chosen}

    def _list_for(self, call: Call, lists: WordLists, member: str) -> WordList | None:
        language = call.request.get("LanguageCode")
        found = used(lists, call.tenant, call.request.get("Settings", {}), member=member)
        if found is not None and language not in {None, found.language}:
            raise RefusedRequestError(
                "BadRequestException",
                f"{member} {found.name} is for {found.language}, the request is for {language}",
            )
        return found

    def _get(self, call: Call) -> Answer:
        job = self.jobs.get(call.tenant, call.request["TranscriptionJobName"])
        if job is None:
            raise RefusedRequestError(
                "NotFoundException",
                "The requested job couldn't be found. Check the job name and try your request "
                "again.",
            )
        return Answer(body={"TranscriptionJob": views.described(job)}, engine=hearing.RECORDED)

    def _list(self, call: Call) -> Answer:
        wanted, part = call.request.get("Status"), call.request.get("JobNameContains", "")
        found = [
            job
            for job in self.jobs.of(call.tenant)
            if wanted in {None, views.STATUS[job.state]} and part.lower() in job.id.lower()
        ]
        body = _PAGES.page(
            found, call.request, member="TranscriptionJobSummaries", shown=views.summary
        )
        return Answer(body=body if wanted is None else {**body, "Status": wanted}, engine=KEPT)

    def _delete(self, call: Call) -> Answer:
        self.jobs.forget(call.tenant, call.request["TranscriptionJobName"])
        return Answer(body={}, engine=KEPT)


def _taken() -> RefusedRequestError:
    return RefusedRequestError("ConflictException", "The requested job name already exists.")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Writer:
    """Writes what a job heard; JobFailedError if S3 refuses."""

    s3: Any
    job: Job

    def write_transcript(self, items: list[transcript.Item], language: str) -> None:
        """The JSON of it."""
        settings = self.job.request.get("Settings", {})
        document = {
            "jobName": self.job.id,
            "accountId": self.job.tenant[0],
            "status": "COMPLETED",
            "results": transcript.results_of(
                items,
                language=language,
                most_speakers=settings.get("MaxSpeakerLabels"),
                identified=_identifies(self.job.request),
            ),
        }
        body = json.dumps(document, ensure_ascii=False)
        self._put(requests.output_key(self.job.request), body, "application/json")

    def write_subtitles(self, items: list[transcript.Item]) -> None:
        """A file for each format that was asked for."""
        wanted = self.job.request.get("Subtitles", {})
        cues = subtitles.cues_of(items)
        for name in wanted.get("Formats", []):
            text = subtitles.WRITERS[name](cues, wanted.get("OutputStartIndex", 0))
            key = requests.subtitle_key(self.job.request, name)
            self._put(key, text, {"vtt": "text/vtt", "srt": "application/x-subrip"}[name])

    def _put(self, key: str, text: str, media_type: str) -> None:
        bucket = self.job.request["OutputBucketName"]
        try:
            self.s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=text.encode(),
                ContentType=media_type,
                **_encryption(self.job.request),
            )
        except ClientError as error:
            raise JobFailedError(f"The output can't be written to {bucket}: {error}") from error


def _encryption(request: Mapping[str, Any]) -> Mapping[str, str]:
    key = request.get("OutputEncryptionKMSKeyId")
    return {} if key is None else {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}


def _place(request: Mapping[str, Any]) -> Mapping[str, str]:
    uri = request["Media"]["MediaFileUri"].removeprefix("s3://")
    bucket, _, key = uri.partition("/")
    return {"Bucket": bucket, "Key": key}


def _size(s3: Any, request: Mapping[str, Any]) -> int:
    try:
        return int(s3.head_object(**_place(request))["ContentLength"])
    except ClientError as error:
        raise inaccessible() from error


def _check_output(s3: Any, request: Mapping[str, Any]) -> None:
    bucket = request["OutputBucketName"]
    try:
        s3.put_object(Bucket=bucket, Key=requests.check_key(request), Body=b"")
    except ClientError as error:
        raise RefusedRequestError(
            "BadRequestException",
            "The specified S3 bucket can't be accessed. Make sure that you have write permission "
            f"and try your request again: {bucket}",
        ) from error


def _sound(s3: Any, request: Mapping[str, Any]) -> bytes:
    try:
        sound: bytes = s3.get_object(**_place(request))["Body"].read()
    except ClientError as error:
        raise JobFailedError(f"The media file can't be read: {error}") from error
    return sound


def _media(request: Mapping[str, Any], sound: bytes) -> Json:
    """Format and rate of the sound; JobFailedError if the request says others."""
    found, rate = hearing.media_format(sound), hearing.sample_rate(sound)
    if found is None:
        raise JobFailedError("Unsupported media format.")
    given = request.get("MediaFormat", found)
    if {given, found} != {found} and {given, found} != {"mp4", "m4a"}:
        raise JobFailedError(
            f"The media format provided does not match the detected media format: {given}, {found}"
        )
    wanted = request.get("MediaSampleRateHertz", rate)
    if rate is not None and wanted != rate:
        raise JobFailedError(
            f"The sample rate provided does not match the detected sample rate: {wanted}, {rate}"
        )
    known = {} if wanted is None else {"MediaSampleRateHertz": wanted}
    return {"MediaFormat": given, **known}


def _identifies(request: Mapping[str, Any]) -> bool:
    return bool(request.get("IdentifyLanguage"))


def _language(request: Mapping[str, Any], heard: Heard) -> str:
    """The language that the job was in; JobFailedError if it is not the one that is spoken."""
    wanted = [request["LanguageCode"]] if "LanguageCode" in request else None
    options = request.get("LanguageOptions") if wanted is None else wanted
    if options is None or heard.language in options:
        return heard.language
    base = heard.language.partition("-")[0]
    near = [code for code in options if code.partition("-")[0] == base]
    if not near:
        raise JobFailedError(
            f"The speech is in {heard.language}, the request says {', '.join(options)}: what a "
            "recognizer of another language would make of it is not emulated"
        )
    return str(near[0])


def _seconds(job: Job) -> float:
    return LEAST_SECONDS + float(job.output["bytes"]) / BYTES_A_SECOND
