"""The plan of the package: which wing may import from which."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mistd_training"
# From the ground up: a wing imports only from itself and from the wings before it.
WINGS = ("families", "model", "training", "export", "evaluation", "adapt", "cli")


def imports(file: Path) -> set[tuple[str, ...]]:
    """Modules of the package that a file imports, as paths below `mistd_training`."""
    package = file.relative_to(PACKAGE).with_suffix("").parts[:-1]
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ["mistd_training", *package[: len(package) + 1 - node.level]] if node.level else []
            base += node.module.split(".") if node.module else []
            names = [".".join([*base, alias.name]) for alias in node.names]
        else:
            continue
        found |= {tuple(name.split(".")[1:]) for name in names if name.startswith("mistd_training.")}
    return found


def modules_of(wing: str) -> list[Path]:
    return [PACKAGE / "cli.py"] if wing == "cli" else sorted((PACKAGE / wing).glob("*.py"))


def test_every_module_belongs_to_a_wing():
    found = {file for wing in WINGS for file in modules_of(wing)} | {PACKAGE / "__init__.py"}
    assert found == set(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_imports_only_from_the_wings_before_it(wing):
    allowed = WINGS[: WINGS.index(wing) + 1]
    for file in modules_of(wing):
        for path in imports(file):
            assert path[0] in allowed, f"{wing}/{file.name} imports {'.'.join(path)}"


def test_modules_import_each_other_in_no_circle():
    modules = {file.relative_to(PACKAGE).with_suffix("").parts: file for file in PACKAGE.rglob("*.py")}
    graph = {
        name: {path[:length] for path in imports(file) for length in (1, 2) if path[:length] in modules}
        for name, file in modules.items()
    }
    while leaves := [name for name, needs in graph.items() if not needs & graph.keys()]:
        for name in leaves:
            del graph[name]
    assert not graph, f"circle among {['.'.join(name) for name in graph]}"
