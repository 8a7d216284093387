"""Online fraud: rules and a model's score decide, and what became of events is known later."""

from tidegate.ai.fraud.events import Decision, Event, Named
from tidegate.ai.fraud.judging import find, judge
from tidegate.ai.fraud.outcomes import SUFFIXES, Known, Outcome, begin, record
from tidegate.ai.fraud.resources import TABLE_ID, endpoint_of, prefix_of, resources_of
from tidegate.ai.fraud.settings import FRAUD_DETECTOR, FraudSettings, faults
from tidegate.ai.kind import Alarm, Arrival, Grant, Kind, Operation, Place, Rights, Route
from tidegate.ai.work import IN

_HERE = "arn:${AWS::Partition}"


def _of_table(name: str) -> Operation:
    return Operation(
        service="dynamodb", name=name, action=f"dynamodb:{name}", resource=f"${{{TABLE_ID}.Arn}}"
    )


_STORE = (_of_table("GetItem"), _of_table("PutItem"))


def _door(settings: FraudSettings, place: Place) -> Rights:
    endpoint = endpoint_of(settings, place)
    here = "${AWS::Region}:${AWS::AccountId}"
    if settings.engine == FRAUD_DETECTOR:
        at = f"{_HERE}:frauddetector:{here}"
        predict = Operation(
            service="frauddetector",
            name="GetEventPrediction",
            action="frauddetector:GetEventPrediction",
            resource=f"{at}:detector/{place.prefix}",
            unit="predictions",
        )
        # A prediction is asked on all three (Service Authorization Reference).
        also = (f"detector-version/{place.prefix}/*", f"event-type/{prefix_of(place)}")
        grants = tuple(Grant(actions=(predict.action,), resource=f"{at}:{one}") for one in also)
        return Rights(calls=(*_STORE, predict), grants=grants)
    if endpoint is None:
        return Rights(calls=_STORE)
    invoke = Operation(
        service="sagemaker-runtime",
        name="InvokeEndpoint",
        action="sagemaker:InvokeEndpoint",
        resource=f"{_HERE}:sagemaker:{here}:endpoint/{endpoint.lower()}",
        unit="requests",
    )
    return Rights(calls=(*_STORE, invoke))


def _work(_settings: FraudSettings, _place: Place) -> Rights:
    return Rights(calls=_STORE, reads=(IN,))


def _alarms(settings: FraudSettings) -> tuple[Alarm, ...]:
    if settings.missed_fraud_alarm is None:
        return ()
    return (
        Alarm(
            name="MissedFraud",
            says="More approved events were fraud than the project file allows in a day",
            metric="MissedFraud",
            statistic="Sum",
            threshold=settings.missed_fraud_alarm,
            period_seconds=86_400,
        ),
    )


KIND = Kind(
    name="fraud-detector",
    title="Rules and a SageMaker endpoint, or Amazon Fraud Detector",
    job="Events are approved, reviewed or blocked, and late chargebacks tell what was missed",
    settings=FraudSettings,
    faults=faults,
    routes=(
        Route(
            name="judge",
            says="Decides about an event, and stores it with the decision.",
            takes=Event,
            gives=Decision,
            answer=judge,
        ),
        Route(
            name="event",
            says="Tells what was decided about an event, and what became of it.",
            takes=Named,
            gives=Decision,
            answer=find,
            method="GET",
        ),
        Route(
            name="outcome",
            says="Takes what became known of an event, once.",
            takes=Outcome,
            gives=Known,
            answer=record,
        ),
    ),
    arrivals=(
        Arrival(
            prefix="chargebacks",
            says="Outcomes in CSV (event, label) are credited to their events",
            begin=begin,
            suffixes=SUFFIXES,
        ),
    ),
    door=_door,
    work=_work,
    resources=resources_of,
    alarms=_alarms,
)
