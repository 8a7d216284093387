"""Amazon Transcribe: transcription jobs, subtitles, vocabularies and filters.

Transcripts are recorded, or the text that the emulated Polly left in its files; pocketsphinx hears
English where it is installed. What nobody knows is a failed job.
"""

from emulator.ai.frame import AiService, Asked
from emulator.ai.recordings import Recordings, recordings_service
from emulator.ai.site import Site
from emulator.ai.transcribe import hearing
from emulator.ai.transcribe.operations import Transcribe, also_asked


def service(site: Site) -> AiService:
    """The service of one cloud."""
    recordings = Recordings(checks={hearing.SERVICE: hearing.check_recording})
    return AiService(
        name="transcribe",
        operations=Transcribe.of(site, recordings).operations(),
        throttling_code="LimitExceededException",
        validation_code="BadRequestException",
        resource=_resource,
        also_asked=also_asked,
        companions=(recordings_service(recordings),),
    )


def _resource(asked: Asked) -> str:
    """The job, vocabulary or filter that the request names (service authorization reference)."""
    account, region = asked.tenant
    begin = f"arn:aws:transcribe:{region}:{account}"
    for member, kind in (
        ("TranscriptionJobName", "transcription-job"),
        ("VocabularyFilterName", "vocabulary-filter"),
        ("VocabularyName", "vocabulary"),
    ):
        if member in asked.request:
            return f"{begin}:{kind}/{asked.request[member]}"
    return "*"
