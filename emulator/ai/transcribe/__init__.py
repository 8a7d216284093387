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
    transcribe = Transcribe.of(site, recordings)
    return AiService(
        name="transcribe",
        operations=transcribe.operations(),
        throttling_code="LimitExceededException",
        validation_code="BadRequestException",
        resource=_resource,
        also_asked=also_asked,
        resource_types={
            "AWS::Transcribe::Vocabulary": transcribe.vocabularies.resource(),
            "AWS::Transcribe::VocabularyFilter": transcribe.filters.resource(),
        },
        companions=(recordings_service(recordings),),
    )


_ON_ALL = frozenset({"StartTranscriptionJob", "CreateVocabulary", "CreateVocabularyFilter"})
"""What names a resource that does not exist yet: permission is asked on all."""


def _resource(asked: Asked) -> str:
    """The job, vocabulary or filter that the request names (service authorization reference)."""
    account, region = asked.tenant
    begin = f"arn:aws:transcribe:{region}:{account}"
    for member, kind in (
        ("TranscriptionJobName", "transcription-job"),
        ("VocabularyFilterName", "vocabulary-filter"),
        ("VocabularyName", "vocabulary"),
    ):
        if member in asked.request and asked.operation not in _ON_ALL:
            return f"{begin}:{kind}/{asked.request[member]}"
    return "*"
