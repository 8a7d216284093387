"""A world to release in whose model has two tracks, with fakes of every port."""

from dataclasses import replace

from tests.fakes import FakeEndpoints, FakeRecords
from tests.release_world import ReleaseWorld
from tests.samples import ENDPOINT, PLAN, declaration
from tidegate import deploy
from tidegate.plan import ReleasePlan
from tidegate.slots import PAIR, Slot
from tidegate.strategies import Mechanism
from tidegate.tracks import Tracks, joined_configs

HOST = "flights.example.com"
TRACKS = Tracks(zone_id="Z1", host=HOST, endpoints={s: f"{ENDPOINT}-{s}" for s in PAIR})
CONFIGS = joined_configs({Slot.BLUE: "config-blue", Slot.GREEN: "config-green"})
BY_DNS = replace(PLAN, mechanism=Mechanism.DNS)


class DnsWorld(ReleaseWorld):
    """A world in which v1 is live on the blue track and v2 waits on the green one."""

    @classmethod
    def two_tracks(cls, *, plan: ReleasePlan = BY_DNS, pending_reads: int = 0) -> "DnsWorld":
        """Both deploys were verified."""
        world = cls(endpoints=FakeEndpoints(), records=FakeRecords(pending_reads=pending_reads))
        for slot, name in TRACKS.endpoints.items():
            world.endpoints.add(name, config=f"config-{slot}", weights={slot.value: 1.0})
        world.records.add(HOST, blue=1, green=0)
        for green in ("v1", "v2"):
            declared = declaration(
                green=green, plan=plan, tracks=TRACKS, endpoint_config_name=CONFIGS
            )
            deploy.verify(
                store=world.store, traffic=world.moving, clock=world.clock, declaration=declared
            )
        return world

    def shares(self) -> dict[str, float]:
        """What the records say; a simulated client caches nothing."""
        weights = self.records.known[HOST]
        return {slot: 100 * weight / sum(weights.values()) for slot, weight in weights.items()}
