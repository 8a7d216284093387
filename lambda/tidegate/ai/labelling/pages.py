"""The page that people label on: its files, what it is told, and what browsers let it do.

Files are static and ours; everything else comes by the routes, once somebody signed in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.ai.callers import Content
from tidegate.ai.labelling.arriving import KEPT
from tidegate.ai.labelling.settings import LabellingSettings, sign_in
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import not_found
from tidegate.ai.signing_in import SignInTold, origin_of, told_of

_FOLDER = "labelling"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsked:
    """Asks for a file of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the page has to know before somebody signs in."""

    task: str
    classes: tuple[str, ...]
    instructions: str
    sign_in: SignInTold


def page(_request: PageAsked, ports: ServicePorts) -> Content:
    """The page, with what it may load and reach: W3C, Content Security Policy Level 3."""
    way = _sign_in(ports)
    images = origin_of(ports.files.link(KEPT, upload=False))
    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src {images} data:",
            f"connect-src 'self' {origin_of(way.token)}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    return _file("page.html", "text/html", ports, {"content-security-policy": policy})


def script(_request: PageAsked, ports: ServicePorts) -> Content:
    """The page's script."""
    return _file("page.js", "text/javascript", ports, {})


def boxes_script(_request: PageAsked, ports: ServicePorts) -> Content:
    """The part of the script that draws boxes."""
    return _file("boxes.js", "text/javascript", ports, {})


def style(_request: PageAsked, ports: ServicePorts) -> Content:
    """The page's looks."""
    return _file("page.css", "text/css", ports, {})


def told(_request: PageAsked, ports: ServicePorts) -> Told:
    """What is labelled, and where people sign in."""
    settings: LabellingSettings = ports.settings
    return Told(
        task=settings.task,
        classes=settings.classes,
        instructions=settings.instructions,
        sign_in=_sign_in(ports),
    )


def _sign_in(ports: ServicePorts) -> SignInTold:
    how = sign_in(ports.settings)
    if how is None:
        raise not_found("people of this service label at the portal of their work team")
    return told_of(how.issuer, ports.resources)


def _file(name: str, media_type: str, ports: ServicePorts, more: Mapping[str, str]) -> Content:
    headers = {
        "cache-control": "no-cache",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        **more,
    }
    text = ports.pages.text(f"{_FOLDER}/{name}")
    return Content(media_type=f"{media_type}; charset=utf-8", text=text, headers=headers)
