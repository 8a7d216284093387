"""Collecting: the line of the request log that a notice and its request's ticket come to. Pure."""

from dataclasses import replace

from tidegate.notices import Notice
from tidegate.requestlog import ServedLine
from tidegate.tickets import Ticket


def answered_line(notice: Notice, ticket: Ticket | None) -> ServedLine | None:
    """The line, counted in the interval of the submission; None for a request of nobody.

    That is one that did not come by the front door, or whose submission died and was taken over by
    another slot: what that slot's own endpoint tells counts.
    """
    if ticket is None or not notice.endpoint_name.endswith(f"-{ticket.line.slot}"):
        return None
    return replace(ticket.line, status=notice.status, milliseconds=notice.milliseconds)
