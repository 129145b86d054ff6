"""The folders of the package depend on each other in one order, which docs/architecture.md shows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "pipelines"
# Each layer may import those above it in this list. Folders in one layer do not import each other.
LAYERS = (
    {"base"},
    {"config"},
    {"landing", "identity", "value", "quality", "publication", "sample"},
    {"report"},
    {"privacy", "drafting", "reading", "connectors"},
    {"activation"},
    {"runs"},
    {"orchestration"},
    {"cli"},
)
LEVEL = {folder: level for level, folders in enumerate(LAYERS) for folder in folders}
# The sample is no part of the product: it uses landing's rules, and one command makes it.
USES_SAMPLE = {"cli/operate.py"}
SAMPLE_USES = {"landing"}


def imports(path: Path) -> Iterator[tuple[str, str, int]]:
    """Each import of ours in a file: the module, the name, and the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.module, alias.name, node.lineno
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, "", node.lineno


def modules() -> list[str]:
    return sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def test_every_folder_has_a_layer() -> None:
    folders = {name.split("/")[0] for name in modules() if "/" in name}
    assert folders == set(LEVEL)
    assert [name for name in modules() if "/" not in name] == ["__init__.py", "definitions.py"]


@pytest.mark.parametrize("module", [name for name in modules() if "/" in name])
def test_a_module_imports_only_its_own_folder_and_lower_layers(module: str) -> None:
    folder = module.split("/")[0]
    wrong = []
    for imported, name, line in imports(PACKAGE / module):
        parts = imported.split(".")
        if parts[0] != "pipelines":
            continue
        other = parts[1] if len(parts) > 1 else name
        allowed = (
            other == folder
            or (LEVEL[other] < LEVEL[folder] and other != "sample")
            or (other == "sample" and module in USES_SAMPLE)
            or (folder == "sample" and other in SAMPLE_USES)
        )
        if not allowed:
            wrong.append(f"line {line}: {imported}")
    assert wrong == []


@pytest.mark.parametrize("module", modules())
def test_what_is_private_to_a_module_is_not_imported_elsewhere(module: str) -> None:
    private = [
        f"line {line}: {imported} {name}"
        for imported, name, line in imports(PACKAGE / module)
        if imported.startswith("pipelines") and any(part.startswith("_") for part in (*imported.split("."), name))
    ]
    assert private == []


@pytest.mark.parametrize("module", modules())
def test_only_orchestration_and_the_definitions_import_dagster(module: str) -> None:
    is_allowed = module.startswith("orchestration/") or module == "definitions.py"
    found = [line for imported, _, line in imports(PACKAGE / module) if imported.split(".")[0].startswith("dagster")]
    assert is_allowed or found == []
