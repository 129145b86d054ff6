"""`loyalty identity link`, `unlink`, `undo` and `list` in a small home, and what `forget` leaves of them."""

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.base.durable import PRIVATE, umask
from pipelines.cli.app import app
from pipelines.config.secret_key import load_key
from pipelines.config.settings import Settings
from pipelines.identity.contacts import ContactRules
from pipelines.identity.decisions import in_force, read_decisions
from pipelines.identity.identifiers import guest_ref
from pipelines.identity.pseudonyms import customer_key
from pipelines.landing import SourceFiles, land, load_mapping
from pipelines.privacy import erase, plan_erasure
from tests.pipeline import person

MINA = "mina@example.org"


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """Ada and Bob, and a customer whose reference is an e-mail address."""
    settings = person.settings(tmp_path)
    mina = {"customers": [{"customer_ref": MINA, "name": "Mina M"}]}
    person.write(tmp_path / "inbox", "2024-03-01", person.rows("2024-03-01"), person.bobs_rows("2024-03-01"), mina)
    source = settings.sources[0]
    land(settings.home, [SourceFiles(load_mapping(source.mapping), source.files)], today=date(2024, 4, 1))
    return settings


def ask(settings: Settings, *arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(app, ["identity", *arguments, "--config", str(settings.config_path)])
    assert done.exit_code == code, done.stderr
    return done


def test_a_decision_is_made_listed_and_undone(shop: Settings) -> None:
    done = ask(shop, "link", person.REF, f"crm:{person.BOB}", "--reason", "one household")
    assert done.stdout == f"d1: link crm:{person.REF} crm:{person.BOB}; the next `loyalty run` applies it\n"
    ask(shop, "unlink", person.SECOND_REF, person.BOB, "--reason", "two people")
    listed = json.loads(ask(shop, "list", "--json").stdout)
    assert [(one["id"], one["action"], one["one"]) for one in listed] == [
        ("d1", "link", f"crm:{person.REF}"),
        ("d2", "unlink", f"crm:{person.SECOND_REF}"),
    ]
    assert (
        "undo it first: loyalty identity undo d1"
        in ask(shop, "unlink", person.BOB, person.REF, "--reason", "no", code=2).stderr
    )
    assert "d1 no longer counts" in ask(shop, "undo", "d1").stdout
    assert "d1" not in ask(shop, "list").stdout
    assert [line.split()[0] for line in ask(shop, "list", "--all").stdout.splitlines()] == ["id", "d1", "d2", "d3"]
    assert "the decision d9 does not exist" in ask(shop, "undo", "d9", code=2).stderr


def test_reasons_and_references_that_are_contacts_are_shown_with_reveal_only(shop: Settings) -> None:
    assert MINA not in ask(shop, "link", MINA, person.BOB, "--reason", "Mina M told us").stdout
    for options in (["list"], ["list", "--json"]):
        shown = ask(shop, *options).stdout
        assert "m***@example.org" in shown
        assert MINA not in shown
        assert "Mina" not in shown
        revealed = ask(shop, *options, "--reveal").stdout
        assert MINA in revealed
        assert "Mina M told us" in revealed


def test_an_unknown_reference_or_the_same_one_twice_is_refused(shop: Settings) -> None:
    assert (
        "no landed row has the reference NOBODY"
        in ask(shop, "link", "NOBODY", person.REF, "--reason", "x", code=8).stderr
    )
    assert "web:" in ask(shop, "link", f"web:{person.REF}", person.BOB, "--reason", "x", code=8).stderr
    assert (
        "both references are the same"
        in ask(shop, "link", person.REF, f"crm:{person.REF}", "--reason", "x", code=2).stderr
    )
    assert not shop.paths.decisions.exists()


def test_a_reference_of_several_sources_needs_its_source(shop: Settings) -> None:
    inbox = shop.config_path.parent / "second" if shop.config_path else Path()
    person.write(inbox, "2024-03-01", person.bobs_rows("2024-03-01"))
    mapping = inbox.parent / "second.yml"
    mapping.write_text(person.mapping("web"), encoding="utf-8")
    land(shop.home, [SourceFiles(load_mapping(mapping), inbox)], today=date(2024, 4, 1))
    refused = ask(shop, "link", person.REF, person.BOB, "--reason", "x", code=2)
    assert "2 sources have the reference" in refused.stderr
    assert f"such as crm:{person.BOB}" in refused.stderr
    ask(shop, "link", f"web:{person.BOB}", f"crm:{person.BOB}", "--reason", "x")


def test_the_e_mail_of_an_order_without_a_reference_names_a_guest(shop: Settings) -> None:
    key = load_key(shop.paths.key, shop.key_text)
    for text in (person.EMAIL, f"crm:{person.EMAIL.upper()}"):
        ask(shop, "link", text, person.BOB, "--reason", "the same person")
        (entry,) = in_force(read_decisions(shop.paths.decisions))
        guest = ("crm", guest_ref(key, ContactRules(), person.EMAIL))
        assert entry.refs == {guest, ("crm", person.BOB)}
        assert person.traces(shop.paths.decisions.parent) == {}
        ask(shop, "undo", entry.id)
    ask(shop, "unlink", "crm:nobody@example.org", person.BOB, "--reason", "x", code=8)


def test_forgetting_a_guest_removes_them_from_the_decisions(shop: Settings) -> None:
    key = load_key(shop.paths.key, shop.key_text)
    ask(shop, "link", person.EMAIL, person.BOB, "--reason", "the same person")
    ((guest, _),) = [sorted(entry.refs) for entry in read_decisions(shop.paths.decisions)]
    plan = plan_erasure(shop, person.EMAIL)
    keys = (*plan.customer_keys, customer_key(key, *guest))
    with umask(PRIVATE) as users:
        certificate = erase(shop, plan.model_copy(update={"customer_keys": keys}), users)
    assert certificate.decisions == 1
    assert guest[1] not in shop.paths.decisions.read_text()


def test_a_person_of_another_source_can_be_named(shop: Settings, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    mark = {"customers": [{"customer_ref": "K9-IN-CRM", "person_ref": "K9-ELSEWHERE", "person_source": "web"}]}
    person.write(inbox, "2024-03-02", mark)
    land(shop.home, [SourceFiles(load_mapping(shop.sources[0].mapping), inbox)], today=date(2024, 4, 1))
    assert "web:K9-ELSEWHERE" in ask(shop, "unlink", "K9-ELSEWHERE", "K9-IN-CRM", "--reason", "x").stdout
    ask(shop, "unlink", "crm:K9-ELSEWHERE", person.BOB, "--reason", "x", code=8)


def test_a_missing_home_is_not_created(tmp_path: Path) -> None:
    settings = person.settings(tmp_path)
    ask(settings, "link", "A", "B", "--reason", "x", code=8)
    assert ask(settings, "list").stdout.startswith("no decision is in force")
    assert not settings.home.exists()


def test_forgetting_a_person_removes_them_from_the_decisions(shop: Settings) -> None:
    ask(shop, "unlink", person.REF, person.BOB, "--reason", "they only share a phone")
    ask(shop, "link", MINA, person.BOB, "--reason", f"{person.NAME} said so")
    with umask(PRIVATE) as users:
        certificate = erase(shop, plan_erasure(shop, person.REF), users)
    assert certificate.decisions == 2
    assert person.traces(shop.home) == {}
    left = json.loads(ask(shop, "list", "--all", "--json", "--reveal").stdout)
    assert [(one["id"], one["action"], one["reason"]) for one in left] == [("d1", "erased", ""), ("d2", "link", "")]
    # a reference that was erased cannot be named any more
    ask(shop, "link", person.REF, person.BOB, "--reason", "again", code=8)
