"""Who calls routes of a service, how people sign in, and answers that are no JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Callers(Enum):
    """Who may call a route.

    Applications are those that the stage's front door knows; people have signed in to the service,
    and `ServicePorts.person` names them; anybody reads pages.
    """

    APPLICATIONS = "applications"
    PEOPLE = "people"
    ANYBODY = "anybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """An answer that is no JSON: text of a media type, with headers of its own."""

    media_type: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who vouches for people instead of a user pool of the service's own: an OpenID provider.

    Tokens name it as `iss` and `client` as their audience; people sign in at `authorize`, and the
    page takes their token from `token` (authorization code with PKCE, RFC 7636).
    """

    issuer: str
    client: str
    authorize: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """How people sign in to a service: `page` is the route that they come back to.

    Without an issuer the service has a user pool of Cognito.
    """

    page: str
    issuer: Issuer | None = None
