"""Pseudonyms: the same person under the same key always, nobody else's, and the key's secret stays one."""

import hashlib
import hmac
import stat
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from pipelines.base.errors import BuildError, ConfigError
from pipelines.config.secret_key import load_key, load_keys
from pipelines.identity import pseudonyms
from pipelines.identity.contacts import ContactRules
from pipelines.identity.identifiers import identifier, write_identifiers
from pipelines.identity.pseudonyms import PseudonymReport, customer_key, key_fingerprint

KEY = b"k" * 40
NO_RULES = ContactRules()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    stage(path, ("shop", "1"), ("shop", "2"), ("crm", "1"), ("shop", "1"))
    return path


def stage(path: Path, *refs: tuple[str, str]) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema if not exists staging")
        connection.execute("create table if not exists staging.stg_customer_refs (source text, ref text)")
        columns = "source text, ref text, kind text, value text"
        connection.execute(f"create table if not exists staging.stg_contacts ({columns})")
        connection.executemany("insert into staging.stg_customer_refs values (?, ?)", refs)


def add_contacts(path: Path, *rows: tuple[str, str | None, str, str]) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.executemany("insert into staging.stg_contacts values (?, ?, ?, ?)", rows)


def write_pseudonyms(path: Path, exchange: Path, key: bytes, rules: ContactRules = NO_RULES) -> PseudonymReport:
    """Both steps in their order."""
    write_identifiers(path, exchange, key, rules)
    return pseudonyms.write_pseudonyms(path, exchange, key)


def keys(exchange: Path) -> dict[tuple[str, str], str]:
    rows = pq.read_table(exchange / "pseudonyms.parquet").to_pylist()
    found = {(row["source"], row["ref"]): row["customer_key"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_pseudonym_is_the_hmac_of_source_and_reference(warehouse: Path, tmp_path: Path) -> None:
    write_pseudonyms(warehouse, tmp_path, KEY)
    assert keys(tmp_path) == {
        (source, ref): hmac.new(KEY, f"{source}\x1f{ref}".encode(), hashlib.sha256).hexdigest()[:32]
        for source, ref in [("shop", "1"), ("shop", "2"), ("crm", "1")]
    }


def test_neighbours_do_not_run_together() -> None:
    assert customer_key(KEY, "shop", "1") != customer_key(KEY, "sho", "p1")


def test_only_new_references_are_computed_and_known_ones_stay(warehouse: Path, tmp_path: Path) -> None:
    first = write_pseudonyms(warehouse, tmp_path, KEY)
    before = keys(tmp_path)
    stage(warehouse, ("shop", "3"))
    second = write_pseudonyms(warehouse, tmp_path, KEY)
    assert (first.known, first.new, second.known, second.new) == (0, 3, 3, 1)
    assert before.items() <= keys(tmp_path).items()
    assert len(keys(tmp_path)) == 4


def test_another_key_leaves_nothing_of_the_old_one(warehouse: Path, tmp_path: Path) -> None:
    write_pseudonyms(warehouse, tmp_path, KEY)
    before = set(keys(tmp_path).values())
    report = write_pseudonyms(warehouse, tmp_path, b"another" * 8)
    assert (report.known, report.new) == (0, 3)
    assert before.isdisjoint(keys(tmp_path).values())


def test_the_file_is_for_its_owner_alone_and_does_not_hold_the_key(warehouse: Path, tmp_path: Path) -> None:
    write_pseudonyms(warehouse, tmp_path, KEY)
    path = tmp_path / "pseudonyms.parquet"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY not in path.read_bytes()
    assert key_fingerprint(KEY) != key_fingerprint(KEY + b"k")


def test_without_staging_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    duckdb.connect(str(path)).close()
    with pytest.raises(BuildError, match=r"identifiers\.parquet does not exist"):
        pseudonyms.write_pseudonyms(path, tmp_path, KEY)
    stage(tmp_path / "other.duckdb", ("shop", "1"))
    write_identifiers(tmp_path / "other.duckdb", tmp_path, KEY, NO_RULES)
    with pytest.raises(BuildError, match="stg_customer_refs"):
        pseudonyms.write_pseudonyms(path, tmp_path, KEY)


def test_a_guest_has_one_pseudonym_per_source_and_address(warehouse: Path, tmp_path: Path) -> None:
    add_contacts(
        warehouse,
        ("shop", None, "email", "Anna@example.com"),
        ("shop", None, "email", "anna@example.com"),
        ("kiosk", None, "email", "anna@example.com"),
        ("shop", "1", "email", "bea@example.com"),
        ("shop", None, "phone", "+4930901820"),
        ("shop", None, "email", "not an address"),
    )
    assert write_pseudonyms(warehouse, tmp_path, KEY).new == 5
    guest = "@" + identifier(KEY, "email", "anna@example.com")
    assert keys(tmp_path).keys() - {("shop", "1"), ("shop", "2"), ("crm", "1")} == {("shop", guest), ("kiosk", guest)}
    assert keys(tmp_path)["shop", guest] == customer_key(KEY, "shop", guest)
    assert write_pseudonyms(warehouse, tmp_path, KEY) == PseudonymReport(known=5, new=0)


def test_a_blocked_address_is_not_a_guest(warehouse: Path, tmp_path: Path) -> None:
    add_contacts(warehouse, ("shop", None, "email", "Info@example.com"))
    report = write_pseudonyms(warehouse, tmp_path, KEY, ContactRules(blocked=frozenset({"info@example.com"})))
    assert report.new == 3


def test_identifiers_of_another_key_make_no_guests(warehouse: Path, tmp_path: Path) -> None:
    write_identifiers(warehouse, tmp_path, b"another" * 8, NO_RULES)
    with pytest.raises(BuildError, match="another key"):
        pseudonyms.write_pseudonyms(warehouse, tmp_path, KEY)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "home" / "key"
    key = load_key(path)
    assert len(key) == 64
    assert load_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [other.name for other in path.parent.iterdir()] == ["key"]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    load_key(path)
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="can be read by others") as caught:
        load_key(path)
    assert "chmod 600" in caught.value.hint


def test_a_short_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="LOYALTY_KEY has 5 characters") as caught:
        load_key(tmp_path / "key", SecretStr("abcde"))
    assert "abcde" not in caught.value.message + caught.value.hint
    path = tmp_path / "key"
    path.write_text("short\n")
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="5 characters"):
        load_key(path)


