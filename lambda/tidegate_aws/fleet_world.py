"""The ports of one process that know of fleets, apart from the others of `world.py`."""

# ruff: noqa: PLC0415

from __future__ import annotations

from functools import cached_property

from tidegate_aws import clients
from tidegate_aws.clock import CloudClock
from tidegate_aws.settings import Settings, Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.ports import ModelInvoker
    from tidegate.resting import Ports as RestingPorts
    from tidegate_aws.fleet_shares import FleetShares
    from tidegate_aws.managed_shares import ManagedShares
    from tidegate_aws.release_store import DynamoReleaseStore
    from tidegate_aws.rolling_fleets import RollingFleets


class FleetWorld:
    """What a function may reach of fleets, and whom it asks about models."""

    def __init__(self, *, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def clock(self) -> CloudClock:
        """Time of the cloud."""
        return CloudClock(file=self.settings.clock_file)

    @cached_property
    def store(self) -> DynamoReleaseStore:
        """Pointers, locks, declarations, records."""
        from tidegate_aws.release_store import DynamoReleaseStore

        return DynamoReleaseStore(
            client=clients.dynamodb(), table=self.settings[Variable.RELEASE_TABLE]
        )

    @cached_property
    def managed(self) -> ManagedShares:
        """Shares of arms of managed services, and of slots of fleets."""
        from tidegate_aws.managed_shares import ManagedShares

        return ManagedShares(client=clients.dynamodb(), table=self.settings[Variable.RELEASE_TABLE])

    @cached_property
    def fleets(self) -> FleetShares:
        """Shares and instances of fleets; their clients are made when one is asked for."""
        from tidegate_aws.fleet_shares import FleetShares

        return FleetShares(
            shares=self.managed, autoscaling=clients.autoscaling, balancing=clients.balancing
        )

    @cached_property
    def rolling(self) -> RollingFleets:
        """Fleets of one group, whose instances are replaced."""
        from tidegate_aws.rolling_fleets import RollingFleets

        return RollingFleets(
            shares=self.managed, autoscaling=clients.autoscaling, balancing=clients.balancing
        )

    @cached_property
    def resting(self) -> RestingPorts:
        """Fleets that sleep while nobody asks."""
        from tidegate.resting import Ports
        from tidegate_aws.fleet_demand import CloudWatchDemand

        demand = CloudWatchDemand(client=clients.cloudwatch())
        return Ports(store=self.store, fleets=self.fleets, demand=demand, clock=self.clock)

    @cached_property
    def invoker(self) -> ModelInvoker:
        """Online inference."""
        from tidegate_aws.invoker import SageMakerInvoker

        sagemaker = SageMakerInvoker(client=clients.sagemaker_runtime())
        if Variable.FLEETS not in self.settings.values:
            return sagemaker
        from tidegate_aws.fleet_invoker import EitherInvoker, FleetInvoker

        rouse = self.fleets.rouse if Variable.RESTING in self.settings.values else None
        fleets = FleetInvoker(client=clients.functions(), rouse=rouse)
        return EitherInvoker(sagemaker=sagemaker, fleets=fleets)
