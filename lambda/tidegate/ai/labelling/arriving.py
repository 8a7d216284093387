"""What arrives: manifests of items, and images, which are items by themselves.

A manifest has a line for each item, as Ground Truth's have: `{"source": TEXT}` or
`{"source-ref": "s3://..."}`, whose image is one of the service's own (`images/NAME` says so, too);
what else stands in a line is kept. The same source is the same item, however often it comes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.labelling.goldfile import image_key, item_id
from tidegate.ai.labelling.pictures import MEDIA, size_of
from tidegate.ai.labelling.records import Item
from tidegate.ai.labelling.settings import GROUND_TRUTH, LabellingSettings
from tidegate.ai.labelling.store import add
from tidegate.ai.labelling.working import golds_of
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import invalid, unusable
from tidegate.ai.texts import refuse, text_of
from tidegate.errors import NotFoundError

ITEMS, IMAGES = "items", "images"
KEPT = "images/"
"""What keys of kept images begin with."""
SUFFIXES, IMAGE_SUFFIXES = (".manifest", ".jsonl"), (".png", ".jpg", ".jpeg")
MOST_BYTES, MOST_IMAGE_BYTES = 50_000_000, 10_000_000
MOST_TEXT = 50_000
"""Characters of a text: an item of DynamoDB has 400 KB, with all its answers."""
_AT_ONCE = 1_000
_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsIn:
    """What came of a file."""

    items: Annotated[int, "Items that are new."]
    known: Annotated[int, "Items that were there, or are gold questions."]


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """The first items of a manifest are there; all lines were looked at, and none is wrong."""
    return _go_on(arrived, ports, {"line": 0, "items": 0})


def look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """The next items are."""
    return _go_on(arrived, ports, state)


def _go_on(arrived: Arrived, ports: ServicePorts, state: Mapping[str, Any]) -> Progress:
    items = manifest_items(arrived, ports)
    start, new = int(state["line"]), int(state["items"])
    golds = {gold.id for gold in golds_of(ports.settings)}
    part = items[start : start + _AT_ONCE]
    new += sum(add(item, ports) for item in part if item.id not in golds)
    following = start + len(part)
    if following < len(items):
        return Waiting(state={"line": following, "items": new}, seconds=_SECONDS)
    return Done(result=ItemsIn(items=new, known=len(items) - new))


def manifest_items(arrived: Arrived, ports: ServicePorts) -> list[Item]:
    """The items of all lines; ProblemError tells what is wrong with any."""
    text = text_of(arrived, ports, most_bytes=MOST_BYTES)
    read = [(n, _read(line, ports)) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    refuse([f"line {number} {found}" for number, found in read if isinstance(found, str)])
    if not read:
        raise invalid(["the file has no lines"])
    return [found for _, found in read if isinstance(found, Item)]


def _read(text: str, ports: ServicePorts) -> Item | str:
    """The item of a line, or what is wrong with it."""
    settings: LabellingSettings = ports.settings
    wanted = "source-ref" if settings.is_image else "source"
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return "is no JSON"
    source = line.get(wanted) if isinstance(line, dict) else None
    if not isinstance(source, str) or not source.strip():
        return f"has no {wanted}, which task {settings.task} needs"
    if len(source) > MOST_TEXT:
        return f"has {len(source)} characters of text, at most {MOST_TEXT}"
    more = {name: value for name, value in line.items() if name != wanted}
    return _image(source, more, ports) if settings.is_image else _new(source, more, ports)


def _new(source: str, line: Mapping[str, Any], ports: ServicePorts) -> Item:
    return Item(id=item_id(source), source=source, came_at=ports.clock.now(), line=line)


def _image(source: str, line: Mapping[str, Any], ports: ServicePorts) -> Item | str:
    found = kept_image(source, ports)
    return found if isinstance(found, str) else _sized(found, line, ports)


def _sized(image: "KeptImage", line: Mapping[str, Any], ports: ServicePorts) -> Item:
    return replace(_new(image.key, line, ports), width=image.width, height=image.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptImage:
    """An image of the service: its key, and its size in pixels."""

    key: str
    width: int
    height: int


def kept_image(source: str, ports: ServicePorts) -> KeptImage | str:
    """The image of that key or address; or what is wrong with it."""
    key, own = image_key(source), ports.files.uri("")
    if not key.startswith(KEPT) or (key != source and not source.startswith(own)):
        return f"has {source}, which is none of the service's images ({KEPT}NAME): send it first"
    try:
        size = size_of(ports.files.read(key))
    except NotFoundError:
        return f"has {source}, which is not there: send it first"
    if size is None:
        return f"has {source}, which is no image"
    return KeptImage(key=key, width=size[0], height=size[1])


def begin_image(arrived: Arrived, ports: ServicePorts) -> Progress:
    """The image is kept, and is an item."""
    settings: LabellingSettings = ports.settings
    if not settings.is_image:
        raise unusable(f"task {settings.task} has no images: send manifests below {ITEMS}")
    if arrived.size > MOST_IMAGE_BYTES:
        raise invalid([f"the image has {arrived.size} bytes, at most {MOST_IMAGE_BYTES}"])
    content = ports.files.read(arrived.key)
    size = size_of(content)
    if size is None:
        raise invalid(["the file is no PNG or JPEG, whatever its name is"])
    ending = arrived.name.rpartition(".")[2].lower()
    key = f"{KEPT}{arrived.name}"
    # Who labelled an image of this name saw the first one: that one stays.
    ports.files.write_once(key, content, content_type=MEDIA[ending])
    item = _sized(KeptImage(key=key, width=size[0], height=size[1]), {}, ports)
    if settings.engine == GROUND_TRUTH:
        # Manifests name it; jobs are of manifests.
        return Done(result=ItemsIn(items=0, known=0))
    new = item.id not in {gold.id for gold in golds_of(settings)} and add(item, ports)
    return Done(result=ItemsIn(items=int(new), known=int(not new)))
