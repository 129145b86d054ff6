"""Why two references are one customer or not, from small tables of a build; and the text about it."""

from pathlib import Path

import duckdb
import pytest

from pipelines.base.errors import BuildError
from pipelines.cli.identity_why import WhyText
from pipelines.config.model_identity import IdentityModel
from pipelines.identity.decisions import Action, Decision, Reference
from pipelines.identity.person import find_persons
from pipelines.identity.reasons import Ref, Why
from pipelines.identity.why import explain

ADA, ADA_CRM, BOB, CY, DEE = ("shop", "A1"), ("crm", "A2"), ("shop", "B1"), ("shop", "C1"), ("shop", "D1")
GUEST = ("web", "@" + "0" * 32)
EMAIL, MAILBOX, TILL = "ada@example.com", "office@example.com", "till@example.com"
AT = "2024-03-01T10:00:00Z"


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    tables = {
        "pseudonyms": """
            select source, ref, customer_key from (values
                ('shop', 'A1', 'k_a1'), ('crm', 'A2', 'k_a2'), ('shop', 'B1', 'k_b'), ('shop', 'C1', 'k_c'),
                ('shop', 'D1', 'k_d'), ('shop', 'E1', 'k_e'), ('shop', 'merged', 'k_m'),
                ('web', '@' || repeat('0', 32), 'k_g')
            ) as t (source, ref, customer_key)""",
        "identifiers": f"""
            select kind, value, identifier, is_blocked from (values
                ('email', '{EMAIL}', repeat('0', 32), false), ('email', '{MAILBOX}', 'i_office', false),
                ('email', '{TILL}', 'i_till', true), ('phone', '+49 30 901820', 'i_phone', false),
                ('phone', 'call me', null, false), ('email', 'later@example.com', 'i_later', false)
            ) as t (kind, value, identifier, is_blocked)""",
        "identity_components": """
            select node, 'k_a1' as component from (values ('k_a1'), ('k_a2'), ('k_m'), ('k_g')) as t (node)""",
        "identity_blocked": """
            select * from (values
                ('email', 'i_office', 12::bigint, 'too_many_references'), ('email', 'i_till', 2::bigint, 'block_list')
            ) as t (kind, identifier, n_refs, reason)""",
    }
    with duckdb.connect() as connection:
        for name, query in tables.items():
            connection.execute(f"copy ({query}) to '{tmp_path / name}.parquet' (format parquet)")
    return tmp_path


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema staging; create schema intermediate")
    connection.execute(
        f"""
        create table intermediate.int_identity_edge as select * from (values
            ('person_ref', 'shop', 'k_m', 'k_a1'),
            ('email', 'shop', 'k_a1', repeat('0', 32)), ('email', 'crm', 'k_a2', repeat('0', 32)),
            ('email', 'web', 'k_g', repeat('0', 32)),
            ('email', 'shop', 'k_b', 'i_office'), ('email', 'shop', 'k_c', 'i_office'),
            ('email', 'shop', 'k_b', 'i_till'), ('email', 'shop', 'k_c', 'i_till'),
            ('email', 'shop', 'k_d', 'i_later')
        ) as t (kind, source, node, other_node);
        create table staging.stg_contacts as select * from (values
            ('shop', 'A1', 'email', '{EMAIL}'), ('crm', 'A2', 'email', '{EMAIL}'), ('web', null, 'email', '{EMAIL}'),
            ('shop', 'B1', 'email', '{MAILBOX}'), ('shop', 'C1', 'email', '{MAILBOX}'),
            ('shop', 'B1', 'email', '{TILL}'), ('shop', 'C1', 'email', '{TILL}'),
            ('shop', 'B1', 'phone', 'call me'),
            ('shop', 'D1', 'email', 'later@example.com'), ('shop', 'C1', 'email', 'later@example.com')
        ) as t (source, ref, kind, value);
        create table staging.stg_batch as select * from (values ('shop'), ('crm'), ('web')) as t (source);
        create table intermediate.int_identity_person_ref as select * from (values
            ('shop', 'merged', 'shop', 'A1'), ('shop', 'E1', 'CRM', 'A2'), ('shop', 'C1', 'crm', 'A9')
        ) as t (source, customer_ref, person_source, person_ref);
        create table intermediate.int_customer_identity as select * from (values
            ('shop', 'A1', 'k_a1'), ('shop', 'merged', 'k_a1'), ('shop', 'B1', 'k_b')
        ) as t (source, customer_ref, customer_key);
        create table staging.int_person as select * from (values
            ('k_a1', 'Ada', '{EMAIL}', null, 'shop', 'A1'), ('k_b', 'Bob', null, '1', 'shop', 'B1')
        ) as t (customer_key, name, email, phone, source, customer_ref)
        """
    )
    return connection


