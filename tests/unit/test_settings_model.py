"""The business numbers: set under `model` of loyalty.yml, refused if they cannot hold, handed to dbt as vars."""

import re
from pathlib import Path

import pytest
import yaml

from pipelines.base.errors import ConfigError
from pipelines.config.declared import declared
from pipelines.config.model import ModelSettings
from pipelines.config.model_identity import IdentityModel
from pipelines.config.model_suitability import SuitabilityModel
from pipelines.config.model_vars import model_vars
from pipelines.config.reference import PAGE, PROJECT_FILE, dbt_project, page
from pipelines.config.settings import Settings, dbt_vars, load_settings, project_root
from pipelines.runs.code import core_code, staging_code
from tests.unit.small_manifest import use_small_manifest

CONFIG = "currency: EUR\ntimezone: UTC\nsources: [{mapping: sample, files: inbox}]\n"
# What a run or a backfill decides, and what has no default; everything else is a setting of loyalty.yml.
OF_THE_PLAN = {"as_of", "previous_as_of", "rebuilt", "changed_batches", "new_batches", "scratch_schema"}
OF_THE_RUN = {*OF_THE_PLAN, "landing_dir", "exchange_dir", "audiences"}
PRESET = {"g0_days", "lapsed_days", "answer_half_life_days", "assumed_margin_share"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LOYALTY_CONFIG", "LOYALTY_HOME", "LOYALTY_KEY", "LOYALTY_WEBHOOK_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def config(folder: Path, model: str) -> Path:
    path = folder / "loyalty.yml"
    path.write_text(f"{CONFIG}model: {model}\n")
    return path


def test_a_number_of_the_file_reaches_dbt_and_the_others_keep_their_default(folder: Path) -> None:
    before = model_vars(ModelSettings())
    settings = load_settings(config(folder, "{level: {at_risk_ratio: 0.5}, clv: {tiers: {few: 0, most: 0.3}}}"))
    values = dbt_vars(settings)
    assert values["level_at_risk_ratio"] == 0.5
    assert values["clv_tiers"] == {"few": 0, "most": 0.3}
    changed = {name for name in before if values[name] != before[name]}
    assert changed == {"level_at_risk_ratio", "clv_tiers"}


def test_a_number_of_the_industry_is_a_var_only_where_the_file_sets_it(folder: Path) -> None:
    assert not PRESET & dbt_vars(load_settings(config(folder, "{}"))).keys()
    loyalty, others = "level: {g0_days: 21}, loyalty: {lapsed_days: 200}", "surveys: {answer_half_life_days: 33}"
    values = dbt_vars(load_settings(config(folder, f"{{{loyalty}, {others}, clv: {{assumed_margin_share: 0}}}}")))
    assert {name: values[name] for name in PRESET} == {
        "g0_days": 21,
        "lapsed_days": 200,
        "answer_half_life_days": 33,
        "assumed_margin_share": 0,
    }


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (
            "{loyalty: {behaviour_weights: {spend: 0.6}}}",
            "model.loyalty.behaviour_weights: the weights must sum to 1, but spend 0.6, frequency 0.2, recency 0.15,"
            " breadth 0.15 sum to 1.1",
        ),
        (
            "{loyalty: {dimension_weights: {behaviour: 0.3333, attitude: 0.3333, emotion: 0.3333, cognition: 0}}}",
            "sum to 0.9999",
        ),
        ("{loyalty: {attitude_weights: {nps: 1.5}}}", "model.loyalty.attitude_weights.nps: must be at most 1"),
        ("{loyalty: {attitude_weights: {npx: 1}}}", "npx: unknown key; did you mean `nps`?"),
        ("{loyalty: {disloyal_attitude: 75}}", "model.loyalty: disloyal_attitude 75 must be below high_attitude 75"),
        ("{level: {churned_share: 0.3}}", "model.level: churned_share 0.3 must not be above churned_limit_share 0.2"),
        ("{loyalty: {disloyal_attitude: 80}}", "disloyal_attitude 80 must be below high_attitude 75"),
        ("{level: {g0_factor: 4.00001}}", "g0_factor: `4.00001` has more than 4 decimals: round it"),
        ("{level: {g0_factor: .inf}}", "g0_factor: must be a number"),
        ("{loyalty: {lapsed_days: 0}}", "model.loyalty.lapsed_days: must be at least 1, but is `0`"),
        ("{loyalty: {lapsed_days: true}}", "model.loyalty.lapsed_days: must be a number, but is `true`"),
        ("{level: {at_risk: 0.5}}", "model.level.at_risk: unknown key; did you mean `at_risk_ratio`?"),
        ("{loyality: {}}", "model.loyality: unknown key; did you mean `loyalty`?"),
        ("{clv: {assumed_margin_share: 35}}", "clv.assumed_margin_share: must be at most 1, but is `35`"),
        ("{clv: {annual_discount_rate: 10 %}}", "clv.annual_discount_rate: must be a number, but is `10 %`"),
        ("{clv: {gap_days: 1.5}}", "clv.gap_days: must be a whole number"),
        ("{clv: {holdout_share: 0.6}}", "clv.holdout_share: must be at most 0.5"),
        ("{clv: {tiers: {}}}", "model.clv.tiers: the first tier must begin at 0"),
        ("{clv: {tiers: {low: 0.1, top: 0.9}}}", "model.clv.tiers: the first tier must begin at 0"),
        ("{clv: {tiers: {low: 0, top: 1}}}", "the last tier must begin below 1"),
        ("{clv: {tiers: {low: 0, a: 0.5, b: 0.5}}}", "each tier must begin above the one before it"),
        ("{clv: {tiers: {low: 0, top: 0.9, middle: 0.5}}}", "each tier must begin above the one before it"),
        ("{clv: {tiers: {no_forecast: 0}}}", "`no_forecast` is reserved"),
        ("{clv: {tiers: {The best: 0}}}", "model.clv.tiers.The best: must be text of the form"),
        ("{surveys: {nps_interval_z: 0}}", "surveys.nps_interval_z: must be at least 0.5"),
        ("{contract: {orders_period_days: 0}}", "contract.orders_period_days: must be at least 1"),
        ("{contract: {margin_share: 1.5}}", "contract.margin_share: must be at most 1"),
        ("{programme: {point_value: -0.01}}", "programme.point_value: must be at least 0"),
        ("{suitability: {flag_regular_share: 2}}", "suitability.flag_regular_share: must be at most 1"),
        ("{identity: {phone_region: DEU}}", "identity.phone_region: `DEU` is not a region of ISO 3166; write two"),
        ("{identity: {phone_region: de}}", "`de` is not a region of ISO 3166; did you mean `DE`?"),
        (
            "{identity: {phone_region: UK}}",
            "`UK` is not a region of ISO 3166; write two capital letters, such as DE, GB",
        ),
        ("{identity: {keeps_email_tag: 3}}", "identity.keeps_email_tag: must be true or false"),
        ("{identity: {max_refs_of_email: 0}}", "identity.max_refs_of_email: must be at least 1, but is `0`"),
        ("{identity: {max_refs_of_phone: true}}", "identity.max_refs_of_phone: must be a number, but is `true`"),
        ("{identity: {survivorship: [crm, shop, crm]}}", "identity.survivorship: `crm` is listed twice: remove one"),
        (
            "{identity: {blocked: [info@shop.example, nobody]}}",
            "blocked: entry 2 is neither an e-mail address nor a phone",
        ),
        ("{identity: {blocked: ['030 901820']}}", "entry 1 is neither an e-mail address nor a phone number with +"),
        ("{identity: {blocked: [+4930901820]}}", "identity.blocked.0: must be text: put the e-mail address or phone"),
        ("{identity: {blocked: info@shop.example}}", "identity.blocked: must be a list of e-mail addresses"),
        (
            "{rfm: {method: fixed}}",
            "model.rfm: method fixed needs monetary: four ascending amounts in the reporting currency",
        ),
        (
            "{measures: {regularity_min_gaps: 20, regularity_max_gaps: 19}}",
            "model.measures: regularity_min_gaps 20 must not be above regularity_max_gaps 19",
        ),
        (
            "{measures: {tolerance_min_days: 200}}",
            "model.measures: tolerance_min_days 200 must not be above tolerance_max_days 180",
        ),
        ("{measures: {regularity_max_gaps: 30}}", "measures.regularity_max_gaps: must be at most 20, but is `30`"),
        ("{reports: {min_group: 0}}", "reports.min_group: must be at least 1, but is `0`"),
        ("{reports: {driver_min_responses: 49}}", "reports.driver_min_responses: must be at least 50, but is `49`"),
        ("{rfm: {method: quintile}}", "rfm.method: `quintile` is not allowed; did you mean `quantile`?"),
        ("{rfm: {recency_days: [1, 2, 3]}}", "rfm.recency_days: must be 4 numbers between the 5 scores, but has 3"),
        ("{rfm: {recency_gaps: [1, 2, 3, 3]}}", "rfm.recency_gaps: the numbers must ascend, but 3"),
        ("{rfm: {frequency: [4, 3, 2, 1]}}", "rfm.frequency: the numbers must ascend, but 3 fol"),
        (
            "{rfm: {monetary: [5, 9, 9, 10]}}",
            "rfm.monetary: the numbers must ascend, but 9 follows",
        ),
        ("{rfm: {monetary: [5, many, 9, 10]}}", "rfm.monetary.1: must be a number, but is `many`"),
        ("{orders: {fx_rate_max_age_days: 40}}", "orders.fx_rate_max_age_days: must be at most 31"),
    ],
)
def test_a_number_that_cannot_hold_is_refused_with_its_line(folder: Path, model: str, says: str) -> None:
    path = config(folder, model)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert caught.value.message.startswith(f"{path}:4: model")
    assert says in caught.value.message
    assert caught.value.hint and "docs/settings.md" in caught.value.hint


