"""The kinds of AI services there are, by the word that a project file names them with.

A new one is a folder beside this file and a line here.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module

from tidegate.ai.files import with_file_routes
from tidegate.ai.kind import Kind

KINDS: Mapping[str, str] = {
    "comprehend": "tidegate.ai.comprehend",
    "forecast": "tidegate.ai.forecast",
    "fraud-detector": "tidegate.ai.fraud",
    "kendra": "tidegate.ai.kendra",
    "labelling": "tidegate.ai.labelling",
    "lex": "tidegate.ai.lex",
    "personalize": "tidegate.ai.personalize",
    "polly": "tidegate.ai.polly",
    "rekognition": "tidegate.ai.rekognition",
    "textract": "tidegate.ai.textract",
    "transcribe": "tidegate.ai.transcribe",
    "translate": "tidegate.ai.translate",
}
"""Name to module, which is loaded when it is asked for; its `KIND` is the declaration."""


@cache
def kind_named(name: str) -> Kind:
    """The kind, with the routes that all have; KeyError where there is none."""
    found: Kind = import_module(KINDS[name]).KIND
    return replace(found, routes=with_file_routes(found))
