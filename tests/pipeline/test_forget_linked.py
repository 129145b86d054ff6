"""A person is erased and exported with all their references in all sources, and nobody else with them."""

import json
from io import StringIO
from pathlib import Path

import duckdb
import pytest

from pipelines.base.errors import ConfigError
from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings
from pipelines.identity.decisions import Action, add_decision, read_decisions, undo_decision
from pipelines.identity.identifiers import identifier
from pipelines.identity.pseudonyms import customer_key
from pipelines.privacy import plan_erasure
from pipelines.privacy.export import export_person
from tests.conftest import call
from tests.pipeline import person
from tests.pipeline.people import DAY, LATER, arrive, deliver, forget, members, order, settings
from tests.pipeline.test_forget_landed import landed

EMAIL, PHONE = "ada.lovelace@nowhere.example", "+44 20 7946 0958"
WEB, TILL, OLD, OTHER = "ADA-WEB-10001", "ADA-TILL-20002", "ADA-OLD-30003", "BOB-WEB-40004"
ALL = (WEB, TILL, OLD, EMAIL, "7946 0958")


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """Ada in two sources: by e-mail, by phone, by an earlier reference, and as a guest. Bob has nothing of hers."""
    shop = settings(tmp_path, "web", "till", phone_region="GB")
    bob = {"customer_ref": OTHER, "email": "bob@nowhere.example", "phone": "020 7946 0111"}
    deliver(shop, "web", DAY, {"customer_ref": WEB, "email": EMAIL}, bob, orders=[order("W1", customer_ref=WEB)])
    deliver(
        shop,
        "till",
        DAY,
        {"customer_ref": TILL, "email": f"ＡＤＡ.{EMAIL[4:]}", "phone": PHONE},
        {"customer_ref": OLD, "phone": "020 7946 0958", "person_ref": TILL},
        orders=[
            order("T1", email=EMAIL.upper()),
            order("T2", customer_ref=OLD),
            order("T3", email="bob@nowhere.example"),
        ],
    )
    arrive(shop)
    return shop


def exported(shop: Settings, asked: str) -> dict[str, object]:
    load_key(shop.paths.key, shop.key_text)
    text = StringIO()
    export_person(shop, asked, text)
    found: dict[str, object] = json.loads(text.getvalue())
    return found


@pytest.mark.parametrize("asked", [WEB, OLD, EMAIL.upper(), "020 7946 0958", "+442079460958"])
def test_by_whatever_they_are_asked_for_they_are_erased_in_every_source(shop: Settings, asked: str) -> None:
    assert forget(shop, asked).was_held
    assert person.traces(shop.home, ALL) == {}
    assert person.traces(shop.home, (OTHER,))
    assert plan_erasure(shop, OTHER).landed["orders"] == {"anonymised": 1}


def test_the_preview_names_each_reference_and_the_link_without_the_contact(shop: Settings) -> None:
    assert members(shop, WEB) == {
        f"web:{WEB}": "asked",
        "till:guest a***@nowhere.example": "email a***@nowhere.example",
        f"till:{TILL}": "email a***@nowhere.example",
        f"till:{OLD}": "person_ref",
    }
    told = call("forget", WEB, "--dry-run", "--config", shop.config_path or "")
    assert told.returncode == 0, told.stderr
    for text in (WEB, TILL, OLD, "person_ref", "a***@nowhere.example"):
        assert text in told.stdout
    assert EMAIL not in told.stdout.lower()
    assert person.traces(shop.home, (WEB,))


def test_an_export_has_every_reference_and_guest_and_how_they_are_linked(shop: Settings) -> None:
    held = exported(shop, OLD)
    assert held["references"] == [
        {"source": "till", "ref": OLD},
        {"source": "till", "ref": TILL},
        {"source": "web", "ref": WEB},
    ]
    assert held["guests"] == [{"source": "till", "email": EMAIL}]
    assert isinstance(held["links"], list) and isinstance(held["held"], dict)
    assert {(one["ref"], one["link"]) for one in held["links"]} >= {(OLD, "asked"), (WEB, "email")}
    assert {row["order_id"] for row in held["held"]["landed.orders"]} == {"W1", "T1", "T2"}
    assert OTHER not in json.dumps(held)


