"""Every threat of the plan has a test that proves its defence, or says what is open; the table tells the truth."""

import ast
from collections import Counter
from pathlib import Path

from tests.threats import DOCUMENT, THREATS, document

TESTS = Path(__file__).parent
NUMBERS = [f"T{number:02}" for number in range(1, 45)]


def proofs_in(file: Path) -> set[str]:
    """The names of the tests in a file, and of those alone that check something."""
    functions = [node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)]
    return {node.name for node in functions if node.name.startswith("test_") and _checks(node)}


def _checks(function: ast.FunctionDef) -> bool:
    """It asserts, or expects something to be raised or seen, itself or by the helper that it calls."""
    words = {word for node in ast.walk(function) for word in _words(node)}
    return bool(words & {"assert", "raises", "expect"})


def _words(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Assert):
        return ["assert"]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    return [node.id] if isinstance(node, ast.Name) else []


def test_all_threats_of_the_plan_are_there_once_and_in_order() -> None:
    assert list(THREATS) == NUMBERS
    assert len({threat.told for threat in THREATS.values()}) == len(NUMBERS)


def test_every_threat_has_a_proof_or_says_why_there_is_none() -> None:
    assert [name for name, threat in THREATS.items() if not (threat.proofs or threat.open)] == []
    assert [name for name, threat in THREATS.items() if max(Counter(threat.proofs).values(), default=1) > 1] == []


def test_every_proof_is_a_test_that_checks_something() -> None:
    named = {proof for threat in THREATS.values() for proof in threat.proofs}
    files = {proof.partition("::")[0] for proof in named}

    there = {f"{file}::{test}" for file in files for test in proofs_in(TESTS / f"{file}.py")}

    assert sorted(named - there) == []


def test_the_document_says_what_the_table_says() -> None:
    assert DOCUMENT.read_text() == document()
