"""With the methods of pipelines/runs/dbt_patches.py, dbt gives the same SQL, results, errors and events as without.

The project of this test uses what the replacements touch: macros that call each other, that are dispatched, called with
a block, in a loop that sets a variable, in arguments of tests and in unit tests that replace them.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

FILES = {
    "dbt_project.yml": """
        name: small
        profile: small
        models: {+materialized: table}
        on-run-end: ["select '{{ named('end') }}'"]
    """,
    "profiles.yml": """
        small: {target: t, outputs: {t: {type: duckdb, path: small.duckdb, threads: 2}}}
    """,
    "macros/named.sql": """
        {% macro named(text) %}{{ text }} of {{ model.name | default('nothing') }}{% endmacro %}
        {% macro seen_from_outside() %}{{ inner | default('nothing of the caller') }}{% endmacro %}
        {% macro wrapped(before) %}{{ before }} {{ caller() }} {{ named('wrapped') }}{% endmacro %}
        {% macro deep(n) %}{% if n %}{{ n }},{{ deep(n - 1) }}{% else %}{{ named('deep') }}{% endif %}{% endmacro %}
        {% macro picked() %}{{ return(adapter.dispatch('picked', 'small')()) }}{% endmacro %}
        {% macro default__picked() %}{{ return('default') }}{% endmacro %}
        {% macro duckdb__picked() %}{{ return('duckdb') }}{% endmacro %}
        {% macro type_string() %}{{ return('varchar(7)') }}{% endmacro %}
        {% macro refused() %}{{ exceptions.raise_compiler_error('refused by ' ~ named('it')) }}{% endmacro %}
        {% test is_text(model, column_name, text) %}
        select * from {{ model }} where {{ column_name }} <> '{{ text }}'
        {% endtest %}
    """,
    "models/one.sql": """
        {% set all = [] %}
        {% for i in range(2) %}{% set inner = i %}{% do all.append(named(i) ~ '/' ~ seen_from_outside()) %}{% endfor %}
        select '{{ all | join(' ') }}' as looped, '{% call wrapped('b') %}{{ named('inside') }}{% endcall %}' as called,
            '{{ deep(3) }}' as deep, '{{ picked() }}' as picked, '{{ small.picked() }}' as packaged,
            '{{ type_string() }} {{ dbt.type_string() }}' as types, '{{ modules.datetime.date(2024, 1, 2) }}' as day,
            '{{ this.identifier }} {{ builtins.target.name }} {{ context.model.name }}' as names
    """,
    "models/two.sql": "select '{{ named('x') }}' as text, picked from {{ ref('one') }}",
    "models/three.sql": "select '{{ refused() if execute }}'",
    "models/four.sql": "select error('not {{ named('it') }}')",
    "models/all.yml": """
        models:
          - name: two
            columns:
              - name: text
                data_tests:
                  - is_text: {arguments: {text: "{{ named('x') }}"}}
                  - is_text: {name: fails, arguments: {text: other}}
                  - is_text: {name: lines, arguments: {text: "other\\n"}}
                  - not_null
              - name: picked
                data_tests: [{accepted_values: {arguments: {values: [duckdb]}}}]
        unit_tests:
          - name: replaced
            model: two
            overrides: {macros: {named: replaced, small.picked: 1}}
            given: [{input: ref('one'), rows: [{picked: a}]}]
            expect: {rows: [{text: replaced, picked: a}]}
          - name: not_replaced
            model: two
            given: [{input: ref('one'), rows: [{picked: a}]}]
            expect: {rows: [{text: x of not_replaced, picked: a}]}
    """,
}
BUILD = """
import json, sys
from dbt.cli.main import dbtRunner
from pathlib import Path
from pipelines.runs.dbt_patches import patch_dbt
from pipelines.runs.dbt_templates import CompiledTemplates, compile_templates

options = ["--log-file-max-bytes", "300", "--no-use-colors", "--project-dir", ".", "--profiles-dir", "."]
if sys.argv[1] == "patched":
    dbtRunner().invoke(["parse", *options])
    compile_templates(Path("target/partial_parse.msgpack"), Path("target/templates"))
    patch_dbt(CompiledTemplates(Path("target/templates")))
events = []
def collect(event):
    if event.info.level != "debug":
        events.append((event.info.name, event.info.level, event.info.msg))
manifest = dbtRunner().invoke(["parse", *options]).result
for _ in range(2):
    results = dbtRunner(manifest=manifest, callbacks=[collect]).invoke(["build", *options]).result
found = {r.node.unique_id: (r.status, r.message, r.failures, r.node.depends_on.macros) for r in results}
print(json.dumps({"results": found, "events": events}, default=str))
"""


def built(folder: Path, how: str) -> dict[str, Any]:
    """The results, events and SQL of dbt when it builds the project twice in one process, without times."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    done = subprocess.run([sys.executable, "-c", BUILD, how], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout.splitlines()[-1])
    outcome["events"] = sorted(
        (name, level, re.sub(r"\d+\.\d+ ?s(econds)?\b|\d+ of \d+", "", text)) for name, level, text in outcome["events"]
    )
    outcome["logs"] = len([*(folder / "logs").glob("dbt.log*")]) > 1
    compiled = folder / "target"
    outcome["sql"] = {
        str(path.relative_to(compiled)): path.read_text() for path in sorted(compiled.glob("compiled/small/**/*.sql"))
    }
    return dict(outcome)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return built(tmp_path_factory.mktemp("plain"), "plain")


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return built(tmp_path_factory.mktemp("patched"), "patched")


@pytest.mark.parametrize("part", ["results", "events", "sql"])
def test_dbt_gives_the_same(plain: dict[str, Any], patched: dict[str, Any], part: str) -> None:
    assert plain[part]
    assert patched[part] == plain[part]


def test_a_macro_is_called_in_the_context_of_its_model(patched: dict[str, Any]) -> None:
    assert patched["sql"]["compiled/small/models/two.sql"].count("'x of two'") == 1
    assert " ".join(patched["sql"]["compiled/small/models/one.sql"].split()) == (
        "select '0 of one/nothing of the caller 1 of one/nothing of the caller' as looped, "
        "'b inside of one wrapped of one' as called, '3,2,1,deep of one' as deep, 'duckdb' as picked, "
        "'duckdb' as packaged, 'varchar(7) TEXT' as types, '2024-01-02' as day, 'one t one' as names"
    )


def test_a_unit_test_replaces_a_macro_for_itself_only(patched: dict[str, Any]) -> None:
    assert [patched["results"][f"unit_test.small.two.{name}"][0] for name in ("replaced", "not_replaced")] == [
        "pass"
    ] * 2


def test_an_error_names_the_macros_that_led_to_it(patched: dict[str, Any]) -> None:
    status, message, *_ = patched["results"]["model.small.three"]
    assert status == "error"
    assert "refused by it of three" in message
    assert "in macro refused (macros/named.sql)" in message


def test_a_log_over_its_limit_is_replaced_by_the_next_command(plain: dict[str, Any], patched: dict[str, Any]) -> None:
    assert plain["logs"]
    assert patched["logs"]