def test_the_certificate_lists_the_removed_keys_and_names_nobody(shop: Settings) -> None:
    key = load_key(shop.paths.key, shop.key_text)
    certificate = forget(shop, WEB)
    guest = customer_key(key, "till", f"@{identifier(key, 'email', EMAIL)}")
    refs = (("web", WEB), ("till", TILL), ("till", OLD))
    assert set(certificate.removed_keys) == {guest, *(customer_key(key, *ref) for ref in refs)}
    assert certificate.remaining_keys == ()
    assert certificate.links == {"asked": 1, "email": 2, "person_ref": 1}
    text = certificate.model_dump_json().lower()
    assert not [word for word in ALL if word.lower() in text]


@pytest.mark.parametrize("only", [TILL, f"till:{TILL}"])
def test_only_the_named_reference_is_erased_and_what_the_others_have_too_stays(shop: Settings, only: str) -> None:
    key = load_key(shop.paths.key, shop.key_text)
    certificate = forget(shop, WEB, only=[only])
    # OLD names it in person_ref, so this record of OLD is removed too; her orders keep OLD
    assert list(person.traces(shop.home, (TILL,))) == []
    assert person.traces(shop.home, (WEB,)) and person.traces(shop.home, (EMAIL,)) and person.traces(shop.home, (OLD,))
    assert certificate.removed_keys == (customer_key(key, "till", TILL),)
    guest = customer_key(key, "till", f"@{identifier(key, 'email', EMAIL)}")
    assert set(certificate.remaining_keys) == {guest, customer_key(key, "web", WEB), customer_key(key, "till", OLD)}
    assert certificate.shared["emails"] == 1
    assert any("stay, as you asked" in text for text in certificate.to_do)
    # the e-mail of the others has no tombstone
    deliver(shop, "web", LATER, {"customer_ref": WEB, "email": EMAIL}, {"customer_ref": "ADA-NEW-5", "email": EMAIL})
    assert arrive(shop).erased == 0
    # the erased reference has
    deliver(shop, "till", LATER, {"customer_ref": TILL, "email": EMAIL})
    assert arrive(shop).erased == 1


def test_a_reference_of_somebody_else_cannot_be_chosen(shop: Settings) -> None:
    for wrong in (OTHER, f"web:{TILL}", "nobody"):
        with pytest.raises(ConfigError, match="the person has no references like this"):
            plan_erasure(shop, WEB, only=[wrong])


def test_a_mailbox_of_too_many_pulls_no_stranger_in(tmp_path: Path) -> None:
    shop = settings(tmp_path, "web", "till", max_refs_of_email=2)
    shared = "family@nowhere.example"
    people = [{"customer_ref": f"STRANGER-{n}", "email": shared} for n in range(3)]
    deliver(shop, "web", DAY, *people)
    deliver(shop, "till", DAY, {"customer_ref": "TILL-STRANGER", "email": shared}, orders=[order("T1", email=shared)])
    arrive(shop)
    assert members(shop, "STRANGER-0") == {"web:STRANGER-0": "asked"}
    assert members(shop, "TILL-STRANGER") == {"till:TILL-STRANGER": "asked"}
    certificate = forget(shop, "STRANGER-0")
    assert certificate.shared == {"emails": 1}
    assert set(person.traces(shop.home, ("STRANGER-0",))) == set()
    for other in ("STRANGER-1", "STRANGER-2", "TILL-STRANGER", shared):
        assert person.traces(shop.home, (other,)), other


def test_references_of_one_declared_person_count_once_for_a_mailbox(tmp_path: Path) -> None:
    shop = settings(tmp_path, "web", "till", max_refs_of_email=1)
    one = {"customer_ref": "A-1", "email": EMAIL}
    deliver(shop, "web", DAY, one, {"customer_ref": "A-2", "email": EMAIL, "person_ref": "A-1"})
    deliver(shop, "till", DAY, {"customer_ref": "T-1", "email": EMAIL})
    arrive(shop)
    assert set(members(shop, "T-1")) == {"till:T-1", "web:A-1", "web:A-2"}


def test_a_blocked_contact_links_nobody_and_stays(tmp_path: Path) -> None:
    shop = settings(tmp_path, "web", "till", blocked=["Till@Shop.example"])
    deliver(shop, "web", DAY, {"customer_ref": "A-WEB-1", "email": "till@shop.example"})
    deliver(shop, "till", DAY, {"customer_ref": "A-TILL-1", "email": "TILL@shop.example"})
    arrive(shop)
    assert members(shop, "A-WEB-1") == {"web:A-WEB-1": "asked"}
    assert forget(shop, "A-WEB-1").shared == {"emails": 1}
    deliver(shop, "web", LATER, {"customer_ref": "B-WEB-1", "email": "till@shop.example"})
    assert arrive(shop).erased == 0


