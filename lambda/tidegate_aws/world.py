"""The ports of one process, each made when it is first asked for and then kept.

Adapters are imported as late as they are made: the front door pays for three of thirteen.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from functools import cache, cached_property

from tidegate_aws import clients, settings
from tidegate_aws.fleet_world import FleetWorld
from tidegate_aws.settings import Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.delivery.run import Ports as DeliveryPorts
    from tidegate.guardrail.ports import Ports as GuardrailPorts
    from tidegate.ports import Endpoints
    from tidegate.sending import Ports as SendingPorts
    from tidegate.traffic import Traffic
    from tidegate_aws.announcer import AwsAnnouncer
    from tidegate_aws.answers import S3Answers
    from tidegate_aws.buckets import S3Bucket
    from tidegate_aws.capture_files import S3CaptureFiles
    from tidegate_aws.captures import S3Captures
    from tidegate_aws.counters import DynamoCounters
    from tidegate_aws.edge_rings import EdgeRings
    from tidegate_aws.executions import StepFunctionsExecutions
    from tidegate_aws.firsts import DynamoFirsts
    from tidegate_aws.import_log import DynamoImportLog
    from tidegate_aws.key_rotation import KeyRotation
    from tidegate_aws.keys import SecretKeys
    from tidegate_aws.known_outcomes import CountedOutcomes
    from tidegate_aws.leftovers import Leftovers
    from tidegate_aws.look_store import DynamoLookStore
    from tidegate_aws.model_latencies import CloudWatchModelLatencies
    from tidegate_aws.model_queue import SageMakerQueue
    from tidegate_aws.monitor_store import S3MonitorStore
    from tidegate_aws.monitor_teller import AwsTeller
    from tidegate_aws.outcome_files import S3OutcomeFile
    from tidegate_aws.outcome_ledger import DynamoOutcomeLedger
    from tidegate_aws.packages import Registry
    from tidegate_aws.reaction_ports import ReactionPorts
    from tidegate_aws.refused import LoggedRefused
    from tidegate_aws.release_outputs import ReleaseOutputs
    from tidegate_aws.splits import DynamoSplits
    from tidegate_aws.stack_status import CloudFormationStacks
    from tidegate_aws.trained_versions import AwsTrainedVersions


class World(FleetWorld):
    """All that a function may reach."""

    @cached_property
    def splits(self) -> DynamoSplits:
        """Split documents, for routers."""
        from tidegate_aws.splits import DynamoSplits

        return DynamoSplits(client=clients.dynamodb(), table=self.settings[Variable.RELEASE_TABLE])

    @cached_property
    def looks(self) -> DynamoLookStore:
        """Looks and the judge's state."""
        from tidegate_aws.look_store import DynamoLookStore

        return DynamoLookStore(
            client=clients.dynamodb(), table=self.settings[Variable.RELEASE_TABLE]
        )

    @cached_property
    def counters(self) -> DynamoCounters:
        """Counts of the request log."""
        from tidegate_aws.counters import DynamoCounters

        return DynamoCounters(
            client=clients.dynamodb(),
            table=self.settings[Variable.OBSERVATION_TABLE],
            clock=self.clock,
        )

    @cached_property
    def firsts(self) -> DynamoFirsts:
        """Where each user was first seen."""
        from tidegate_aws.firsts import DynamoFirsts

        return DynamoFirsts(
            client=clients.dynamodb(),
            table=self.settings[Variable.OBSERVATION_TABLE],
            clock=self.clock,
        )

    @cached_property
    def ledger(self) -> DynamoOutcomeLedger:
        """Which outcomes were credited."""
        from tidegate_aws.outcome_ledger import DynamoOutcomeLedger

        return DynamoOutcomeLedger(
            client=clients.dynamodb(), table=self.settings[Variable.OBSERVATION_TABLE]
        )

    @cached_property
    def import_log(self) -> DynamoImportLog:
        """Progress of imports."""
        from tidegate_aws.import_log import DynamoImportLog

        return DynamoImportLog(
            client=clients.dynamodb(), table=self.settings[Variable.OBSERVATION_TABLE]
        )

    @cached_property
    def stacks(self) -> CloudFormationStacks:
        """What becomes of stacks."""
        from tidegate_aws.stack_status import CloudFormationStacks

        return CloudFormationStacks(client=clients.cloudformation())

    def bucket(self, name: str) -> S3Bucket:
        """A bucket as a whole."""
        from tidegate_aws.buckets import S3Bucket

        return S3Bucket(client=clients.s3(), name=name)

    def package_group(self, name: str) -> Registry:
        """A group of the model registry."""
        from tidegate_aws.packages import Registry

        return Registry(client=clients.sagemaker(), group=name)

    def outcome_file(self, bucket: str, key: str, *, etag: str) -> S3OutcomeFile:
        """A file of outcomes."""
        from tidegate_aws.outcome_files import S3OutcomeFile

        return S3OutcomeFile(client=clients.s3(), bucket=bucket, key=key, etag=etag)

    @cached_property
    def refused(self) -> LoggedRefused:
        """Counts of refused outcomes."""
        from tidegate_aws.refused import LoggedRefused

        return LoggedRefused(clock=self.clock)

    @cached_property
    def endpoints(self) -> Endpoints:
        """Weights of production variants; of services and fleets too where there is a table."""
        from tidegate_aws.endpoints import SageMakerEndpoints
        from tidegate_aws.managed_shares import EitherEndpoints

        sagemaker = SageMakerEndpoints(client=clients.sagemaker())
        if Variable.RELEASE_TABLE not in self.settings.values:
            return sagemaker
        return EitherEndpoints(
            sagemaker=sagemaker,
            managed=self.managed,
            fleets=self.fleets,
            rolling=self.rolling,
            edge=self.edge,
        )

    @cached_property
    def edge(self) -> EdgeRings:
        """Rings of edge fleets."""
        from tidegate_aws.edge_rings import edge_rings

        return edge_rings(self)

    @cached_property
    def traffic(self) -> Traffic:
        """Shares of production variants or of tracks."""
        from tidegate.traffic import Traffic
        from tidegate_aws.kept_shares import EitherRecords, KeptShares
        from tidegate_aws.records import Route53Records

        kept = KeptShares(client=clients.dynamodb(), table=self.settings[Variable.RELEASE_TABLE])
        records = EitherRecords(dns=Route53Records(client=clients.route53()), kept=kept)
        return Traffic(endpoints=self.endpoints, records=records)

    @cached_property
    def captures(self) -> S3Captures:
        """What was captured of variants."""
        from tidegate_aws.captures import S3Captures

        return S3Captures(sagemaker=clients.sagemaker(), s3=clients.s3())

    @cached_property
    def model_latencies(self) -> CloudWatchModelLatencies:
        """How long models took."""
        from tidegate_aws.model_latencies import CloudWatchModelLatencies

        return CloudWatchModelLatencies(client=clients.cloudwatch())

    @cached_property
    def leftovers(self) -> Leftovers:
        """What deploys left behind."""
        from tidegate_aws.leftovers import Leftovers

        return Leftovers(client=clients.sagemaker())

    @cached_property
    def model_queue(self) -> SageMakerQueue:
        """Asynchronous inference."""
        from tidegate_aws.model_queue import SageMakerQueue

        return SageMakerQueue(client=clients.sagemaker_runtime())

    @cached_property
    def answers(self) -> S3Answers:
        """Requests and answers of asynchronous models."""
        from tidegate_aws.answers import S3Answers

        return S3Answers(client=clients.s3())

    @cached_property
    def keys(self) -> SecretKeys:
        """Signing keys of prediction ids."""
        from tidegate_aws.keys import SecretKeys

        return SecretKeys(
            client=clients.secretsmanager(),
            secret_arn=self.settings[Variable.SIGNING_SECRET_ARN],
            clock=self.clock,
        )

    @cached_property
    def key_rotation(self) -> KeyRotation:
        """Rotations of the signing keys."""
        from tidegate_aws.key_rotation import KeyRotation

        return KeyRotation(
            client=clients.secretsmanager(),
            secret_arn=self.settings[Variable.SIGNING_SECRET_ARN],
        )

    @cached_property
    def executions(self) -> StepFunctionsExecutions:
        """Executions of the release machine."""
        from tidegate_aws.executions import StepFunctionsExecutions

        return StepFunctionsExecutions(
            client=clients.stepfunctions(),
            machine_arn=self.settings[Variable.RELEASE_MACHINE_ARN],
        )

    @cached_property
    def delivery(self) -> DeliveryPorts:
        """Deliveries of a pipeline."""
        from tidegate.delivery.run import Ports

        return Ports(
            store=self.store,
            traffic=self.traffic,
            executions=self.executions,
            clock=self.clock,
        )

    def sending(self) -> SendingPorts:
        """A round of traffic; its threads are of this round only."""
        from tidegate.sending import Ports
        from tidegate_aws.front_door import SignedDoor, Threads

        session = clients.session()
        door = SignedDoor(
            url=self.settings[Variable.API_URL].rstrip("/"),
            region=session.region_name,
            credentials=session.get_credentials,
        )
        return Ports(door=door, clock=self.clock, pool=Threads(), pause=self.clock.pause)

    def text(self, bucket: str, key: str) -> str:
        """The text of an object in S3."""
        body: bytes = clients.s3().get_object(Bucket=bucket, Key=key)["Body"].read()
        return body.decode("utf-8")

    @cached_property
    def capture_files(self) -> S3CaptureFiles:
        """Objects of captures of a model's endpoints."""
        from tidegate_aws.capture_files import S3CaptureFiles

        endpoints = self.settings[Variable.ENDPOINTS].split()
        return S3CaptureFiles(sagemaker=clients.sagemaker(), s3=clients.s3(), endpoints=endpoints)

    @cached_property
    def monitor_store(self) -> S3MonitorStore:
        """A monitor's state."""
        from tidegate_aws.monitor_store import S3MonitorStore

        return S3MonitorStore(client=clients.s3(), bucket=self.settings[Variable.MONITOR_BUCKET])

    @cached_property
    def release_outputs(self) -> ReleaseOutputs:
        """What the stage's release stack says of itself, to functions of other stacks."""
        from tidegate_aws.release_outputs import ReleaseOutputs

        return ReleaseOutputs(
            client=clients.cloudformation(), stack=self.settings[Variable.RELEASE_STACK]
        )

    @cached_property
    def trained_versions(self) -> AwsTrainedVersions:
        """The live version of a model that is trained here, and what its training left."""
        from tidegate_aws.trained_versions import trained_versions

        return trained_versions(self)

    @cached_property
    def reaction(self) -> ReactionPorts:
        """What is done about a monitor's findings."""
        from tidegate_aws.reaction_ports import reaction_ports

        return reaction_ports(self)

    @cached_property
    def known_outcomes(self) -> CountedOutcomes:
        """What became known of a model's predictions."""
        from tidegate_aws.known_outcomes import CountedOutcomes

        return CountedOutcomes(
            outputs=self.release_outputs,
            dynamodb=clients.dynamodb(),
            model=self.settings[Variable.MODEL],
        )

    @cached_property
    def monitor_teller(self) -> AwsTeller:
        """Where a monitor's words go."""
        from tidegate_aws.monitor_teller import AwsTeller

        return AwsTeller(
            s3=clients.s3(),
            events=clients.events(),
            bucket=self.settings[Variable.MONITOR_BUCKET],
            event_bus_name=self.settings.event_bus_name,
            clock=self.clock,
        )

    @cached_property
    def guardrail(self) -> GuardrailPorts:
        """Deploys that are releases."""
        from tidegate_aws.guardrail import guardrail_ports

        return guardrail_ports(self)

    @cached_property
    def announcer(self) -> AwsAnnouncer:
        """Announcements of releases."""
        from tidegate_aws.announcer import AwsAnnouncer

        return AwsAnnouncer(
            events=clients.events(),
            sns=clients.sns(),
            event_bus_name=self.settings.event_bus_name,
            topic_arn=self.settings[Variable.NOTIFICATION_TOPIC_ARN],
        )


@cache
def _of(needed: tuple[Variable, ...]) -> World:
    return World(settings=settings.read(needed))


def world(needed: Iterable[Variable]) -> World:
    """The ports of this process; SettingsError names all needed variables that are missing."""
    return _of(tuple(sorted(needed)))


def forget() -> None:
    """The next `world` reads the environment again; tests change it between cases."""
    _of.cache_clear()
