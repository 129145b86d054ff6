"""Templates that `make setup` has compiled: found by text and class, and only if the same versions compiled them."""

import marshal
from pathlib import Path
from typing import Any

import pytest

from pipelines.runs import dbt_manifest, dbt_templates
from pipelines.runs.dbt_manifest import parsed_ahead
from pipelines.runs.dbt_templates import CompiledTemplates, compile_templates


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("templates") / "templates"
    compile_templates(parsed_ahead(), path)
    return path


def test_the_models_tests_and_macros_of_the_project_are_found(compiled: Path) -> None:
    from dbt_common.clients.jinja import get_environment

    environment: Any = get_environment()
    project = dbt_manifest.project_root() / "dbt_project"
    found = CompiledTemplates(compiled)
    for file in ("models/marts/rfm/customer_rfm.sql", "models/staging/stg_contacts.sql"):
        text = (project / file).read_text().strip()
        assert found.get(type(environment), text) == environment.compile(text)
        assert found.get(str, text) is None
        assert found.get(type(environment), f"{text} ") is None


@pytest.mark.parametrize("content", [b"", b"no templates", marshal.dumps((("another version",), {})), marshal.dumps(1)])
def test_a_file_that_cannot_be_used_is_not_used(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "templates"
    path.write_bytes(content)
    assert CompiledTemplates(path).get(str, "") is None


def test_a_missing_file_is_not_an_error(tmp_path: Path) -> None:
    assert CompiledTemplates(tmp_path / "templates").get(str, "") is None


def test_another_version_of_jinja_compiles_again(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_templates, "_versions", lambda: ("other",))
    assert not vars(CompiledTemplates(compiled))["_found"]
