"""Identifiers: one per contact and key, computed once, without the contact or the key in them."""

import hashlib
import hmac
import stat
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.base.errors import BuildError
from pipelines.identity import contacts, identifiers
from pipelines.identity.contacts import ContactRules
from pipelines.identity.identifiers import IdentifierReport, identifier, write_identifiers
from pipelines.identity.pseudonyms import IDENTIFIERS

KEY = b"k" * 40
RULES = ContactRules()
Row = tuple[str, str | None, str, str | None]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    stage(
        path,
        ("shop", "1", "email", "Anna@example.com"),
        ("crm", "7", "email", "anna@example.com"),
        ("shop", None, "email", "anna@example.com"),
        ("shop", "1", "phone", "+49 30 901820"),
        ("shop", "2", "email", "none"),
    )
    return path


def stage(path: Path, *rows: Row) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema if not exists staging")
        columns = "source text, ref text, kind text, value text"
        connection.execute(f"create table if not exists staging.stg_contacts ({columns})")
        connection.executemany("insert into staging.stg_contacts values (?, ?, ?, ?)", rows)


def found(exchange: Path) -> dict[tuple[str, str], tuple[str | None, bool]]:
    rows = pq.read_table(exchange / IDENTIFIERS).to_pylist()
    by_text = {(row["kind"], row["value"]): (row["identifier"], row["is_blocked"]) for row in rows}
    assert len(by_text) == len(rows)
    return by_text


def forbid_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    def form(*_: object) -> str:
        raise AssertionError("a known text was normalised again")

    monkeypatch.setattr(ContactRules, "form", form)


def test_an_identifier_is_the_hmac_of_the_kind_and_the_normal_form(warehouse: Path, tmp_path: Path) -> None:
    report = write_identifiers(warehouse, tmp_path, KEY, RULES)
    assert report == IdentifierReport(known=0, new=4, unusable=1)

    def expected(text: str) -> str:
        return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()[:32]

    anna = expected("identifier\x1femail\x1fanna@example.com")
    assert found(tmp_path) == {
        ("email", "Anna@example.com"): (anna, False),
        ("email", "anna@example.com"): (anna, False),
        ("email", "none"): (None, False),
        ("phone", "+49 30 901820"): (expected("identifier\x1fphone\x1f+4930901820"), False),
    }


def test_the_same_text_of_another_kind_or_key_is_another_identifier() -> None:
    assert len({identifier(KEY, "email", "x"), identifier(KEY, "phone", "x"), identifier(b"q" * 40, "email", "x")}) == 3


def test_a_known_text_is_not_computed_again(warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_identifiers(warehouse, tmp_path, KEY, RULES)
    before = found(tmp_path)
    with monkeypatch.context() as patch:
        forbid_forms(patch)
        assert write_identifiers(warehouse, tmp_path, KEY, RULES) == IdentifierReport(known=4, new=0, unusable=0)
    stage(warehouse, ("shop", "3", "email", "bea@example.com"))
    assert write_identifiers(warehouse, tmp_path, KEY, RULES) == IdentifierReport(known=4, new=1, unusable=0)
    assert before.items() <= found(tmp_path).items()


@pytest.mark.parametrize("rules", [ContactRules(phone_region="DE"), ContactRules(keeps_email_tag=False)])
def test_other_rules_or_another_key_make_every_identifier_again(
    warehouse: Path, tmp_path: Path, rules: ContactRules
) -> None:
    write_identifiers(warehouse, tmp_path, KEY, RULES)
    before = found(tmp_path)
    assert write_identifiers(warehouse, tmp_path, KEY, rules).known == 0
    assert write_identifiers(warehouse, tmp_path, b"q" * 40, rules).known == 0
    assert {one for one, _ in found(tmp_path).values() if one}.isdisjoint(one for one, _ in before.values())


def test_other_versions_of_the_rules_make_every_identifier_again(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "phonenumbers" in contacts.FORM_RULES
    write_identifiers(warehouse, tmp_path, KEY, RULES)
    monkeypatch.setattr(identifiers, "FORM_RULES", "next")
    assert write_identifiers(warehouse, tmp_path, KEY, RULES).known == 0


def test_a_change_of_the_block_list_reaches_known_texts(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_identifiers(warehouse, tmp_path, KEY, RULES)
    before = found(tmp_path)
    forbid_forms(monkeypatch)
    write_identifiers(warehouse, tmp_path, KEY, ContactRules(blocked=frozenset({"anna@example.com"})))
    blocked = {value for (_, value), (_, is_blocked) in found(tmp_path).items() if is_blocked}
    assert blocked == {"anna@example.com", "Anna@example.com"}
    write_identifiers(warehouse, tmp_path, KEY, RULES)
    assert found(tmp_path) == before


def test_the_file_is_for_its_owner_alone_and_has_no_blocked_contact_in_its_metadata(
    warehouse: Path, tmp_path: Path
) -> None:
    write_identifiers(warehouse, tmp_path, KEY, ContactRules(blocked=frozenset({"secret@example.com"})))
    path = tmp_path / IDENTIFIERS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY not in path.read_bytes()
    assert b"secret" not in path.read_bytes()


def test_texts_are_read_in_batches(warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_identifiers(warehouse, tmp_path / "whole", KEY, RULES)
    monkeypatch.setattr(identifiers, "_BATCH_ROWS", 1)
    assert write_identifiers(warehouse, tmp_path / "parts", KEY, RULES) == IdentifierReport(known=0, new=4, unusable=1)
    assert found(tmp_path / "parts") == found(tmp_path / "whole")


def test_without_staging_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    duckdb.connect(str(path)).close()
    with pytest.raises(BuildError, match="stg_contacts"):
        write_identifiers(path, tmp_path, KEY, RULES)
