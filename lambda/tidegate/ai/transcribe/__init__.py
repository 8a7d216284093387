"""Transcribe: what is said in recordings, as text and subtitles."""

from tidegate.ai.files import Wanted
from tidegate.ai.kind import Arrival, Kind, Operation, Place, Rights, Route
from tidegate.ai.transcribe.jobs import EVENTS, TRANSCRIPTS, resources
from tidegate.ai.transcribe.links import TalkLinks, talk_links
from tidegate.ai.transcribe.settings import SUFFIXES, TranscribeSettings, faults
from tidegate.ai.transcribe.talks import begin, look
from tidegate.ai.work import IN

START = Operation(
    service="transcribe",
    name="StartTranscriptionJob",
    action="transcribe:StartTranscriptionJob",
    unit="jobs",
)
"""Transcribe bills seconds of sound, which nobody knows when a job starts (`AudioSeconds`)."""


def _get(place: Place) -> Operation:
    jobs = "arn:${AWS::Partition}:transcribe:${AWS::Region}:${AWS::AccountId}:transcription-job"
    return Operation(
        service="transcribe",
        name="GetTranscriptionJob",
        action="transcribe:GetTranscriptionJob",
        resource=f"{jobs}/{place.prefix}-*",
        unit="looks",
    )


def _door(_settings: TranscribeSettings, _place: Place) -> Rights:
    return Rights(reads=(TRANSCRIPTS,))


def _work(_settings: TranscribeSettings, place: Place) -> Rights:
    return Rights(
        calls=(START, _get(place)),
        reads=(IN, TRANSCRIPTS),
        writes=(TRANSCRIPTS,),
    )


KIND = Kind(
    name="transcribe",
    title="Amazon Transcribe",
    job="What is said in recordings, as text by speaker and as subtitles",
    settings=TranscribeSettings,
    faults=faults,
    routes=(
        Route(
            name="transcript",
            says="Gives links to a recording's text and subtitles.",
            takes=Wanted,
            gives=TalkLinks,
            answer=talk_links,
            method="GET",
        ),
    ),
    arrivals=(
        Arrival(
            prefix="talks",
            says="Recordings become text by speaker, and subtitles",
            begin=begin,
            look=look,
            suffixes=SUFFIXES,
        ),
    ),
    door=_door,
    work=_work,
    resources=resources,
    jobs=EVENTS,
)
