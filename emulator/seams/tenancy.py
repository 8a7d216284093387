"""Which account and region work outside a request belongs to, as ministack's stores look it up."""

from contextlib import AbstractContextManager

from ministack.core import responses


def acting_for(account: str, region: str) -> AbstractContextManager[None]:
    """Within it, ministack's stores are those of the account and region."""
    scope: AbstractContextManager[None] = responses.request_scope(account, region)
    return scope
