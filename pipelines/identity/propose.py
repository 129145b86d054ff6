"""Proposes references that may be the same person although no rule links them. It only reads, and links nobody.

The fields of the records are compared by match_model.py. A person checks the proposals and decides with
`loyalty identity link`. The result has references in clear text, and names no other personal value.
"""

import shutil
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

import duckdb

from pipelines.base.database import connect
from pipelines.base.errors import BuildError
from pipelines.identity.decisions import Decision, in_force
from pipelines.identity.match_model import ScoredPair, score_pairs

NAMES = ("source_a", "ref_a", "source_b", "ref_b", "match_weight", "match_probability", "agrees", "similar")

# Records in the form in which they are compared: small plain letters, and only characters that carry meaning. Of a
# phone number the last eight digits count, because the country code is often missing.
_RECORDS = """
    select
        (row_number() over (order by customers.source, customers.customer_ref))::integer as id,
        customers.source,
        customers.customer_ref as ref,
        identity.customer_key,
        nullif(trim(regexp_replace(strip_accents(lower(customers.name)), '[\\s.,_-]+', ' ', 'g')), '') as name,
        customers.birth_date::varchar as birth_date,
        nullif(
            regexp_replace(split_part(split_part(lower(customers.email), '@', 1), '+', 1), '[._-]', '', 'g'), ''
        ) as email_local_part,
        nullif(right(regexp_replace(customers.phone, '[^0-9]', '', 'g'), 8), '') as phone,
        nullif(trim(strip_accents(lower(customers.city))), '') as city
    from staging.int_customers_as_of as customers
    inner join intermediate.int_customer_identity as identity
        on customers.source = identity.source and customers.customer_ref = identity.customer_ref
    order by id
"""


@dataclass(frozen=True)
class Proposal:
    """Two references that may be the same person: the columns of NAMES."""

    source_a: str
    ref_a: str
    source_b: str
    ref_b: str
    match_weight: float
    match_probability: float
    agrees: str
    similar: str

    @property
    def row(self) -> tuple[object, ...]:
        """The cells of the review file."""
        return astuple(self)


def propose(
    warehouse: duckdb.DuckDBPyConnection, decisions: Iterable[Decision], min_probability: float, spill: Path
) -> list[Proposal]:
    """Pairs of references of different customers, the best first, one pair for two customers.

    Two customers about whom the user has decided are left out, even if no run has applied the decision yet.

    Args:
        warehouse: The warehouse, opened for reading.
        decisions: All entries of the user.
        min_probability: The smallest probability of a proposal, from 0 to 1.
        spill: The folder for data that does not fit into memory.

    Raises:
        BuildError: Nothing is built yet, or there are too few records.
        ConfigError: Splink is not installed.
    """
    try:
        table = warehouse.sql(_RECORDS).to_arrow_table()
    except duckdb.CatalogException:
        raise BuildError("the last build has no table of persons", hint="call `loyalty run` first") from None
    # one thread: sums of floating-point numbers depend on the order of rows
    try:
        with connect(spill=spill, threads=1) as connection:
            connection.register("built", table)
            connection.execute("create table record as from built order by id")
            pairs = score_pairs(connection, min_probability)
            refs = connection.execute("select id, source, ref, customer_key from record").fetchall()
    finally:
        shutil.rmtree(spill, ignore_errors=True)
    record = {number: (source, ref) for number, source, ref, _ in refs}
    customer = {number: key for number, _, _, key in refs}
    return _proposals(pairs, record, customer, decisions)


def _proposals(
    pairs: Iterable[ScoredPair],
    record: dict[int, tuple[str, str]],
    customer: dict[int, str],
    decisions: Iterable[Decision],
) -> list[Proposal]:
    of_ref = {ref: customer[number] for number, ref in record.items()}
    done = {
        frozenset(of_ref.get(reference.pair, "") for reference in (entry.one, entry.other) if reference)
        for entry in in_force(decisions)
    }
    found = []
    for pair in pairs:
        customers = frozenset((customer[pair.one], customer[pair.other]))
        if len(customers) == 2 and customers not in done:
            done.add(customers)
            equal, similar = " ".join(pair.equal), " ".join(pair.similar)
            found.append(
                Proposal(*record[pair.one], *record[pair.other], pair.weight, pair.probability, equal, similar)
            )
    return found
