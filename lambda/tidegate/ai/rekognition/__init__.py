"""Rekognition: an employee's face, as a factor beside another and never alone."""

from tidegate.ai.kind import Arrival, Kind, Operation, Place, Resources, Rights, Route, Timer
from tidegate.ai.rekognition.checking import Checked, Enrolled, authenticate, enrol
from tidegate.ai.rekognition.faces import COLLECTION
from tidegate.ai.rekognition.revoking import (
    Revoke,
    Revoked,
    begin_leaving,
    begin_sweep,
    look_leaving,
    look_sweep,
    revoke,
)
from tidegate.ai.rekognition.sessions import (
    Begin,
    Begun,
    Consent,
    Nothing,
    OfEmployee,
    OfSession,
    Status,
    Trail,
    begin,
    consent,
    status,
    trail,
)
from tidegate.ai.rekognition.settings import RekognitionSettings, faults
from tidegate.ai.rekognition.store import TABLE
from tidegate.ai.work import IN

_COLLECTION_ID, _TABLE_ID = "Faces", "Employees"
"""Logical ids."""


def collection_of(place: Place) -> str:
    """The collection's id: fixed, since CloudFormation gives none."""
    return f"{place.prefix}-faces"


def _of_collection(place: Place, *names: str) -> tuple[Operation, ...]:
    arn = "arn:${AWS::Partition}:rekognition:${AWS::Region}:${AWS::AccountId}:collection"
    return tuple(
        Operation(
            service="rekognition",
            name=name,
            action=f"rekognition:{name}",
            resource=f"{arn}/{collection_of(place)}",
            unit="images" if name in _BILLED else "calls",
        )
        for name in names
    )


_BILLED = frozenset({"AssociateFaces", "IndexFaces", "SearchUsersByImage"})
"""Rekognition's price list: each call of these is an image of its first group."""


def _of_none(name: str, unit: str = "calls") -> Operation:
    """Of Rekognition, on no collection."""
    return Operation(service="rekognition", name=name, action=f"rekognition:{name}", unit=unit)


_LIVENESS = (
    _of_none("CreateFaceLivenessSession", "checks"),
    _of_none("GetFaceLivenessSessionResults"),
)
_DETECTION = _of_none("DetectFaces", "images")


def _of_table(name: str, action: str) -> Operation:
    return Operation(
        service="dynamodb", name=name, action=f"dynamodb:{action}", resource=f"${{{_TABLE_ID}.Arn}}"
    )


_READ, _WRITE = _of_table("GetItem", "GetItem"), _of_table("TransactWriteItems", "PutItem")
_TRAIL = _of_table("Query", "Query")
_DELETING = ("ListFaces", "DeleteFaces", "DeleteUser")


def _door(_settings: RekognitionSettings, place: Place) -> Rights:
    adding = ("CreateUser", "IndexFaces", "AssociateFaces", "SearchUsersByImage")
    return Rights(
        calls=(
            *_LIVENESS,
            _DETECTION,
            *_of_collection(place, *adding, *_DELETING),
            _READ,
            _WRITE,
            _TRAIL,
        ),
    )


def _work(_settings: RekognitionSettings, place: Place) -> Rights:
    calls = (*_of_collection(place, "ListUsers", *_DELETING), _READ, _WRITE)
    return Rights(calls=calls, reads=(IN,))


def _resources(_settings: RekognitionSettings, place: Place) -> Resources:
    """The collection, and the table of employees, sessions and the audit trail."""
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    table = {
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n, _ in keys],
        "BillingMode": "PAY_PER_REQUEST",
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }
    return Resources(
        templates={
            _COLLECTION_ID: {
                "Type": "AWS::Rekognition::Collection",
                "Properties": {"CollectionId": collection_of(place)},
            },
            _TABLE_ID: {"Type": "AWS::DynamoDB::Table", "Properties": table},
        },
        told={COLLECTION: f"${{{_COLLECTION_ID}}}", TABLE: f"${{{_TABLE_ID}}}"},
    )


def _timers(_settings: RekognitionSettings) -> tuple[Timer, ...]:
    return (
        Timer(
            name="sweep",
            says="Deletes faces whose time is over, and faces that belong to nobody",
            schedule="cron(30 2 * * ? *)",
            begin=begin_sweep,
            look=look_sweep,
        ),
    )


KIND = Kind(
    name="rekognition",
    title="Amazon Rekognition",
    job="An employee's face as an additional factor, with liveness and consent; never the only one",
    settings=RekognitionSettings,
    faults=faults,
    routes=(
        Route(
            name="consent",
            says="Gives the text that employees agree to when they enrol.",
            takes=Nothing,
            gives=Consent,
            answer=consent,
            method="GET",
        ),
        Route(
            name="begin",
            says="Begins a liveness session for an employee who has just shown another factor.",
            takes=Begin,
            gives=Begun,
            answer=begin,
            status=201,
        ),
        Route(
            name="enrol",
            says="Enrols the face of a finished session, with consent.",
            takes=OfSession,
            gives=Enrolled,
            answer=enrol,
        ),
        Route(
            name="authenticate",
            says="Confirms or rejects the face of a finished session, beside the first factor.",
            takes=OfSession,
            gives=Checked,
            answer=authenticate,
        ),
        Route(
            name="revoke",
            says="Deletes an employee's faces now, and keeps why.",
            takes=Revoke,
            gives=Revoked,
            answer=revoke,
        ),
        Route(
            name="status",
            says="Tells whether an employee is enrolled, and to which consent.",
            takes=OfEmployee,
            gives=Status,
            answer=status,
        ),
        Route(
            name="audit",
            says="Gives the audit trail of an employee.",
            takes=OfEmployee,
            gives=Trail,
            answer=trail,
        ),
    ),
    arrivals=(
        Arrival(
            prefix="leavers",
            says="Faces of employees who left are deleted: an id a line",
            begin=begin_leaving,
            look=look_leaving,
            suffixes=(".txt", ".csv"),
        ),
    ),
    door=_door,
    work=_work,
    resources=_resources,
    timers=_timers,
)
