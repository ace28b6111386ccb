"""The words that outsiders would have to learn are gone; those that name ideas stand in the glossary."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.code import ROOT, modules

# Participles used as nouns, and names that say nothing of the thing they name.
GONE = frozenset(
    [
        "told",
        "wishes",
        "typed",
        "described",
        "words",
        "held",
        "found",
        "made",
        "given",
        "place",
        "settled",
        "settle",
        "asker",
        "inquiry",
        "inquire",
        "apart",
        "alone",
        "at_most",
        "toolong",
        "lost",
        "keep",
        "judged",
        "counted",
        "mark",
        "marked",
        "marks",
        "belief",
        "fit",
        "fits",
        "met",
        "placed",
        "of_form",
        "of_values",
        "of_errors",
        "of_wrong",
        "reposed",
        "posing",
        "at_hand",
        "plain",
        "whole",
        "one",
        "unheard",
    ]
)
# Where a word of those must stay, and why.
STAYS = {
    ("reports.lines", "words"): "a field of the record, schema 1",
    ("checking.forms", "one"): "the public name convformance.one, kept as an alias of single_value",
    ("__init__", "one"): "the same",
}


def identifiers(tree: ast.Module) -> Iterator[str]:
    """Yield every name that a module gives: functions, classes, parameters, variables, attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname


@pytest.mark.parametrize("module", sorted(modules()))
def test_no_word_that_says_nothing_is_a_name(module: str) -> None:
    named = module or "__init__"
    names = {name for name in identifiers(modules()[module]) if name.lower().strip("_") in GONE}
    names |= {named.rpartition(".")[2]} & GONE
    assert {name for name in names if (named, name) not in STAYS} == set()


def test_every_exception_is_still_needed() -> None:
    for module, name in STAYS:
        tree = modules()["" if module == "__init__" else module]
        assert name in set(identifiers(tree)) or name in ast.unparse(tree), (module, name)


def test_the_words_that_name_ideas_stand_in_the_glossary() -> None:
    page = (ROOT / "docs" / "house.md").read_text(encoding="utf-8")
    ideas = "adapter route refusal case family tier fill trial examination verdict grade finding diagnosis hypothesis"
    for idea in (
        *ideas.split(),
        "quantum",
        "drift",
        "known divergence",
        "documented",
        "stale",
        "symbol",
        "problem",
        "zoo",
        "garden",
        "rivals",
        "cause",
    ):
        assert f"| {idea} |" in page, idea