def test_the_key_of_the_environment_wins_and_no_file_is_made(tmp_path: Path) -> None:
    assert load_key(tmp_path / "key", SecretStr("x" * 32)) == b"x" * 32
    assert not (tmp_path / "key").exists()


def test_of_several_keys_the_first_is_in_force(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("\n".join(["n" * 40, "", "  " + "o" * 40]) + "\n")
    path.chmod(0o600)
    assert load_keys(path) == (b"n" * 40, b"o" * 40)
    assert load_key(path) == b"n" * 40
    assert load_keys(path, SecretStr("e" * 40 + "\n" + "f" * 40)) == (b"e" * 40, b"f" * 40)


def test_a_key_that_is_no_longer_in_force_must_be_long_enough_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has 5 characters"):
        load_keys(tmp_path / "key", SecretStr("e" * 40 + "\nshort"))


@pytest.mark.parametrize("trace", ["exchange/pseudonyms.parquet", "published/versions/2026-01-05_aaaa/manifest.json"])
def test_a_key_that_was_used_and_is_gone_is_not_made_anew(tmp_path: Path, trace: str) -> None:
    (tmp_path / trace).parent.mkdir(parents=True)
    (tmp_path / trace).touch()
    with pytest.raises(ConfigError, match="there is no key") as caught:
        load_key(tmp_path / "key")
    assert "LOYALTY_KEY" in caught.value.hint
    assert not (tmp_path / "key").exists()
    assert load_key(tmp_path / "key", SecretStr("g" * 32)) == b"g" * 32