def test_a_phone_of_two_customers_of_one_source_links_nobody(tmp_path: Path) -> None:
    shop = settings(tmp_path, "web", "till")
    deliver(shop, "web", DAY, {"customer_ref": "ANN-1", "phone": PHONE}, {"customer_ref": "BEN-1", "phone": PHONE})
    deliver(shop, "till", DAY, {"customer_ref": "CAT-1", "phone": PHONE})
    arrive(shop)
    assert members(shop, "CAT-1") == {"till:CAT-1": "asked"}


def test_a_link_of_the_user_joins_and_an_unlink_separates(shop: Settings) -> None:
    decisions = shop.paths.decisions
    add_decision(decisions, Action.LINK, ("web", WEB), ("web", OTHER), "the same household", by="me")
    assert members(shop, OTHER)[f"web:{WEB}"] == "decision"
    assert f"web:{OTHER}" in members(shop, OLD)
    add_decision(decisions, Action.UNLINK, ("web", WEB), ("till", TILL), "not hers", by="me")
    assert set(members(shop, WEB)) == {f"web:{WEB}", f"web:{OTHER}", "till:guest b***@nowhere.example"}
    assert set(members(shop, OLD)) == {f"till:{OLD}", f"till:{TILL}", "till:guest a***@nowhere.example"}


def test_who_was_separated_keeps_rows_and_contacts_and_no_erased_row_comes_back(shop: Settings) -> None:
    add_decision(shop.paths.decisions, Action.UNLINK, ("web", WEB), ("till", TILL), "not hers", by="me")
    certificate = forget(shop, TILL)
    assert certificate.shared == {"emails": 1}
    assert person.traces(shop.home, (TILL, OLD, "7946 0958")) == {}
    assert person.traces(shop.home, (WEB,)) and person.traces(shop.home, (EMAIL,))
    deliver(shop, "till", LATER, orders=[order("T9", email=EMAIL)])
    deliver(shop, "web", LATER, orders=[order("W9", email=EMAIL)])
    arrive(shop)
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select order_id, email from read_parquet('{shop.home}/landing/orders/*/*/part.parquet')"
            " where order_id in ('T1', 'T9', 'W9') order by order_id"
        ).fetchall()
    # the guest of the till was erased with her; the same address at the web shop is the other person's
    assert rows == [("T1", None), ("T9", None), ("W9", EMAIL)]


def test_versions_from_before_an_unlink_lose_the_rows_of_all_who_were_one_customer(shop: Settings) -> None:
    key = load_key(shop.paths.key, shop.key_text)
    add_decision(shop.paths.decisions, Action.UNLINK, ("till", TILL), ("web", WEB), "her daughter", by="me")
    plan = plan_erasure(shop, WEB)
    refs = {"web": WEB, "till": TILL}
    assert {customer_key(key, *ref) for ref in refs.items()} <= set(plan.customer_keys)
    assert customer_key(key, "web", OTHER) not in plan.customer_keys
    certificate = forget(shop, WEB)
    assert customer_key(key, "till", TILL) not in certificate.removed_keys
    assert [text for text in certificate.to_do if "before you separated them" in text]
    assert person.traces(shop.home, (TILL,))


def test_versions_from_before_a_contact_was_blocked_lose_the_rows_of_all_who_were_one_customer(tmp_path: Path) -> None:
    shop = settings(tmp_path, "web", "till", blocked=[EMAIL])
    deliver(shop, "web", DAY, {"customer_ref": WEB, "email": EMAIL}, {"customer_ref": OTHER})
    deliver(shop, "till", DAY, {"customer_ref": TILL, "email": EMAIL})
    arrive(shop)
    key = load_key(shop.paths.key, shop.key_text)
    assert members(shop, WEB) == {f"web:{WEB}": "asked"}
    assert set(plan_erasure(shop, WEB).customer_keys) == {
        customer_key(key, "web", WEB),
        customer_key(key, "till", TILL),
    }
    forget(shop, WEB)
    assert person.traces(shop.home, (TILL,))


def test_versions_from_before_the_undo_of_a_link_lose_the_rows_of_both(shop: Settings) -> None:
    key = load_key(shop.paths.key, shop.key_text)
    made = add_decision(shop.paths.decisions, Action.LINK, ("web", WEB), ("web", OTHER), "one household", by="me")
    undo_decision(shop.paths.decisions, made.id, by="me")
    assert f"web:{OTHER}" not in members(shop, WEB)
    assert customer_key(key, "web", OTHER) in plan_erasure(shop, WEB).customer_keys
    forget(shop, WEB)
    assert person.traces(shop.home, (OTHER,))


