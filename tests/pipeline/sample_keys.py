"""The customer key that a run of the sample gave to each reference and guest of the truth."""

from dataclasses import dataclass

import duckdb

from pipelines.config.secret_key import load_key
from pipelines.identity.contacts import email_form
from pipelines.identity.identifiers import identifier
from tests.conftest import SampleHome
from tests.sample_people import Known, true_people


@dataclass(frozen=True)
class PersonKey:
    """A reference, its true person and its customer key (None if it has none)."""

    source: str
    ref: str
    person: str
    customer_key: str | None


def person_keys(sample_home: SampleHome) -> list[PersonKey]:
    """Each reference and guest of the truth with its key. The reference of a guest is `@` and the identifier."""
    key = load_key(sample_home.home / "key")
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select source, customer_ref, customer_key from intermediate.int_customer_identity"
        ).fetchall()
    found = {(source, ref): customer_key for source, ref, customer_key in rows}
    known = [(row, _reference(row, key)) for row in true_people(sample_home.sample)]
    return [PersonKey(row.source, ref, row.person, found.get((row.source, ref))) for row, ref in known]


def _reference(row: Known, key: bytes) -> str:
    if row.ref is not None:
        return row.ref
    form = email_form(str(row.email), keeps_tag=True)
    assert form is not None
    return f"@{identifier(key, 'email', form)}"
