"""A public function says which refusals it raises, each with its status or kind."""

import ast
from collections.abc import Iterator

from poker_app.errors import Refusal
from poker_app.rules import Refused
from tests.house.sources import PACKAGE, ROOT, parsed

REFUSALS = {f"{each.__module__}.{each.__name__}" for each in (Refusal, Refused)}


def _named(expression: ast.expr) -> str:
    """The last part of a dotted name."""
    return str(getattr(expression, "attr", getattr(expression, "id", "")))


def names_in(module: str, tree: ast.Module) -> dict[str, str]:
    """What the names of a module's own and imported classes stand for."""
    found = {each.name: f"{module}.{each.name}" for each in ast.walk(tree) if isinstance(each, ast.ClassDef)}
    for each in ast.walk(tree):
        if isinstance(each, ast.ImportFrom):
            found |= {name.asname or name.name: f"{each.module}.{name.name}" for name in each.names}
    return found


def refusals(modules: dict[str, ast.Module]) -> set[str]:
    """Every class that is derived from one of ``REFUSALS``."""
    bases = {}
    for module, tree in modules.items():
        names = names_in(module, tree)
        for each in ast.walk(tree):
            if isinstance(each, ast.ClassDef):
                bases[f"{module}.{each.name}"] = {names.get(_named(base), "") for base in each.bases}
    found = set(REFUSALS)
    while derived := {name for name, of in bases.items() if of & found} - found:
        found |= derived
    return found


def public_functions(tree: ast.AST, outer: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from public_functions(node, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield outer + node.name, node


def unsaid(modules: dict[str, ast.Module]) -> list[str]:
    """Functions with what they raise themselves and their ``Raises:`` does not name."""
    classes, found = refusals(modules), []
    for module, tree in modules.items():
        names = names_in(module, tree)
        for function, node in public_functions(tree):
            said = (ast.get_docstring(node) or "").partition("Raises:")[2]
            raised = [each.exc for each in ast.walk(node) if isinstance(each, ast.Raise) and each.exc]
            for name in sorted({_named(each.func if isinstance(each, ast.Call) else each) for each in raised}):
                if names.get(name) in classes and name not in said:
                    found.append(f"{module}.{function}: {name}")
    return found


def test_public_functions_say_what_they_raise() -> None:
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): parsed(path)
        for path in PACKAGE
    }
    assert len(refusals(modules)) > 15
    assert unsaid(modules) == []


def test_what_is_not_said_is_found() -> None:
    def of(docstring: str) -> list[str]:
        text = f"""
from poker_app.errors import Refusal
class Closed(Refusal):
    pass
def end():
    '''End it.{docstring}'''
    raise Closed("Not now.")
"""
        return unsaid({"x": ast.parse(text)})

    assert of("") == of("\n\n    Raises:\n        Invalid: (422) so.\n    ") == ["x.end: Closed"]
    assert of("\n\n    Raises:\n        Closed: (409) so.\n    ") == []
