"""Explanations of customers on a home that has been run: the mart against the marts it names, and the command."""

import json
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.app import app
from pipelines.publication import resolve_current
from tests.conftest import SampleHome

FACTS = {
    "fct_order": ("order_key", "customer_key", "ordered_on", "is_purchase"),
    "fct_return": ("return_key", "customer_key", "returned_on", "true"),
    "fct_interaction": ("interaction_key", "customer_key", "occurred_on", "true"),
    "fct_case": ("case_key", "customer_key", "opened_on", "true"),
    "fct_referral": ("referral_key", "referrer_customer_key", "referred_on", "not is_self_referral"),
    "fct_survey_answer": ("answer_key", "customer_key", "answered_on", "true"),
}


def ask(sample_home: SampleHome, *arguments: str, code: int = 0) -> Result:
    where = ["--config", str(sample_home.config), "--home", str(sample_home.home)]
    done = CliRunner().invoke(app, ["explain", *arguments, *where])
    assert done.exit_code == code, (done.stdout, done.stderr)
    return done


def explained(sample_home: SampleHome, *arguments: str) -> dict[str, Any]:
    (customer,) = json.loads(ask(sample_home, *arguments, "--json").stdout)["customers"]
    assert isinstance(customer, dict)
    return customer


def rows(sample_home: SampleHome, query: str) -> list[tuple[Any, ...]]:
    """The answer to a query of the current version."""
    version = resolve_current(sample_home.published)
    with duckdb.connect(str(version / "loyalty.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def staged(sample_home: SampleHome, query: str) -> list[tuple[Any, ...]]:
    """The answer to a query of the warehouse."""
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_every_figure_is_in_the_mart_that_the_row_names(sample_home: SampleHome) -> None:
    named = rows(
        sample_home, "select distinct mart, column_name from customer_explanation where value is not null order by all"
    )
    assert len(named) > 12
    for mart, column in named:
        key = {"customer_loyalty": "true", "customer_evidence": "x.code = m.part and x.detail = m.dimension"}.get(mart)
        owner = FACTS[mart][1] if mart in FACTS else "customer_key"
        on = key or f"x.record_key = m.{FACTS[mart][0]}"
        wrong = rows(
            sample_home,
            f"""
            select x.*, m.{column}
            from customer_explanation as x
            left join {mart} as m on x.customer_key = m.{owner} and {on}
            where
                x.mart = '{mart}' and x.column_name = '{column}' and x.value is not null
                and x.value is distinct from cast(m.{column} as decimal(18, 4))
            """,
        )
        assert not wrong, (mart, column, wrong[:3])


def test_what_was_decided_and_the_reasons_are_those_of_customer_loyalty(sample_home: SampleHome) -> None:
    decided = {"level": "level", "class": "loyalty_class", "type": "loyalty_type", "quadrant": "quadrant"}
    for step, column in decided.items():
        query = f"select customer_key, {column} from customer_loyalty order by all"
        assert rows(
            sample_home, f"select customer_key, code from customer_explanation where step = '{step}' order by all"
        ) == rows(sample_home, query)
    reasons = " union all ".join(
        f"select customer_key, reason_{n} as code from customer_loyalty where reason_{n} is not null" for n in (1, 2, 3)
    )
    assert rows(
        sample_home, "select customer_key, code from customer_explanation where step = 'reason' order by all"
    ) == rows(sample_home, f"{reasons} order by all")


def test_the_latest_facts_are_listed_and_all_are_counted(sample_home: SampleHome) -> None:
    listed = rows(
        sample_home,
        "select mart, customer_key, record_key, occurred_on, n_facts from customer_explanation"
        " where step = 'fact' order by all",
    )
    queries = [
        f"""
        select '{mart}' as mart, {owner} as customer_key, {key} as record_key, {day} as occurred_on,
            cast(count(*) over (partition by {owner}) as integer) as n_facts
        from {mart}
        where {owner} is not null and {where}
        qualify row_number() over (
            partition by {owner}
            order by {day} desc nulls last, {day.replace("_on", "_at")} desc nulls last, {key} desc
        ) <= 3
        """
        for mart, (key, owner, day, where) in FACTS.items()
    ]
    assert listed == rows(sample_home, " union all ".join(queries) + " order by all")


def test_the_score_is_the_sum_of_the_shares_of_the_parts(sample_home: SampleHome) -> None:
    ((n, furthest),) = rows(
        sample_home,
        """
        with sums as (
            select customer_key, sum(score_share * score) as score
            from customer_evidence
            where is_counted
            group by all
        )
        select count(*), max(abs(sums.score - loyalty.loyalty_score))
        from customer_loyalty as loyalty
        inner join sums using (customer_key)
        """,
    )
    assert n > 100
    assert furthest < 0.001  # both are rounded


def test_a_level_begins_at_the_silence_that_is_published(sample_home: SampleHome) -> None:
    """Only levels that the decision table gave: others were kept through a silence."""
    found = rows(
        sample_home,
        "select level, silence_days, at_risk_from_silence_days, churned_from_silence_days from customer_loyalty"
        " where level <> 'prospect' and level_reason = 'rule'",
    )
    assert {level for level, *_ in found} >= {"new", "at_risk", "potential"}
    for level, silence, at_risk, churned in found:
        is_churned = churned is not None and silence >= churned
        is_at_risk = at_risk is not None and silence >= at_risk and not is_churned
        assert (level == "churned", level == "at_risk") == (is_churned, is_at_risk)


def test_every_code_has_a_label(sample_home: SampleHome) -> None:
    assert not rows(
        sample_home,
        "select distinct code_set, code from customer_explanation anti join dim_label using (code_set, code)",
    )
    details = {"level": "reason", "class": "explanation", "type": "explanation", "distance": "explanation"}
    for step, code_set in {**details, "quadrant": "explanation", "evidence": "dimension"}.items():
        assert not rows(
            sample_home,
            f"select distinct detail from customer_explanation where step = '{step}' and not exists ("
            f"select 1 from dim_label where code_set = '{code_set}' and code = detail)",
        )


def test_the_mart_names_no_person(sample_home: SampleHome) -> None:
    texts = {
        text
        for (text,) in rows(
            sample_home, "select distinct unnest([code, detail, source, column_name]) from customer_explanation"
        )
        if text
    }
    personal = staged(
        sample_home,
        "select unnest([customer_ref, name, email, phone]) from staging.int_person"
        " union select ref from staging.stg_customer_refs",
    )
    assert len(personal) > 300
    assert not texts & {text for (text,) in personal}


def test_a_purchase_leads_to_the_line_of_the_file(sample_home: SampleHome) -> None:
    refs = staged(
        sample_home,
        "select customer_key, min(customer_ref) from intermediate.int_order where is_purchase and source = 'sample'"
        " and has_header and customer_ref not like '@%' group by all having count(*) > 1 order by all limit 5",
    )
    assert len(refs) == 5
    for key, ref in refs:
        orders = {
            order_id
            for (order_id,) in rows(sample_home, f"select order_id from fct_order where customer_key = '{key}'")
        }
        found = explained(sample_home, ref, "--source", "sample")
        purchases = [fact for fact in found["fact"] if fact["code"] == "order" and fact["source"] == "sample"]
        assert purchases
        for place in (place for fact in purchases for place in fact["files"]):
            lines = (sample_home.sample / "inbox" / place["file"]).read_text(encoding="utf-8-sig").splitlines()
            assert lines[place["line"] - 1].split(",")[0] in orders, place


def test_all_references_of_a_merged_person_lead_to_one_explanation(sample_home: SampleHome) -> None:
    found = staged(
        sample_home,
        """
        select customer_key, list(source || ':' || customer_ref order by source, customer_ref)
        from intermediate.int_customer_identity
        where not starts_with(customer_ref, '@')
        group by all
        having count(distinct source) > 1
        order by all
        limit 2
        """,
    )
    assert found, "the sample has customers of several sources"
    for key, names in found:
        whole = explained(sample_home, key)
        assert whole["customer_key"] == key
        for name in names:
            source, _, ref = name.partition(":")
            assert explained(sample_home, ref, "--source", source) == whole


def test_a_prospect_has_no_purchase_and_no_score(sample_home: SampleHome) -> None:
    ((key,),) = rows(
        sample_home,
        "select min(customer_key) from customer_loyalty where level = 'prospect' and loyalty_score is null",
    )
    found = explained(sample_home, key)
    assert found["level"][0]["detail"] == "no_purchase"
    assert not {"evidence", "score"} & found.keys()
    assert not [fact for fact in found.get("fact", []) if fact["code"] == "order"]
    assert [row["code"] for row in found["distance"]] == ["new", "behavioural"]


def test_an_unknown_class_says_what_is_missing(sample_home: SampleHome) -> None:
    ((key, days),) = rows(
        sample_home,
        "select customer_key, n_purchase_days from customer_loyalty where loyalty_class = 'unknown'"
        " and n_purchase_days in (1, 2) order by all limit 1",
    )
    found = explained(sample_home, key)
    assert found["class"][0]["detail"] == "too_few_answers"
    (missing,) = [row for row in found["distance"] if row["code"] == "behavioural"]
    assert (missing["value"], missing["threshold"], missing["remaining"]) == (str(days), "3", str(3 - days))


@pytest.mark.parametrize(("language", "heading"), [("en", "Reasons"), ("zh", "原因")])
def test_the_text_has_the_labels_of_the_language(sample_home: SampleHome, language: str, heading: str) -> None:
    ((key, level),) = rows(
        sample_home,
        "select customer_key, label from customer_loyalty inner join dim_label on code_set = 'level' and code = level"
        f" where language = '{language}' and level = 'at_risk' order by all limit 1",
    )
    text = ask(sample_home, key, "--lang", language).stdout
    lines = text.splitlines()
    assert heading in lines
    assert any(line.startswith(level) for line in lines)
    assert key in lines[0]


def test_an_unknown_person_is_an_error_that_does_not_write_them_to_a_log(sample_home: SampleHome) -> None:
    for asked in ("nobody.knows@example.org", "f" * 32, "sample:C999999999"):
        done = ask(sample_home, asked, code=8)
        assert done.stdout == ""
        assert "error" in done.stderr
    ask(sample_home, "C0000001", "--version", "2020-01-01_none", code=6)
    written = [path for path in sample_home.home.rglob("*") if path.is_file()]
    assert len(written) > 100
    texts = (b"nobody.knows", b"C999999999")
    assert not [path for path in written if any(text in path.read_bytes() for text in texts)]
