"""What a solution version recommends, and to whom a filter leaves what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.ai.personalize import similarity, things
from emulator.ai.personalize.data import GroupData
from emulator.ai.personalize.filters import FilterError, ItemFilter
from emulator.ai.personalize.similarity import Similarity, best_first
from emulator.ai.personalize.town import Town
from emulator.ai.site import Tenant
from emulator.jsonapi import RefusedRequestError

USERS, SIMILAR, POPULAR, RANKING = "users", "similar", "popular", "ranking"
RECIPES: Mapping[str, str] = {
    "aws-user-personalization": USERS,
    "aws-user-personalization-v2": USERS,
    "aws-sims": SIMILAR,
    "aws-similar-items": SIMILAR,
    "aws-popularity-count": POPULAR,
    "aws-personalized-ranking": RANKING,
    "aws-personalized-ranking-v2": RANKING,
}
"""What each recipe that is emulated is for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Whom and what is recommended for."""

    user: str | None = None
    item: str | None = None
    ranked: Sequence[str] | None = None
    """The items to be ranked, None to choose from all."""
    filter_arn: str | None = None
    filter_values: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommended:
    """Items with scores, the best first, and the engine that found them."""

    items: Sequence[tuple[str, float]]
    engine: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommender:
    """A trained solution version beside the data as they are now."""

    town: Town
    tenant: Tenant
    use: str
    trained: Similarity
    data: GroupData

    @classmethod
    def of(cls, town: Town, tenant: Tenant, version_arn: str) -> "Recommender":
        """That of a solution version that was trained."""
        version = town.things.active(tenant, things.VERSION, version_arn)
        return cls(
            town=town,
            tenant=tenant,
            use=RECIPES[version["recipeArn"].rpartition("/")[2]],
            trained=town.trained[version_arn],
            data=town.data(tenant, version["datasetGroupArn"]),
        )

    def recommend(self, asked: Asked) -> Recommended:
        """The items for whom is asked; InvalidInputException if the recipe needs something else."""
        self._require(asked)
        known = set(self.trained.popularity) | set(self.data.items)
        wanted = known if asked.ranked is None else [i for i in asked.ranked if i in known]
        did = {} if asked.user is None else self.data.by_user(asked.user)
        candidates = list(filter(self._allowed(asked, did), wanted))
        scores, engine = self._scores(asked, candidates, list(did))
        return Recommended(items=best_first(scores), engine=engine)

    def _scores(
        self, asked: Asked, candidates: Sequence[str], history: Sequence[str]
    ) -> tuple[dict[str, float], str]:
        if self.use == POPULAR:
            return self.trained.popular(candidates), similarity.POPULARITY
        items = [asked.item] if self.use == SIMILAR and asked.item is not None else history
        scores = self.trained.for_items(items, candidates)
        if scores:
            return scores, similarity.ENGINE
        return self.trained.popular(candidates), similarity.POPULARITY

    def _require(self, asked: Asked) -> None:
        wrong = []
        if self.use == SIMILAR and asked.item is None:
            wrong.append("a solution for similar items needs itemId")
        if self.use in {USERS, RANKING} and asked.user is None:
            wrong.append("a solution for users needs userId")
        if (self.use == RANKING) is not (asked.ranked is not None):
            wrong.append("ranking needs a recipe for personalized ranking, and only ranks")
        if wrong:
            raise RefusedRequestError("InvalidInputException", "; ".join(wrong))

    def _allowed(self, asked: Asked, did: Mapping[str, Sequence[Any]]) -> Callable[[str], bool]:
        if asked.filter_arn is None:
            return lambda _item: True
        told = self.town.things.active(self.tenant, things.FILTER, asked.filter_arn)
        found = ItemFilter.of(told["filterExpression"])
        try:
            given = found.values({} if asked.filter_values is None else asked.filter_values)
        except FilterError as error:
            raise RefusedRequestError("InvalidInputException", str(error)) from error
        user = self.data.users.get(asked.user or "", {})
        return lambda item: found.allows(
            {"ITEM_ID": item, **self.data.items.get(item, {})}, did.get(item, ()), user, given
        )


def version_of(town: Town, tenant: Tenant, arn: str) -> str:
    """The solution version that an ARN names: `<solution>/$LATEST` is the latest trained one."""
    solution, _, last = arn.rpartition("/")
    if last != "$LATEST":
        return arn
    trained = [
        version
        for version in town.things.of(tenant, things.VERSION)
        if version["solutionArn"] == solution and version["status"] == things.ACTIVE
    ]
    if not trained:
        raise RefusedRequestError(
            "ResourceNotFoundException", f"The solution {solution} has no trained version"
        )
    latest: str = trained[-1]["solutionVersionArn"]
    return latest
