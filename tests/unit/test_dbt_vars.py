"""What models learn about a build comes from its plan, as vars; another day needs no other parse."""

import json
from datetime import date
from pathlib import Path

import pytest

from pipelines.config.settings import Settings, dbt_vars
from pipelines.runs.build_state import BuildStatus, BuiltState, StagedState, WarehouseState
from pipelines.runs.dbt_vars import CommandVars, build_vars, compiled_vars, parsed_vars, staging_vars, vars_text
from pipelines.runs.plan import BuildPlan, StagingPlan, plan_build

SUNDAY, MONDAY, TUESDAY = date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 2)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.unconfigured().model_copy(update={"home": tmp_path})


def plan(day: date, *, aside: bool = False) -> BuildPlan:
    """A build after one of Monday, which had the batches a and b; since then, c is new and b was delivered again."""
    staged = StagedState(fingerprint="s", batches=("a", "b", "c"), ages={"b": 1})
    models = {"int_order": "1", "int_return": "2"}
    built = BuiltState(
        as_of=MONDAY, fingerprint="f", models=models, batches=("a", "b"), status=BuildStatus.COMPLETE, run_id="r"
    )
    state = WarehouseState(staged=staged, built=built)
    return plan_build(state, as_of=day, fingerprint="g", models={**models, "int_order": "3"}, aside=aside)


def of_the_build(found: CommandVars, settings: Settings) -> dict[str, object]:
    """The vars of a build that are not settings. All settings must be among its vars."""
    values = {name: value for name, value in dbt_vars(settings).items() if name not in found.parsed}
    assert values.items() <= found.build.items()
    return {name: value for name, value in found.build.items() if name not in values}


def test_an_incremental_build_has_its_days_its_batches_and_the_models_that_it_rebuilds(settings: Settings) -> None:
    found = build_vars(settings, plan(TUESDAY))
    assert of_the_build(found, settings) == {
        "as_of": "2024-01-02",
        "previous_as_of": "2024-01-01",
        "rebuilt": "int_order",
        "changed_batches": ["b", "c"],
        "new_batches": ["c"],
    }
    assert found.parsed == parsed_vars(settings)
    assert found.all == {**found.parsed, **found.build}


def test_a_full_build_extends_nothing(settings: Settings) -> None:
    found = build_vars(settings, plan(TUESDAY).as_full("again"))
    assert of_the_build(found, settings) == {"as_of": "2024-01-02"}
    assert found.parsed == parsed_vars(settings)


def test_a_backfill_has_schemas_and_an_exchange_folder_of_its_own(settings: Settings) -> None:
    aside = plan(MONDAY, aside=True)
    found = build_vars(settings, aside)
    assert of_the_build(found, settings) == {"as_of": "2024-01-01"}
    assert found.parsed["scratch_schema"] == "backfill_day"
    folder = settings.paths.warehouse.parent / str(found.parsed["exchange_dir"])
    assert folder.resolve() == aside.exchange(settings.paths.exchange).resolve()


def test_all_days_of_a_backfill_are_parsed_once(settings: Settings) -> None:
    one, other = (build_vars(settings, plan(day, aside=True)) for day in (SUNDAY, MONDAY))
    assert one.build != other.build
    assert one.parsed == other.parsed


def test_changed_settings_need_no_new_parse(settings: Settings) -> None:
    other = settings.model_copy(update={"timezone": "Asia/Shanghai", "currency": "CNY", "history_months": 3})
    assert parsed_vars(other) == parsed_vars(settings)
    assert compiled_vars(other).build != compiled_vars(settings).build
    assert build_vars(other, plan(TUESDAY)).all["timezone"] == "Asia/Shanghai"


def test_staging_has_no_day(settings: Settings) -> None:
    found = staging_vars(settings, StagingPlan("", ("stg_order", "stg_payment")))
    assert of_the_build(found, settings) == {"as_of": "", "rebuilt": "stg_order,stg_payment"}


def test_the_same_vars_are_the_same_text(settings: Settings) -> None:
    values = compiled_vars(settings).all
    assert vars_text(values) == vars_text(dict(reversed(values.items())))
    assert json.loads(vars_text(values)) == values
