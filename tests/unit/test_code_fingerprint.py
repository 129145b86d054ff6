"""A build by other code is another build: its fingerprint covers every module whose output can be in a mart."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.config.settings import Settings, project_root
from pipelines.runs import code
from pipelines.runs.code import core_fingerprint, python_files

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


def test_every_module_that_a_step_can_run_is_part_of_the_fingerprint() -> None:
    needed = run_by("pipelines.definitions")
    assert {ROOT / "pipelines" / "value" / "bg_nbd.py", ROOT / "pipelines" / "identity" / "pseudonyms.py"} <= needed
    assert needed - set(python_files()) == set()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sources, which the fingerprint is taken of."""
    for name in ("pipelines", "dbt_project"):
        ignored = shutil.ignore_patterns("__pycache__", "target", "logs")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    monkeypatch.setattr(code, "project_root", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "value/bg_nbd.py",
        "value/a_new_model.py",
        "identity/pseudonyms.py",
        "landing/order_statuses.py",
        "a_new_area/x.py",
    ],
)
def test_another_formula_is_another_build(copied: Path, name: str) -> None:
    settings = Settings.unconfigured()
    before = core_fingerprint(settings, "key")
    assert core_fingerprint(settings, "key") == before
    file = copied / "pipelines" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text((file.read_text() if file.exists() else "") + "\n# another formula\n")
    assert core_fingerprint(settings, "key") != before


def test_the_screen_and_the_sample_generator_change_no_build(copied: Path) -> None:
    settings = Settings.unconfigured()
    before = core_fingerprint(settings, "key")
    (copied / "pipelines" / "cli" / "say.py").write_text("# other words\n")
    (copied / "pipelines" / "sample" / "orders.py").write_text("# other orders\n")
    assert core_fingerprint(settings, "key") == before
