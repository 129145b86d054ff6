"""Exchange files that name a person although no landed row does any more are found."""

from pathlib import Path

import duckdb
import pytest

from pipelines.privacy.exchanged import names_person
from pipelines.privacy.subject import Subject


@pytest.mark.parametrize(
    ("subject", "is_named"),
    [
        (Subject(emails=frozenset({"ada@x.org"})), True),
        (Subject(phones=frozenset({"442079460958"})), True),
        (Subject(refs=frozenset({("web", "A-1")})), True),
        (Subject(refs=frozenset({("till", "A-1")}), emails=frozenset({"bob@x.org"})), False),
    ],
)
def test_a_value_of_the_person_is_found_in_any_exchange_file(tmp_path: Path, subject: Subject, is_named: bool) -> None:
    assert not names_person(tmp_path, subject)
    (tmp_path / "backfill").mkdir()
    contacts = "(values ('email', 'Ada@X.org'), ('phone', '+44 20 7946 0958')) as t(kind, value)"
    duckdb.sql(f"copy (from {contacts}) to '{tmp_path}/identifiers.parquet'")
    duckdb.sql(f"copy (select 'web' as source, 'A-1' as ref) to '{tmp_path}/backfill/pseudonyms.parquet'")
    assert names_person(tmp_path, subject) is is_named
