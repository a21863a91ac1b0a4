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
    """The texts that an expression may give; a gap that could be anything is a `*`."""
    if isinstance(node, ast.JoinedStr):
        texts = {""}
        for part in node.values:
            texts = {text + more for text in texts for more in _parts(part)}
        return texts
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else set()
    return {text for part in ast.iter_child_nodes(node) for text in _strings(part)}


def _parts(part: ast.AST) -> set[str]:
    if isinstance(part, ast.FormattedValue):
        return (isinstance(part.value, ast.IfExp) and _strings(part.value)) or {"*"}
    return _strings(part)


def _recorded(path: Path) -> set[str]:
    """The actions that a module hands to the log: literals, all values of the names
    and tables that it takes them from, and what it hands to helpers of its own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    given = [
        keyword.value
        for call in calls
        if _name(call.func) in WRITERS
        for keyword in call.keywords
        if keyword.arg == "action"
    ]
    names = {_name(n.value if isinstance(n, ast.Subscript) else n) for n in given}
    given = [node for node in given if not isinstance(node, ast.Subscript)]
    given += _assigned(tree, names - {""})
    helpers = _helpers(tree)
    given += [arg for call in calls if _name(call.func) in helpers for arg in call.args]
    return {text for node in given for text in _strings(node) if "." in text}


def _helpers(tree: ast.AST) -> set[str]:
    """Functions that take an action and hand it on."""
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and "action" in {arg.arg for arg in [*node.args.args, *node.args.kwonlyargs]}
        and WRITERS & {_name(c.func) for c in ast.walk(node) if isinstance(c, ast.Call)}
    }


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
    assert "*.*" not in recorded
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