def decided(number: int, action: Action, one: Ref, other: Ref) -> Decision:
    sides = [Reference(source=source, ref=ref) for source, ref in (one, other)]
    values = {"id": f"d{number}", "at": AT, "by": "ops", "action": action, "reason": "Bob said so"}
    return Decision.model_validate({**values, "one": sides[0], "other": sides[1]})


def text(why: Why, *decisions: Decision, reveal: bool = False) -> list[str]:
    return list(WhyText(IdentityModel(), {one.id: one for one in decisions}, reveal=reveal).lines(why))


def test_the_chain_names_references_records_and_the_masked_contact(
    warehouse: duckdb.DuckDBPyConnection, exchange: Path
) -> None:
    why = explain(warehouse, exchange, [], ("shop", "merged"), ADA_CRM)
    assert text(why) == [
        "shop:merged and crm:A2 are the same customer in the last build",
        "- the customer record of shop:merged names shop:A1 as its person (person_ref)",
        "- shop:A1 and crm:A2 have the same e-mail a***@example.com",
    ]
    assert EMAIL in text(why, reveal=True)[2]
    back = explain(warehouse, exchange, [], ADA_CRM, ("shop", "merged"))
    assert text(back)[1:] == [
        "- crm:A2 and shop:A1 have the same e-mail a***@example.com",
        "- the customer record of shop:merged names shop:A1 as its person (person_ref)",
    ]


def test_a_guest_is_shown_by_the_masked_e_mail(warehouse: duckdb.DuckDBPyConnection, exchange: Path) -> None:
    why = explain(warehouse, exchange, [], GUEST, ADA)
    assert text(why)[1] == "- the guest a***@example.com of web and shop:A1 have the same e-mail a***@example.com"


def test_a_person_in_a_source_that_nobody_has_is_named(warehouse: duckdb.DuckDBPyConnection, exchange: Path) -> None:
    assert text(explain(warehouse, exchange, [], ("shop", "E1"), ADA_CRM)) == [
        "shop:E1 and crm:A2 are two customers in the last build",
        "- the customer record of shop:E1 names CRM:A2 as its person, but no data of a source CRM have landed"
        " (person_source), so it links nobody",
        "- no link connects them, and they share no e-mail or phone",
    ]


def test_what_two_customers_share_but_is_blocked_is_named_with_the_reason(
    warehouse: duckdb.DuckDBPyConnection, exchange: Path
) -> None:
    why = explain(warehouse, exchange, [], BOB, CY)
    assert not why.is_same
    assert text(why) == [
        "shop:B1 and shop:C1 are two customers in the last build",
        "- both have the e-mail o***@example.com, which links nobody: it would link 12 references, and more customers"
        " of one source have it than model.identity.max_refs_of_email allows (10)",
        "- both have the e-mail t***@example.com, which links nobody: it is on the block list (model.identity.blocked)",
        "- shop:B1 has the phone ***, which has no normal form and links nobody",
    ]
    assert "call me" in text(why, reveal=True)[3]