def test_the_weights_of_each_score_sum_to_1_by_default_too() -> None:
    # pydantic does not check a default
    assert ModelSettings.model_validate(ModelSettings().model_dump()) == ModelSettings()


def test_every_var_of_the_dbt_project_that_no_run_decides_is_a_setting() -> None:
    project = project_root() / "dbt_project"
    text = "\n".join(path.read_text() for end in ("sql", "yml") for path in sorted(project.rglob(f"*.{end}")))
    used = set(re.findall(r"""\bvar\(\s*["'](\w+)["']""", text))
    settable = {key.words.var for key in declared(Settings)} | model_vars(ModelSettings()).keys()
    assert len(used) > 20
    assert used <= settable | OF_THE_RUN | {"currency", "timezone"}
    assert settable - {""} <= used | PRESET


def test_a_business_number_without_a_var_is_one_that_python_reads() -> None:
    in_one_var = ("_weights", ".contact_costs", ".success_shares")
    without = {key.name for key in declared(ModelSettings) if not key.words.var and not key.group.endswith(in_one_var)}
    identity = set(IdentityModel.model_fields) - {"survivorship"}
    of_the_curve = {"min_month_ends", "min_observations", "prior_observations", "start_observations"}
    of_churn = {"churned_share", "churned_z"}
    of_contracts = {"min_contracts", "min_periods", "forecast_periods"}
    of_value = {"fit_min_customers", "high_spend_correlation", *SuitabilityModel.model_fields, *of_contracts}
    of_drivers = {"driver_min_responses", "driver_resamples"}
    assert without == {*of_value, *identity, *of_the_curve, *of_churn, *of_drivers}


