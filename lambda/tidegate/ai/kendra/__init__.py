"""Search in documents: a Bedrock knowledge base, or Kendra where an account has it."""

from tidegate.ai.kendra.documents import DOCUMENTS
from tidegate.ai.kendra.resources import BASE_ID, INDEX_ID, SOURCE_ID, resources_of
from tidegate.ai.kendra.searching import Forget, Forgotten, Found, Question, forget, search
from tidegate.ai.kendra.settings import KENDRA, SUFFIXES, KendraSettings, faults
from tidegate.ai.kendra.syncing import begin, begin_sync, look, look_at_sync
from tidegate.ai.kind import Arrival, Grant, Kind, Operation, Place, Rights, Route, Timer
from tidegate.ai.work import IN

_BASE_ARN, _INDEX_ARN = f"${{{BASE_ID}.KnowledgeBaseArn}}", f"${{{INDEX_ID}.Arn}}"
_SOURCE_ARN = f"${{{SOURCE_ID}.Arn}}"


def _of_base(service: str, name: str) -> Operation:
    return Operation(
        service=service, name=name, action=f"bedrock:{name}", resource=_BASE_ARN, unit="requests"
    )


def _of_index(name: str) -> Operation:
    return Operation(
        service="kendra", name=name, action=f"kendra:{name}", resource=_INDEX_ARN, unit="requests"
    )


def _of_source(*names: str) -> Grant:
    """What is done with a data source is asked on the index and on the source."""
    return Grant(actions=tuple(f"kendra:{name}" for name in names), resource=_SOURCE_ARN)


def _door(settings: KendraSettings, _place: Place) -> Rights:
    if settings.engine == KENDRA:
        return Rights(
            calls=(_of_index("Retrieve"), _of_index("StartDataSourceSyncJob")),
            grants=(_of_source("StartDataSourceSyncJob"),),
            reads=(DOCUMENTS,),
            deletes=(DOCUMENTS,),
        )
    return Rights(
        calls=(
            _of_base("bedrock-agent-runtime", "Retrieve"),
            _of_base("bedrock-agent", "StartIngestionJob"),
        ),
        reads=(DOCUMENTS,),
        deletes=(DOCUMENTS,),
    )


def _work(settings: KendraSettings, _place: Place) -> Rights:
    if settings.engine == KENDRA:
        of_source = ("StartDataSourceSyncJob", "ListDataSourceSyncJobs")
        return Rights(
            calls=tuple(map(_of_index, (*of_source, "BatchGetDocumentStatus"))),
            grants=(_of_source(*of_source),),
            reads=(IN,),
            writes=(DOCUMENTS,),
        )
    names = ("StartIngestionJob", "ListIngestionJobs", "GetKnowledgeBaseDocuments")
    return Rights(
        calls=tuple(_of_base("bedrock-agent", name) for name in names),
        reads=(IN,),
        writes=(DOCUMENTS,),
    )


def _timers(settings: KendraSettings) -> tuple[Timer, ...]:
    return (
        Timer(
            name="sync",
            says="The index is compared with the documents",
            schedule=settings.sync,
            begin=begin_sync,
            look=look_at_sync,
        ),
    )


KIND = Kind(
    name="kendra",
    title="Bedrock knowledge base, or Amazon Kendra",
    job="Search in documents, whose passages are cited and found by their readers only",
    settings=KendraSettings,
    faults=faults,
    routes=(
        Route(
            name="search",
            says="Finds the passages that answer a question, in documents that the asker reads.",
            takes=Question,
            gives=Found,
            answer=search,
        ),
        Route(
            name="forget",
            says="Deletes a document, which is found no more once the index has followed.",
            takes=Forget,
            gives=Forgotten,
            answer=forget,
        ),
    ),
    arrivals=(
        Arrival(
            prefix="documents",
            says="Documents are indexed, for their readers",
            begin=begin,
            look=look,
            suffixes=SUFFIXES,
        ),
    ),
    door=_door,
    work=_work,
    resources=resources_of,
    timers=_timers,
    files_stay=True,
)
