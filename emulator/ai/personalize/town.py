"""What the three services of Personalize know together: things by ARN, data, trained versions."""

from dataclasses import dataclass, field

from emulator.ai.kept import Kept
from emulator.ai.personalize.data import GroupData
from emulator.ai.personalize.similarity import Similarity
from emulator.ai.personalize.things import SPELLING
from emulator.ai.roles import Roles
from emulator.ai.site import Site, Tenant


@dataclass(kw_only=True, slots=True)
class Town:
    """Personalize of one cloud."""

    site: Site
    things: Kept
    roles: Roles
    trained: dict[str, Similarity] = field(default_factory=dict)
    """What was trained, by the solution version's ARN."""
    _data: dict[tuple[Tenant, str], GroupData] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site) -> "Town":
        """Personalize that knows what stacks declare."""
        return cls(
            site=site,
            things=Kept(spelling=SPELLING, now=site.now, recorded=site.recorded),
            roles=Roles(site=site, principal="personalize.amazonaws.com"),
        )

    def data(self, tenant: Tenant, group_arn: str) -> GroupData:
        """The data of a data set group."""
        return self._data.setdefault((tenant, group_arn), GroupData())