def test_an_erasure_leaves_no_decision_about_the_person(shop: Settings) -> None:
    add_decision(shop.paths.decisions, Action.LINK, ("web", WEB), ("web", OTHER), f"wrote from {EMAIL}", by="me")
    certificate = forget(shop, WEB, only=[WEB])
    assert certificate.decisions == 1
    assert [entry.action for entry in read_decisions(shop.paths.decisions)] == [Action.ERASED]
    assert WEB.encode() not in shop.paths.decisions.read_bytes()


def test_a_decision_about_a_guest_counts_and_goes_with_the_guest(shop: Settings) -> None:
    key = load_key(shop.paths.key, shop.key_text)
    ada, bob = (("till", f"@{identifier(key, 'email', email)}") for email in (EMAIL, "bob@nowhere.example"))
    add_decision(shop.paths.decisions, Action.UNLINK, ("web", WEB), ada, "not hers", by="me")
    assert set(members(shop, WEB)) == {f"web:{WEB}"}
    add_decision(shop.paths.decisions, Action.LINK, ("web", WEB), bob, "hers", by="me")
    assert set(members(shop, WEB)) == {f"web:{WEB}", "till:guest b***@nowhere.example", f"web:{OTHER}"}
    forget(shop, OLD)
    actions = [entry.action for entry in read_decisions(shop.paths.decisions)]
    assert actions == [Action.ERASED, Action.LINK]


def test_a_person_named_in_another_source_is_found_from_both_ends(tmp_path: Path) -> None:
    shop = settings(tmp_path, "web", "till")
    deliver(shop, "till", DAY, {"customer_ref": "T-90001", "person_ref": "W-90001", "person_source": "web"})
    deliver(shop, "web", DAY, {"customer_ref": "W-90001"}, {"customer_ref": "T-90001"})
    arrive(shop)
    assert set(members(shop, "W-90001")) == {"web:W-90001", "till:T-90001"}
    forget(shop, "T-90001", source="till")
    assert {ref for ref in ("web:T-90001",) if ref in members(shop, "T-90001")} == {"web:T-90001"}
    assert not plan_erasure(shop, "W-90001").is_known


def case(case_id: str, **columns: str) -> dict[str, str]:
    """A case; `columns` are what it names: an order, a customer."""
    return {"case_id": case_id, "opened_at": f"{DAY} 12:00:00", "kind": "question", **columns}


def cases_of(shop: Settings) -> list[str]:
    return sorted(case_id for (case_id,) in landed(shop, "cases", "case_id"))


def test_what_names_only_an_order_of_a_person_in_another_source_is_theirs(tmp_path: Path) -> None:
    shop = settings(tmp_path, "web", "till", "desk")
    ann, bob = {"customer_ref": "ANN-90001"}, {"customer_ref": "BOB-90002"}
    deliver(shop, "web", DAY, ann, orders=[order("7", **ann)], cases=[case("of the web", order_id="7")])
    deliver(shop, "till", DAY, bob, orders=[order("7", **bob)], cases=[case("of the till", order_id="7")])
    cases = [
        case("of Ann", order_id="7", order_source="web"),
        case("of Bob", order_id="7", order_source="till"),
        case("with a phone", order_id="7", order_source="web", phone="030 9018203"),
        case("with a customer", order_id="7", order_source="web", customer_ref="CID-90003"),
        case("of the desk", order_id="7"),
        case("of nobody", order_id="7", order_source="Web"),
    ]
    deliver(shop, "desk", DAY, cases=cases)
    arrive(shop)
    held = exported(shop, "ANN-90001")["held"]
    assert isinstance(held, dict)
    assert sorted(row["case_id"] for row in held["landed.cases"]) == ["of Ann", "of the web", "with a phone"]
    before = cases_of(shop)
    assert forget(shop, "ANN-90001").landed["cases"] == {"removed": 3}
    left = [number for number in before if number not in ("of Ann", "of the web", "with a phone")]
    assert cases_of(shop) == left
    # the order has a tombstone in its own source
    deliver(shop, "desk", LATER, cases=[*cases[:2], case("new", order_id="7", order_source="web")])
    assert arrive(shop).erased == 2
    assert cases_of(shop) == sorted([*left, "of Bob"])
