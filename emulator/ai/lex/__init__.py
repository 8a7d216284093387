"""Amazon Lex V2: bots that are built, versioned and aliased, and talked to.

A real dialog engine: intents by the likeness of texts and sample utterances, slots, confirmation,
fulfillment by the alias's function. It knows a bot's own words, and has no model of language.
"""

from collections.abc import Callable
from functools import partial

from emulator.ai.frame import AiService, Answer, Asked, Call, Operation
from emulator.ai.lex.bots import BotOperations
from emulator.ai.lex.drafts import INTENT, SLOT, SLOT_TYPE, Drafts
from emulator.ai.lex.resources import resource_types
from emulator.ai.lex.store import Bots, alias_arn, bot_arn
from emulator.ai.lex.talking import KEPT, Runtime
from emulator.ai.site import Site, Tenant
from emulator.jsonapi import Json

_SIGNS_AS = "lex"


def services(site: Site) -> tuple[AiService, AiService]:
    """What bots are, and talking to them: two services that share the bots of one cloud."""
    from emulator.ai.lex.functions import invoke  # noqa: PLC0415 - imports ministack

    kept = Bots()
    bots = BotOperations(bots=kept, drafts=Drafts(bots=kept, now=site.now), now=site.now)
    runtime = Runtime(operations=bots, now=site.now, invoke=invoke)
    return (
        AiService(
            name="lexv2-models",
            signing_name=_SIGNS_AS,
            iam_prefix=_SIGNS_AS,
            operations=_model_operations(bots),
            resource=_asked_on,
            resource_types=resource_types(bots),
        ),
        AiService(
            name="lexv2-runtime",
            signing_name=_SIGNS_AS,
            iam_prefix=_SIGNS_AS,
            operations={
                "RecognizeText": runtime.recognize,
                "PutSession": runtime.put,
                "GetSession": runtime.get,
                "DeleteSession": runtime.delete,
            },
            waits=frozenset({"RecognizeText", "PutSession"}),
            resource=_asked_on,
        ),
    )


def _asked_on(asked: Asked) -> str:
    """The alias or the bot that a request names, `*` if it names none."""
    request = asked.request
    if "resourceARN" in request:
        return str(request["resourceARN"])
    if asked.operation == "CreateBot":
        return bot_arn(asked.tenant, "*")
    if "botId" not in request:
        return "*"
    if "botAliasId" in request:
        return alias_arn(asked.tenant, request["botId"], request["botAliasId"])
    if asked.operation == "CreateBotAlias":
        # The service authorization reference has the alias that is to be, as it has the bot.
        return alias_arn(asked.tenant, request["botId"], "*")
    return bot_arn(asked.tenant, request["botId"])


def _model_operations(bots: BotOperations) -> dict[str, Operation]:
    drafts = bots.drafts
    plain: dict[str, Callable[[Tenant, Json], Json]] = {
        "CreateBot": bots.create,
        "DescribeBot": bots.describe,
        "UpdateBot": bots.update,
        "DeleteBot": bots.delete,
        "ListBots": bots.list_bots,
        "CreateBotVersion": bots.create_version,
        "DescribeBotVersion": bots.describe_version,
        "ListBotVersions": bots.list_versions,
        "DeleteBotVersion": bots.delete_version,
        "CreateBotAlias": bots.create_alias,
        "DescribeBotAlias": bots.describe_alias,
        "UpdateBotAlias": bots.update_alias,
        "DeleteBotAlias": bots.delete_alias,
        "ListBotAliases": bots.list_aliases,
        "TagResource": bots.tag,
        "UntagResource": bots.untag,
        "ListTagsForResource": bots.list_tags,
        "CreateBotLocale": drafts.create_locale,
        "DescribeBotLocale": drafts.describe_locale,
        "UpdateBotLocale": drafts.update_locale,
        "DeleteBotLocale": drafts.delete_locale,
        "ListBotLocales": drafts.list_locales,
        "CreateIntent": drafts.create_intent,
        "CreateSlotType": drafts.create_slot_type,
        "CreateSlot": drafts.create_slot,
    }
    for kind in (INTENT, SLOT_TYPE, SLOT):
        plain |= {
            f"Describe{kind.operation}": partial(drafts.describe, kind=kind),
            f"Update{kind.operation}": partial(drafts.update, kind=kind),
            f"Delete{kind.operation}": partial(drafts.delete, kind=kind),
            f"List{kind.operation}s": partial(drafts.list_parts, kind=kind),
        }
    plain["UpdateSlot"] = drafts.update_slot
    operations = {name: _kept(operation) for name, operation in plain.items()}
    operations["BuildBotLocale"] = lambda call: Answer(
        body=drafts.build(call.tenant, dict(call.request), call.fate()), engine=KEPT
    )
    return operations


def _kept(operation: Callable[[Tenant, Json], Json]) -> Operation:
    def answer(call: Call) -> Answer:
        return Answer(body=operation(call.tenant, dict(call.request)), engine=KEPT)

    return answer
