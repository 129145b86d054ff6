"""Would the tests notice? Each mutation is put into a copy of the project, and the tests that it names must fail there.

A failure is a failed assertion: a mutation that does not even run proves nothing. Mutations that cannot change one
another's models are put in together, because dbt takes longer to parse a changed project than to run its unit tests.
Run by `make mutants`.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.config.settings import project_root
from tests.conftest import clean_environment
from tests.dbt.warehouse import Warehouse, open_warehouse
from tests.mutants.mutations import MUTATIONS, Mutation

pytestmark = [pytest.mark.mutant, pytest.mark.slow]

COPIED = ("dbt_project", "expectations", "pipelines", "tests", "pyproject.toml")
AS_OF = date(2024, 1, 29)
OF_MODELS = [mutation for mutation in MUTATIONS if mutation.models]
UNIT_TESTED = sorted({model for mutation in OF_MODELS for model in mutation.models})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what tests need of the project."""
    copy = tmp_path_factory.mktemp("project")
    left_out = shutil.ignore_patterns("__pycache__", "target", "logs")
    for name in COPIED:
        source = project_root() / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=left_out)
        else:
            shutil.copyfile(source, copy / name)
    return copy


@pytest.fixture(scope="module")
def warehouse(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Every table, without a row: unit tests bring their own rows, and ask the tables for types only."""
    with open_warehouse(tmp_path_factory.mktemp("warehouse")) as opened:
        opened.project = project / "dbt_project"
        opened.ingest(AS_OF)
        opened.build(AS_OF)
        opened.build_marts(AS_OF)
        yield opened


@contextmanager
def mutated(project: Path, mutation: Mutation) -> Iterator[None]:
    """The copy with the fault in it."""
    file = project / mutation.file
    text = file.read_text(encoding="utf-8")
    found = text.count(mutation.before)
    if found != 1:
        pytest.fail(
            f"{mutation.file} has this text {found} times, not once: {mutation.before!r}. "
            "Adapt tests/mutants/mutations.py so that the mutation is the same fault again."
        )
    file.write_text(text.replace(mutation.before, mutation.after), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")


def unit_tests(warehouse: Warehouse, models: list[str], edition: str) -> dict[str, set[str]]:
    """How the unit tests of each model ended: the statuses."""
    warehouse.edition = edition
    warehouse.ran.clear()
    with suppress(AssertionError):  # of a test that failed
        warehouse.dbt("test", "--select", *(f"{model},test_type:unit" for model in models), as_of=AS_OF)
    ended: dict[str, set[str]] = {model: set() for model in models}
    for name, status in warehouse.ran.items():
        kind, _, model, *_ = name.split(".")
        if kind == "unit_test":
            ended[model].add(status)
    return ended


def run_pytest(project: Path, tests: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    environment = clean_environment(PYTHONPATH=str(project), PYTHONDONTWRITEBYTECODE="1")
    ours = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=project, env=ours, capture_output=True, text=True, check=False)


def test_without_a_mutation_the_unit_tests_pass(warehouse: Warehouse) -> None:
    assert unit_tests(warehouse, UNIT_TESTED, "as it is") == {model: {"pass"} for model in UNIT_TESTED}


def test_without_a_mutation_the_tests_pass(project: Path) -> None:
    done = run_pytest(project, tuple({test for mutation in MUTATIONS for test in mutation.tests}))
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.fixture(scope="module")
def ended(project: Path, warehouse: Warehouse) -> dict[str, dict[str, set[str]]]:
    """How the unit tests of each mutation's models ended, by the mutation's name."""
    found: dict[str, dict[str, set[str]]] = {}
    for number, group in enumerate(independent_groups(warehouse.manifest())):
        with ExitStack() as faults:
            for mutation in group:
                faults.enter_context(mutated(project, mutation))
            models = sorted({model for mutation in group for model in mutation.models})
            statuses = unit_tests(warehouse, models, f"faults {number}")
        for mutation in group:
            found[mutation.name] = {model: statuses[model] for model in mutation.models}
    return found


def independent_groups(manifest: dict[str, Any]) -> list[list[Mutation]]:
    """The mutations of models in groups, in each of which no mutation changes the SQL of another one's models.

    A unit test replaces what its model reads: only the model's own file, and the files of macros that it calls, count.
    """
    files = {mutation.name: files_of(manifest, mutation.models) for mutation in OF_MODELS}
    groups: list[list[Mutation]] = []
    for mutation in OF_MODELS:
        for group in groups:
            if all(
                mutation.file not in files[other.name] and other.file not in files[mutation.name] for other in group
            ):
                group.append(mutation)
                break
        else:
            groups.append([mutation])
    return groups


def files_of(manifest: dict[str, Any], models: tuple[str, ...]) -> set[str]:
    """The files that the SQL of models is made from, below the project's root."""
    macros: dict[str, Any] = manifest["macros"]
    calls = [node for node in manifest["nodes"].values() if node["name"] in models]
    assert len(calls) == len(models)
    seen = {node["unique_id"]: node for node in calls}
    while calls:
        for name in calls.pop()["depends_on"]["macros"]:
            if name not in seen:
                seen[name] = macros[name]
                calls.append(macros[name])
    return {f"dbt_project/{each['original_file_path']}" for each in seen.values()}


@pytest.mark.parametrize("mutation", OF_MODELS, ids=lambda each: each.name)
def test_a_fault_in_a_model_fails_its_unit_tests(ended: dict[str, dict[str, set[str]]], mutation: Mutation) -> None:
    statuses = ended[mutation.name].values()
    assert all("fail" in each and each <= {"fail", "pass"} for each in statuses), ended[mutation.name]


@pytest.mark.parametrize("mutation", [each for each in MUTATIONS if each.tests], ids=lambda each: each.name)
def test_a_fault_fails_the_tests_that_look_at_it(project: Path, mutation: Mutation) -> None:
    with mutated(project, mutation):
        done = run_pytest(project, mutation.tests)
    assert done.returncode == 1, done.stdout[-3000:]
    assert all(f"FAILED {test}" in done.stdout for test in mutation.tests), done.stdout[-3000:]


@pytest.mark.parametrize("before", ["text that stands nowhere", "def "])
def test_a_mutation_that_no_longer_fits_is_not_passed_over(project: Path, before: str) -> None:
    stale = Mutation("stale", "pipelines/quality/totals.py", before, "")
    with pytest.raises(pytest.fail.Exception, match="not once"), mutated(project, stale):
        pass