def test_a_list_of_names_reaches_dbt_as_a_list() -> None:
    model = ModelSettings.model_validate({"identity": {"survivorship": ["crm", "shop"]}})
    assert model_vars(model)["identity_survivorship"] == ["crm", "shop"]
    assert model_vars(ModelSettings())["identity_survivorship"] == []


def test_the_thresholds_of_rfm_reach_dbt_as_numbers() -> None:
    model = ModelSettings.model_validate({"rfm": {"method": "fixed", "monetary": [10, 20.5, 30, 40]}})
    assert model_vars(model)["rfm_method"] == "fixed"
    assert model_vars(model)["rfm_monetary"] == [10, 20.5, 30, 40]
    assert model_vars(ModelSettings())["rfm_recency_gaps"] == [0.5, 1, 2, 4]
    assert "rfm_monetary" not in model_vars(ModelSettings())


def test_dbt_has_the_declared_defaults_and_none_of_its_own() -> None:
    text = (project_root() / PROJECT_FILE).read_text(encoding="utf-8")
    assert dbt_project(text) == text, "make docs writes it"
    given = yaml.safe_load(text)["vars"]
    assert given.keys() - OF_THE_RUN == model_vars(ModelSettings()).keys() | {"industry", "history_months"}


def test_the_reference_lists_every_key_as_it_is_declared() -> None:
    assert (project_root() / PAGE).read_text(encoding="utf-8") == page(), "make docs writes it"


def test_every_setting_says_what_it_means_and_why_its_default_is_so() -> None:
    keys = list(declared(Settings))
    assert len(keys) > 50
    assert [key.path for key in keys if not key.words.meaning.endswith(".")] == []
    of_audiences = {"audiences.<name>.where", "audiences.<name>.channel"}
    of_pushes = {f"push[].{key}" for key in ("source", "object", "fields", "audiences.field", "audiences.names")}
    of_sources = {"sources", "sources[].mapping", "sources[].files", "sources[].pull.sql.tables"}
    chosen = {"timezone", "currency", *of_sources, *of_audiences, *of_pushes}
    assert {key.path for key in keys if not key.reason.endswith(".")} == chosen
    assert {key.path for key in keys if key.words.example} == chosen


@pytest.mark.parametrize("model", ["{level: {at_risk_ratio: 0.5}}", "{clv: {assumed_margin_share: 0.3}}"])
def test_another_number_is_another_build_and_not_another_staging(
    folder: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_small_manifest(monkeypatch)
    before, after = load_settings(config(folder, "{}")), load_settings(config(folder, model))
    assert core_code(before, "key").fingerprint != core_code(after, "key").fingerprint
    assert staging_code(before) == staging_code(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [("model: {}", "model: {orders: {future_tolerance_days: 2}}"), ("currency: EUR", "currency: GBP")],
)
def test_what_staging_reads_is_compiled_into_its_models(folder: Path, before: str, after: str) -> None:
    path = config(folder, "{}")
    first = load_settings(path)
    path.write_text(path.read_text().replace(before, after))
    assert dbt_vars(load_settings(path)) != dbt_vars(first)


def test_staging_reads_no_other_setting() -> None:
    project = project_root() / "dbt_project"
    paths = [*(project / "models" / "staging").rglob("*.*"), *(project / "macros" / "staging").rglob("*.sql")]
    used = set(re.findall(r"""\bvar\(\s*["'](\w+)["']""", "\n".join(path.read_text() for path in paths)))
    assert used - OF_THE_RUN == {"currency", "future_tolerance_days"}


def test_another_folder_is_the_same_build(folder: Path) -> None:
    path = config(folder, "{}")
    assert dbt_vars(load_settings(path)) == dbt_vars(load_settings(path, folder / "x"))
