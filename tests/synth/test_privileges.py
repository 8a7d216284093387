"""Least privilege of the examples: no right without a proof, no proof without a right."""

from pathlib import Path

import pytest

from cli.bootstrapping.generate import of_templates
from cli.bootstrapping.policy import LONGEST_POLICY, MOST_POLICIES, Scope, length_of
from cli.privileges.page import page
from cli.privileges.proofs import kept
from cli.privileges.required import source_of
from cli.privileges.rights import RoleRights, roles_of, union
from cli.privileges.table import tables, without_proof
from stacks.project.names import id_prefix
from stacks.project.pipelines import PIPELINE_STAGE
from tests.synth.assembly import ROOT, Assembly
from tests.synth.examples import (
    FILES,
    PIPELINES,
    profiled,
    reviewed_by_codeguru,
    synthesized,
)

PAGE = ROOT / "docs" / "reference" / "least-privilege.md"
REVIEWED = ROOT / "examples" / "pipelines" / "delivery.yaml"


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Assembly]:
    """Every example by its file, profiled: so each role has all that it may get."""
    return {
        file: synthesized(file, tmp_path_factory.mktemp(file.stem), changed=profiled)
        for file in FILES
    }


@pytest.fixture(scope="module")
def roles(
    assemblies: dict[Path, Assembly], tmp_path_factory: pytest.TempPathFactory
) -> list[RoleRights]:
    """Every role of every stack of every example: stages, pipelines, stages delivered to.

    One pipeline is reviewed by CodeGuru Reviewer, too.
    """
    delivered = [
        synthesized(file, tmp_path_factory.mktemp(file.stem), stage, changed=profiled)
        for file in PIPELINES
        for stage in (None, PIPELINE_STAGE)
    ]
    folder = tmp_path_factory.mktemp("reviewed")
    delivered.append(synthesized(REVIEWED, folder, PIPELINE_STAGE, changed=reviewed_by_codeguru))
    templates = [
        t for assembly in (*assemblies.values(), *delivered) for t in assembly.templates.values()
    ]
    return union(role for template in templates for role in roles_of(template))


def test_every_right_is_proven_or_required(roles: list[RoleRights]) -> None:
    """A new action needs a story, or a source that says that AWS needs it."""
    assert without_proof(tables(roles, kept())) == []


def test_every_proof_is_of_a_right_that_a_role_has(roles: list[RoleRights]) -> None:
    """What was removed from a template leaves the proofs too: 'make proofs'."""
    rights = {right for role in roles for right in role.rights}
    assert set(kept()) <= rights


def test_nothing_that_is_proven_is_said_to_be_unprovable() -> None:
    """A right has a story or a source, not both."""
    assert [right for right in kept() if source_of(right) is not None] == []


def test_the_page_is_of_these_roles_and_proofs(
    roles: list[RoleRights], request: pytest.FixtureRequest
) -> None:
    """The reference shows what the templates and the kept proofs say."""
    text = page(tables(roles, kept()))
    if request.config.getoption("--write-proofs"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "run 'make proofs'"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_policies_of_an_example_fit_a_role(
    assemblies: dict[Path, Assembly], file: Path
) -> None:
    """IAM takes each, and all of them on one role; no statement allows everything."""
    templates = list(assemblies[file].templates.values())
    scope = Scope(project="acme", stage="dev", region="eu-west-1")
    documents = of_templates(scope, templates)

    assert len(documents) <= MOST_POLICIES
    assert max(length_of(document) for document in documents) <= LONGEST_POLICY
    statements = [s for document in documents for s in document["Statement"]]
    assert not [s for s in statements if any("*" in action for action in s["Action"])]
    wide = {a for s in statements if s["Resource"] == ["*"] for a in s["Action"]}
    assert not {a for a in wide if a.startswith(("iam:", "sagemaker:", "s3:"))}


def test_ids_begin_as_the_stacks_have_them() -> None:
    """The command line and the stacks agree on how hosting resources are called."""
    scope = Scope(project="front-door", stage="dev", region="eu-west-1")
    assert scope.ids == id_prefix("front-door", "dev")
