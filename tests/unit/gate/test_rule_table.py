"""The table of rules: each has an id, a sentence, a source, and a trap or a test of its own."""

import re
from pathlib import Path

from gate.rules import RULES, images
from stacks.project.tables import images as known_images
from tests.corpus_traps import traps

HERE = Path(__file__).parent


def test_ids_are_unique_words():
    """They are written in acknowledgements."""
    ids = [rule.id for rule in RULES]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", id_) for id_ in ids)


def test_each_says_what_holds_and_who_says_so():
    """A sentence and a source."""
    assert all(len(rule.holds.split()) >= 3 and rule.source for rule in RULES)


def test_each_is_tested():
    """By a trap of the corpus, or by its id in a test beside this one."""
    trapped = {trap.rule for trap in traps()}
    tested = "".join(file.read_text() for file in HERE.glob("test_*.py"))

    assert [r.id for r in RULES if r.id not in trapped and f'"{r.id}"' not in tested] == []


def test_registries_are_those_of_the_images():
    """The accounts that the rule knows are those of the table of images."""
    accounts: dict[str, dict[str, str]] = {}
    for versions in known_images().values():
        for regions in versions.values():
            for region, uri in regions.items():
                address, _, repository = uri.partition("/")
                accounts.setdefault(repository.split(":")[0], {})[region] = address.split(".")[0]

    assert images.registries() == accounts