def test_a_contact_that_counts_later_than_the_day_is_named(
    warehouse: duckdb.DuckDBPyConnection, exchange: Path
) -> None:
    lines = text(explain(warehouse, exchange, [], DEE, CY))
    assert lines[1] == "- both have the e-mail l***@example.com, but shop:C1 not yet on the day of the build"


def test_two_that_share_nothing_are_reported_as_such(warehouse: duckdb.DuckDBPyConnection, exchange: Path) -> None:
    assert text(explain(warehouse, exchange, [], ADA, DEE)) == [
        "shop:A1 and shop:D1 are two customers in the last build",
        "- no link connects them, and they share no e-mail or phone",
    ]


def test_an_unlink_is_named_and_a_decision_after_the_build_is_announced(
    warehouse: duckdb.DuckDBPyConnection, exchange: Path
) -> None:
    unlink = decided(1, Action.UNLINK, ADA, ADA_CRM)
    why = explain(warehouse, exchange, [unlink], ADA, ADA_CRM)
    assert text(why, unlink) == [
        "shop:A1 and crm:A2 are the same customer in the last build",
        "by the decisions in force now they are two customers: the next `loyalty run` applies them",
        "- the decision d1 of ops on 2024-03-01 separates shop:A1 and crm:A2",
    ]
    assert text(why, unlink, reveal=True)[2].endswith("separates shop:A1 and crm:A2: Bob said so")


def test_a_link_of_the_user_is_part_of_the_chain(warehouse: duckdb.DuckDBPyConnection, exchange: Path) -> None:
    link = decided(4, Action.LINK, BOB, ADA)
    why = explain(warehouse, exchange, [link], BOB, ADA_CRM)
    assert text(why, link)[1:] == [
        "by the decisions in force now they are the same customer: the next `loyalty run` applies them",
        "- the decision d4 of ops on 2024-03-01 links shop:B1 and shop:A1",
        "- shop:A1 and crm:A2 have the same e-mail a***@example.com",
    ]


def test_nothing_is_shown_in_clear_text_without_reveal(warehouse: duckdb.DuckDBPyConnection, exchange: Path) -> None:
    private = (EMAIL, MAILBOX, TILL, "call me", "later@example.com", "Bob said so")
    link = decided(1, Action.LINK, CY, DEE)
    masked = WhyText(IdentityModel(), {"d1": link}, reveal=False)
    for one, other in ((ADA, ADA_CRM), (BOB, CY), (DEE, CY), (GUEST, ADA)):
        why = explain(warehouse, exchange, [link], one, other)
        shown = "\n".join(masked.lines(why)) + repr(masked.values(why))
        assert not [word for word in private if word in shown]


def test_a_reference_or_table_that_the_build_lacks_is_an_error(
    warehouse: duckdb.DuckDBPyConnection, exchange: Path, tmp_path: Path
) -> None:
    with pytest.raises(BuildError, match="not part of the last build"):
        explain(warehouse, exchange, [], ADA, ("shop", "new"))
    with pytest.raises(BuildError, match="no tables of identity"):
        explain(warehouse, tmp_path / "none", [], ADA, BOB)
    warehouse.execute("drop table staging.stg_contacts")
    with pytest.raises(BuildError, match="no tables of identity"):
        explain(warehouse, exchange, [], ADA, BOB)


def test_a_key_leads_to_its_person_also_after_a_merge(warehouse: duckdb.DuckDBPyConnection, exchange: Path) -> None:
    found = find_persons(warehouse, exchange, ["k_b", "k_m", "unknown", "k_b"])
    assert [(one.asked, one.customer_key, one.name, one.customer_ref) for one in found] == [
        ("k_b", "k_b", "Bob", "B1"),
        ("k_m", "k_a1", "Ada", "A1"),
    ]
    with pytest.raises(BuildError, match="no table of persons"):
        find_persons(duckdb.connect(), exchange, ["k_b"])
