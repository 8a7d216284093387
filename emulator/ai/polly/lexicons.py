"""Pronunciation lexicons (W3C PLS 1.0): kept by account and region, applied to what is spoken."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

from emulator import apimodels
from emulator.ai.named import NamedResource
from emulator.ai.site import Site, Tenant
from emulator.jsonapi import Json, RefusedRequestError

MOST_LEXICONS = 100
"""By account and region; with the sizes below from "Quotas in Amazon Polly"."""
MOST_CHARACTERS = 4_000
LONGEST_REPLACEMENT = 100

_PLS = "{http://www.w3.org/2005/01/pronunciation-lexicon}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ALPHABETS = ("ipa", "x-sampa")


@dataclass(frozen=True, kw_only=True, slots=True)
class Lexicon:
    """A lexicon as it was put; `aliases` are what words are spoken as, in its language."""

    name: str
    content: str
    aliases: Mapping[str, str]
    attributes: Json

    @property
    def language(self) -> str:
        """For which voices it is."""
        return str(self.attributes["LanguageCode"])

    def described(self) -> Json:
        """As a list has it."""
        return {"Name": self.name, "Attributes": self.attributes}


@dataclass(kw_only=True, slots=True)
class Lexicons:
    """The lexicons of every account and region, by name."""

    site: Site
    _kept: dict[tuple[str, str, str], Lexicon] = field(default_factory=dict)

    def put(self, tenant: Tenant, name: str, content: str) -> None:
        """The content is the lexicon of that name from now on."""
        key = (*tenant, name)
        if key not in self._kept and len(self.of(tenant)) >= MOST_LEXICONS:
            raise RefusedRequestError(
                "MaxLexiconsNumberExceededException",
                f"There can be at most {MOST_LEXICONS} lexicons: delete one",
            )
        self._kept[key] = _parsed(tenant, name, content, now=self.site.now())

    def get(self, tenant: Tenant, name: str) -> Lexicon:
        """The lexicon of that name, or AWS's error."""
        found = self._kept.get((*tenant, name))
        if found is None:
            raise RefusedRequestError("LexiconNotFoundException", f"Lexicon not found: {name}")
        return found

    def delete(self, tenant: Tenant, name: str) -> None:
        """There is no lexicon of that name; AWS's error if there was none."""
        self.get(tenant, name)
        del self._kept[*tenant, name]

    def of(self, tenant: Tenant) -> list[Lexicon]:
        """The tenant's, by name."""
        return [lexicon for key, lexicon in sorted(self._kept.items()) if key[:2] == tenant]

    def resource(self) -> NamedResource:
        """`AWS::Polly::Lexicon`."""

        def put(tenant: Tenant, properties: Mapping[str, Any]) -> Json:
            self.put(tenant, properties["Name"], properties["Content"])
            made = self.get(tenant, properties["Name"]).attributes
            shown = {"Alphabet", "LanguageCode", "LexemesCount", "Size"}
            kept = {name: value for name, value in made.items() if name in shown}
            return {**kept, "Arn": made["LexiconArn"]}

        return NamedResource(
            name="Name",
            put=put,
            has=lambda tenant, name: (*tenant, name) in self._kept,
            remove=self.delete,
        )


def applied(text: str, lexicons: Sequence[Lexicon], *, language: str) -> str:
    """The text with whole words replaced; the first lexicon of the language that has it counts."""
    aliases: dict[str, str] = {}
    for lexicon in lexicons:
        if lexicon.language == language:
            aliases = {**lexicon.aliases, **aliases}
    if not aliases:
        return text
    longest_first = sorted(aliases, key=len, reverse=True)
    found = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
    return found.sub(lambda match: aliases[match[0]], text)


def _parsed(tenant: Tenant, name: str, content: str, *, now: float) -> Lexicon:
    if len(content) > MOST_CHARACTERS:
        raise RefusedRequestError(
            "LexiconSizeExceededException",
            f"A lexicon has at most {MOST_CHARACTERS} characters, got {len(content)}",
        )
    root = _root(content)
    language = str(root.get(_LANGUAGE))
    lexemes = root.findall(f"{_PLS}lexeme")
    _check(root, language, lexemes)
    account, region = tenant
    return Lexicon(
        name=name,
        content=content,
        aliases=_aliases(lexemes),
        attributes={
            "Alphabet": root.get("alphabet"),
            "LanguageCode": language,
            "LastModified": now,
            "LexiconArn": f"arn:aws:polly:{region}:{account}:lexicon/{name}",
            "LexemesCount": len(lexemes),
            "Size": len(content.encode()),
        },
    )


def _root(content: str) -> ET.Element:
    checker = expat.ParserCreate()
    checker.StartDoctypeDeclHandler = _no_doctype
    try:
        checker.Parse(content.encode(), True)
        root = ET.fromstring(content.encode())  # noqa: S314 - it declares no entities
    except (expat.ExpatError, ET.ParseError) as error:
        raise _wrong(f"it is no XML: {error}") from error
    if root.tag != f"{_PLS}lexicon":
        raise _wrong(f"the root is <lexicon> of PLS ({_PLS[1:-1]}), got {root.tag}")
    return root


def _no_doctype(*_declared: object) -> None:
    raise _wrong("a document type declaration is not allowed")


def _check(root: ET.Element, language: str, lexemes: Sequence[ET.Element]) -> None:
    known = apimodels.service_model("polly").shape_for("LanguageCode").metadata["enum"]
    if language not in known:
        raise RefusedRequestError(
            "UnsupportedPlsLanguageException",
            f"xml:lang is one of {', '.join(known)}, got {language}",
        )
    if root.get("alphabet") not in _ALPHABETS:
        raise RefusedRequestError(
            "UnsupportedPlsAlphabetException",
            f"alphabet is one of {', '.join(_ALPHABETS)}, got {root.get('alphabet')}",
        )
    empty = [
        number
        for number, lexeme in enumerate(lexemes, start=1)
        if not _texts(lexeme, "grapheme") or not _replacements(lexeme)
    ]
    if empty:
        listed = ", ".join(map(str, empty))
        raise _wrong(f"a lexeme has a grapheme, and an alias or phoneme; lexeme {listed} has not")
    longest = max((len(text) for lexeme in lexemes for text in _replacements(lexeme)), default=0)
    if longest > LONGEST_REPLACEMENT:
        raise RefusedRequestError(
            "MaxLexemeLengthExceededException",
            f"An alias or phoneme has at most {LONGEST_REPLACEMENT} characters, got {longest}",
        )


def _texts(lexeme: ET.Element, tag: str) -> list[str]:
    texts = ("".join(element.itertext()).strip() for element in lexeme.findall(f"{_PLS}{tag}"))
    return [text for text in texts if text]


def _replacements(lexeme: ET.Element) -> list[str]:
    return [*_texts(lexeme, "alias"), *_texts(lexeme, "phoneme")]


def _aliases(lexemes: Sequence[ET.Element]) -> dict[str, str]:
    """What graphemes are spoken as; phonemes stay what the voice makes of the word."""
    return {
        grapheme: _texts(lexeme, "alias")[0]
        for lexeme in reversed(lexemes)
        for grapheme in _texts(lexeme, "grapheme")
        if _texts(lexeme, "alias")
    }


def _wrong(detail: str) -> RefusedRequestError:
    return RefusedRequestError("InvalidLexiconException", f"Invalid lexicon: {detail}")
