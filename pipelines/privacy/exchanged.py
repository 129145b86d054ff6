"""Checks whether the files that steps exchange name a person. They can keep values that no landed row has any more."""

from pathlib import Path

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.identity.plain_contacts import digits
from pipelines.identity.pseudonyms import IDENTIFIERS
from pipelines.privacy.subject import Subject


def names_person(exchange: Path, subject: Subject) -> bool:
    """Whether a file of references or contacts names the person.

    Args:
        exchange: `<home>/exchange`, which need not exist.
        subject: The person.
    """
    contact = f"lower(value) in (select unnest($emails)) or {digits('value')} in (select unnest($phones))"
    refs = "(source, ref) in (select unnest($sources), unnest($refs))"
    pairs = sorted(subject.refs)
    values = {"emails": sorted(subject.emails), "phones": sorted(subject.phones)}
    named = {"sources": [source for source, _ in pairs], "refs": [ref for _, ref in pairs]}
    with connect() as connection:
        return any(
            connection.execute(
                f"select 1 from read_parquet({quoting.files(path)}) where {where} limit 1",  # noqa: S608 (names are quoted)
                {name: given or [""] for name, given in parameters.items()},
            ).fetchall()
            for file, where, parameters in ((IDENTIFIERS, contact, values), ("pseudonyms.parquet", refs, named))
            for path in sorted(exchange.rglob(file))
        )
