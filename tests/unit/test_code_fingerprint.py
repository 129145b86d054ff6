"""A build by other code is another build: its fingerprint covers every module whose output can be in a mart."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipelines.config.settings import Settings, project_root
from pipelines.runs import code, source_files
from pipelines.runs.code import Code, core_code, staging_code
from pipelines.runs.source_files import EXCHANGE_CODE, PUBLICATION_CODE, python_files
from tests.unit.small_manifest import use_small_manifest

ROOT = project_root()


def file_of(module: str) -> Path | None:
    """The file of a module of ours; None for anything else."""
    path = ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((found for found in candidates if found.is_file()), None)


def imports(path: Path) -> Iterator[str]:
    """Every name of ours that a file imports, also inside a function; a module's name or that of something in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def run_by(module: str) -> set[Path]:
    """The files of every module that importing one brings in, itself included."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        parents = [name.rsplit(".", depth)[0] for depth in range(name.count("."))]
        for path in (file_of(one) for one in parents):
            if path is not None and path not in found:
                found.add(path)
                waiting.extend(one for one in imports(path) if one.startswith("pipelines"))
    return found


def test_every_table_that_python_writes_names_its_python() -> None:
    text = (ROOT / "dbt_project" / "models" / "staging" / "_sources.yml").read_text(encoding="utf-8")
    (exchange,) = (one for one in yaml.safe_load(text)["sources"] if one["name"] == "exchange")
    assert {table["name"] for table in exchange["tables"]} == EXCHANGE_CODE.keys()


@pytest.mark.parametrize("parts", [*EXCHANGE_CODE.values(), PUBLICATION_CODE])
def test_what_python_computes_depends_on_no_other_module(parts: tuple[str, ...]) -> None:
    files = python_files(parts) if parts else []
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    needed = {path for module in modules for path in run_by(module) if path.name != "__init__.py"}
    # settings and names of states are read, and change no row
    known = {*python_files(("base", *parts)), *python_files(("config",)), *python_files(("runs/build_state.py",))}
    if "landing/order_statuses.py" in parts:
        known |= {path for path in needed if "landing" in path.relative_to(ROOT).parts}  # how a mapping is read
    assert needed - known == set()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, which the fingerprint is taken of, beside a small dbt project."""
    shutil.copytree(ROOT / "pipelines", tmp_path / "pipelines", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "expectations", tmp_path / "expectations")
    use_small_manifest(monkeypatch)
    for module in (code, source_files):
        monkeypatch.setattr(module, "project_root", lambda: tmp_path)
    return tmp_path


def change(root: Path, name: str) -> None:
    file = root / "pipelines" / name
    file.write_text((file.read_text() if file.exists() else "") + "\n# another formula\n")


def changed(before: Code, after: Code) -> tuple[str, ...]:
    """The models with another hash."""
    return tuple(sorted(name for name, value in after.models.items() if before.models[name] != value))


@pytest.mark.parametrize(
    ("name", "rebuilt"),
    [
        ("value/bg_nbd.py", ("mart",)),
        ("value/a_new_model.py", ("mart",)),
        ("identity/pseudonyms.py", ("mart", "order")),
        ("landing/order_statuses.py", ("mart", "order")),
        ("landing/channels.py", ("mart", "order")),
        ("base/durable.py", ("mart", "order")),
        ("publication/writer.py", ()),
    ],
)
def test_another_formula_is_another_build_of_what_depends_on_it(
    copied: Path, name: str, rebuilt: tuple[str, ...]
) -> None:
    settings = Settings.unconfigured()
    before = core_code(settings, "key")
    assert core_code(settings, "key") == before
    change(copied, name)
    after = core_code(settings, "key")
    assert after.fingerprint != before.fingerprint
    assert changed(before, after) == rebuilt


@pytest.mark.parametrize("name", ["cli/console.py", "sample/orders.py", "landing/land.py", "orchestration/gates.py"])
def test_what_computes_no_row_changes_no_build(copied: Path, name: str) -> None:
    settings = Settings.unconfigured()
    before = (staging_code(settings), core_code(settings, "key"))
    change(copied, name)
    assert (staging_code(settings), core_code(settings, "key")) == before


def test_another_key_is_another_build_of_all_that_has_a_pseudonym(copied: Path) -> None:
    settings = Settings.unconfigured()
    before = core_code(settings, "key")
    assert changed(before, core_code(settings, "another")) == ("mart", "order")
