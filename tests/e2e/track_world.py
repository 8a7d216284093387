"""A world with two tracks: a project, a hosted zone and a front door of its own."""

from dataclasses import dataclass, field

from tests.e2e.tracks import AUDIENCE, ISSUER, Issuer, Resolver, TrackDoor
from tests.e2e.watching import RecordsOfAHost, Source
from tests.e2e.world import PROJECT, World

RESOLVERS = 24


@dataclass(slots=True, kw_only=True)
class TrackWorld(World):
    """A model with two tracks; no two stories share a zone or a front door."""

    tokens: Issuer
    scale: float
    resolvers: int = RESOLVERS
    zone_id: str = field(init=False)

    def __post_init__(self) -> None:
        """The zone is there, and the project file is about it."""
        client = self.cloud.session().client("route53")
        made = client.create_hosted_zone(Name=self.domain, CallerReference=self.model)
        self.zone_id = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
        self.project_text = self._by_dns(PROJECT)

    @property
    def domain(self) -> str:
        """Under which the model has its name."""
        return f"{self.model}-story.example.com"

    @property
    def host(self) -> str:
        """Where the model is asked."""
        return f"{self.model}.{self.domain}"

    def _by_dns(self, text: str) -> str:
        door = (
            f"kind: dns, domain: {self.domain}, zone_id: {self.zone_id}, "
            "requests_per_client: 1000000, "
            f"jwt: {{ issuer: {ISSUER}, audience: {AUDIENCE}, jwks: {self.tokens.jwks} }}"
        )
        return (
            text.replace("project: story", f"project: by-dns-{self.model}")
            .replace("region: us-east-1,", f"region: us-east-1, front_door: {{ {door} }},")
            .replace("strategy: canary", "strategy: canary\n      mechanism: dns")
        )

    def door(self) -> TrackDoor:
        """Callers behind a population of resolvers, who say what became known by the HTTP API."""
        return TrackDoor(
            api=World.door(self),
            resolvers=tuple(
                Resolver(cloud=self.cloud, host=self.host, scale=self.scale)
                for _ in range(self.resolvers)
            ),
            cloud=self.cloud,
            token=self.tokens.token(),
        )

    def shares_source(self) -> Source:
        """A witness looks at the records."""
        return RecordsOfAHost(
            self.cloud.session(),
            zone_id=self.zone_id,
            host=self.host,
            endpoint_name=self.endpoint_name,
        )
