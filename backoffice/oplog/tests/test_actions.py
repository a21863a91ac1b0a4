"""Every action that the code records has words."""

import ast
from fnmatch import filter as matching
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from backoffice.oplog.actions import ACTIONS, action_label, means_label

FOLDERS = ("backoffice", "catalog", "stock", "sales")
WRITERS = {"record", "entry"}


def _modules() -> list[Path]:
    return [
        path
        for folder in FOLDERS
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py"))
        if "tests" not in path.parts and path.name != "record.py"
    ]


def _strings(node: ast.AST) -> set[str]:
    """The texts of an expression; a gap of an f-string is a `*`."""
    if isinstance(node, ast.JoinedStr):
        return {
            "".join(
                str(p.value) if isinstance(p, ast.Constant) else "*"
                for p in node.values
            )
        }
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    return {text for part in ast.iter_child_nodes(node) for text in _strings(part)}


def _recorded(path: Path) -> set[str]:
    """The actions that a module hands to the log: literals, and all values of the
    names and tables that it takes them from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    given = [
        keyword.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and _name(call.func) in WRITERS
        for keyword in call.keywords
        if keyword.arg == "action"
    ]
    names = {_name(n.value if isinstance(n, ast.Subscript) else n) for n in given}
    found = {
        text
        for node in given
        if not isinstance(node, ast.Subscript)
        for text in _strings(node)
    }
    return found | {t for node in _assigned(tree, names - {""}) for t in _strings(node)}


def _assigned(tree: ast.AST, names: set[str]) -> list[ast.AST]:
    """What is assigned to these names; of a table, its values."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value:
            targets = [node.target]
        else:
            continue
        if names & {_name(target) for target in targets}:
            table = node.value
            found += table.values if isinstance(table, ast.Dict) else [table]
    return found


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def test_every_action_that_is_recorded_has_words_and_no_other():
    recorded = {action: path for path in _modules() for action in _recorded(path)}
    without_words = {
        action: path
        for action, path in recorded.items()
        if not matching(ACTIONS, action)
    }
    assert without_words == {}
    used = {known for action in recorded for known in matching(ACTIONS, action)}
    assert set(ACTIONS) - used == set()


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_are_dotted_and_fit_their_column(action):
    area, _dot, past = action.partition(".")
    assert area.isidentifier()
    assert past.isidentifier()
    assert len(action) <= 60


def test_words_are_distinct_in_every_language():
    for code, _language in settings.LANGUAGES:
        with override(code):
            words = [str(label) for label in ACTIONS.values()]
            assert len(words) == len(set(words)), code


def test_what_is_unknown_stays_as_it_is_written():
    assert action_label("future.done") == "future.done"
    assert means_label("pigeon") == "pigeon"
    assert means_label("") == ""
