"""Vocabularies and vocabulary filters, kept by account and region."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.named import NamedResource
from emulator.ai.pages import Paging
from emulator.ai.site import Site, Tenant
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

KEPT = "kept by the embedded cloud"
"""The engine of answers in which nothing is heard."""
PENDING_SECONDS = 10.0
"""How long a vocabulary is pending, on the cloud's clock."""
_PAGES = Paging(most=100, code="BadRequestException")


@dataclass(frozen=True, kw_only=True, slots=True)
class WordList:
    """A vocabulary, or a filter of one."""

    name: str
    language: str
    words: tuple[str, ...]
    changed: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ListKind:
    """How the API speaks of one of the two kinds."""

    noun: str
    arn: str
    listed: str
    words: str
    file: str
    state: Callable[[WordList, float], Json]


def _state(found: WordList, now: float) -> Json:
    ready = now >= found.changed + PENDING_SECONDS
    return {"VocabularyState": "READY" if ready else "PENDING"}


def _stateless(_found: WordList, _now: float) -> Json:
    return {}


VOCABULARY = ListKind(
    noun="Vocabulary",
    arn="vocabulary",
    listed="Vocabularies",
    words="Phrases",
    file="VocabularyFileUri",
    state=_state,
)
FILTER = ListKind(
    noun="VocabularyFilter",
    arn="vocabulary-filter",
    listed="VocabularyFilters",
    words="Words",
    file="VocabularyFilterFileUri",
    state=_stateless,
)


@dataclass(kw_only=True, slots=True)
class WordLists:
    """Those of one kind, of every account and region."""

    site: Site
    kind: ListKind
    _kept: dict[tuple[str, str, str], WordList] = field(default_factory=dict)

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        noun, listed = self.kind.noun, self.kind.listed
        return {
            f"Create{noun}": self._create,
            f"Update{noun}": self._update,
            f"Get{noun}": self._get,
            f"List{listed}": self._list,
            f"Delete{noun}": self._delete,
        }

    def find(self, tenant: Tenant, name: str, *, code: str = "NotFoundException") -> WordList:
        """The one of that name, or an error of that code."""
        found = self._kept.get((*tenant, name))
        if found is None:
            what = self.kind.noun.replace("VocabularyF", "vocabulary f").lower()
            raise RefusedRequestError(code, f"The requested {what} couldn't be found: {name}.")
        return found

    def is_ready(self, found: WordList) -> bool:
        """Whether jobs may use it."""
        return self.kind.state(found, self.site.now()).get("VocabularyState") != "PENDING"

    def resource(self) -> NamedResource:
        """`AWS::Transcribe::Vocabulary`, or `VocabularyFilter`; ready when its stack is."""
        return NamedResource(
            name=f"{self.kind.noun}Name",
            put=self._put_declared,
            has=lambda tenant, name: (*tenant, name) in self._kept,
            remove=self._forget,
        )

    def _put_declared(self, tenant: Tenant, properties: Mapping[str, Any]) -> Json:
        if self.kind.words not in properties:
            raise RefusedRequestError(
                NOT_EMULATED, not_emulated(f"{self.kind.file} in templates, only {self.kind.words}")
            )
        name = str(properties[f"{self.kind.noun}Name"])
        self._kept[(*tenant, name)] = WordList(
            name=name,
            language=properties["LanguageCode"],
            words=tuple(properties[self.kind.words]),
            changed=self.site.now() - PENDING_SECONDS,
        )
        account, region = tenant
        return {"Arn": f"arn:aws:transcribe:{region}:{account}:{self.kind.arn}/{name}"}

    def _forget(self, tenant: Tenant, name: str) -> None:
        del self._kept[(*tenant, name)]

    def _named(self, call: Call) -> str:
        return str(call.request[f"{self.kind.noun}Name"])

    def _create(self, call: Call) -> Answer:
        name = self._named(call)
        if (*call.tenant, name) in self._kept:
            raise RefusedRequestError(
                "ConflictException", f"The requested name already exists: {name}."
            )
        return self._put(call, call.request["LanguageCode"])

    def _update(self, call: Call) -> Answer:
        known = self.find(call.tenant, self._named(call))
        return self._put(call, call.request.get("LanguageCode", known.language))

    def _put(self, call: Call, language: str) -> Answer:
        made = WordList(
            name=self._named(call),
            language=language,
            words=self._words(call),
            changed=self.site.now(),
        )
        self._kept[(*call.tenant, made.name)] = made
        return Answer(body=self._shown(made), engine=KEPT)

    def _words(self, call: Call) -> tuple[str, ...]:
        given, uri = call.request.get(self.kind.words), call.request.get(self.kind.file)
        if (given is None) == (uri is None):
            raise RefusedRequestError(
                "BadRequestException", f"Give either {self.kind.words} or {self.kind.file}."
            )
        return _read(call, str(uri)) if given is None else tuple(given)

    def _get(self, call: Call) -> Answer:
        found = self.find(call.tenant, self._named(call))
        return Answer(body=self._shown(found), engine=KEPT)

    def _list(self, call: Call) -> Answer:
        now, request = self.site.now(), call.request
        found = [
            kept
            for key, kept in sorted(self._kept.items())
            if key[:2] == call.tenant
            and request.get("NameContains", "").lower() in kept.name.lower()
            and request.get("StateEquals")
            in {None, self.kind.state(kept, now).get("VocabularyState")}
        ]
        body = _PAGES.page(found, request, member=self.kind.listed, shown=self._shown)
        return Answer(body=body, engine=KEPT)

    def _delete(self, call: Call) -> Answer:
        self.find(call.tenant, self._named(call))
        del self._kept[(*call.tenant, self._named(call))]
        return Answer(body={}, engine=KEPT)

    def _shown(self, found: WordList) -> Json:
        return {
            f"{self.kind.noun}Name": found.name,
            "LanguageCode": found.language,
            "LastModifiedTime": found.changed,
            **self.kind.state(found, self.site.now()),
        }


def _read(call: Call, uri: str) -> tuple[str, ...]:
    """The first column of a file of S3; a header `Phrase` is none."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        content = call.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except ClientError as error:
        raise inaccessible() from error
    except UnicodeDecodeError as error:
        raise RefusedRequestError("BadRequestException", "The file must be in UTF-8.") from error
    words = [line.split("\t")[0].strip() for line in content.splitlines()]
    return tuple(word for word in words if word and word != "Phrase")


def inaccessible() -> RefusedRequestError:
    """What Transcribe says of an object that the caller may not read."""
    return RefusedRequestError(
        "BadRequestException",
        "The S3 URI that you provided can't be accessed. Make sure that you have read permission "
        "and try your request again.",
    )


def used(
    lists: WordLists, tenant: Tenant, settings: Mapping[str, Any], *, member: str
) -> WordList | None:
    """The list that a job's settings name, ready; BadRequestException if it is not."""
    name = settings.get(member)
    if name is None:
        return None
    found = lists.find(tenant, name, code="BadRequestException")
    if not lists.is_ready(found):
        raise RefusedRequestError(
            "BadRequestException", f"The requested vocabulary isn't ready: {name}."
        )
    return found
