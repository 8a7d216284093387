"""What a page is told so that people can sign in, and what its functions are told of it.

Authorization code with PKCE (RFC 7636), as a public client: OAuth 2.0 for Browser-Based
Applications, section 6.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from tidegate.ai.callers import Issuer

POOL_PAGES, POOL_CLIENT, PAGE_URL = "pool_pages", "pool_client", "page_url"
"""What functions are told: where the user pool's pages are, its client, and the service's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInTold:
    """Where people sign in, and which page takes them back."""

    authorize: Annotated[str, "Address of the page to sign in at."]
    token: Annotated[str, "Address that gives the token for a code."]
    client: Annotated[str, "Id of the client."]
    page: Annotated[str, "Address to come back to."]
    leave: Annotated[str | None, "Address that ends the session; none of other providers."] = None


def told_of(issuer: Issuer | None, resources: Mapping[str, str]) -> SignInTold:
    """Of the issuer, or of the service's own user pool.

    Paths: Cognito developer guide, "The authorize endpoint", "The token issuer endpoint" and "The
    logout endpoint".
    """
    page = resources[PAGE_URL]
    if issuer is not None:
        return SignInTold(
            authorize=issuer.authorize, token=issuer.token, client=issuer.client, page=page
        )
    pages = resources[POOL_PAGES].rstrip("/")
    return SignInTold(
        authorize=f"{pages}/oauth2/authorize",
        token=f"{pages}/oauth2/token",
        client=resources[POOL_CLIENT],
        page=page,
        leave=f"{pages}/logout",
    )


def origin_of(url: str) -> str:
    """Scheme and host, as a content security policy names a source."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
