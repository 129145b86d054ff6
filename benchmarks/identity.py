"""Who is the same person, at the size of a large shop: seconds and memory for 10,000,000 references.

Here: the rules of identity on links in a Parquet file, the floor beside them, and the identifiers of contacts. Not
here: the rules (pipelines/identity), or dbt's query that writes the links.

    python benchmarks/identity.py [--references 10000000] [--links 15000000] [--values 1000000] [--seed 1]
                                  [--folder FOLDER] [--memory 3GB] [--threads 2]

Writes some 3 GB under FOLDER (default: the system's folder for temporary files) and removes them. Each part runs in its
own process, so that its peak of memory is its own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from scipy import sparse
from scipy.sparse import csgraph
from steps import Steps

from pipelines.base.database import connect, set_limits
from pipelines.identity.contacts import ContactRules, email_form, phone_form
from pipelines.identity.identifiers import SCHEMA, identifier, write_identifiers
from pipelines.identity.links import coded_links
from pipelines.identity.pseudonyms import IDENTIFIERS
from pipelines.identity.resolve import COMPONENTS, Decision, Limits, write_identity

KEY = b"k" * 64
NOBODY = pa.array([], pa.string())
# Of each 15 links, 9 are to an e-mail address, 5 to a phone number and 1 to a reference of the same source. An address
# has 1.4 links and a phone 0.75 on average. One phone in a thousand and one address in a million are placeholders.
LINKS = """
    copy (
        with draw as (
            select
                i,
                i % $references as ref,
                hash(i, $seed, 'other') % ($references * 2 // 3) as contact,
                hash(i, $seed, 'kind') % 15 as kind
            from range($links) as r(i)
        )

        select
            case when kind < 9 then 'email' when kind < 14 then 'phone' else 'person_ref' end as kind,
            'source_' || ref % 5 as source,
            md5('ref' || ref) as node,
            case
                when kind < 9 then md5('email' || if(contact % 1000000 = 0, 0, contact))
                when kind < 14 then md5('phone' || if(contact % 1000 = 0, 0, contact))
                else md5('ref' || (ref + 5) % $references)
            end as other_node
        from draw
    ) to '{path}' (format parquet, compression zstd)
"""
UNLINKS = """
    with pair as (
        select component, max(node) as node, count(*) as n_refs from components group by component
    )

    (select component, node from pair where n_refs <= 20 order by component limit 999)
    union all
    (select component, node from pair order by n_refs desc, component limit 1)
"""
CONTACTS = """
    create schema staging;
    create table staging.stg_contacts as
    select 'shop' as source, i::text as ref, '{kind}' as kind, {value} as value
    from range({values}) as r(i)
"""
VALUES = {
    "email": "if(i % 2 = 0, 'First.Last' || i || '@Example.com', 'n_' || i || '+a@mail' || i % 99 || '.example.org')",
    "phone": "if(i % 2 = 0, '+49 30 ' || 20000000 + i, '0' || 171 || ' ' || 1000000 + i)",
}


def main() -> None:
    """Run every part in its own process."""
    arguments = parsed()
    if arguments.part:
        PARTS[arguments.part](arguments)
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="loyalty-identity-") as folder:
        set_limits(arguments.memory, arguments.threads)
        links = Path(folder) / "edges.parquet"
        with connect(spill=Path(folder) / "spill") as connection:
            values = {"references": arguments.references, "links": arguments.links, "seed": arguments.seed}
            connection.execute(LINKS.replace("{path}", str(links)), values)
        pq.write_table(SCHEMA.empty_table(), Path(folder) / IDENTIFIERS)
        for part in PARTS:
            options = [f"--{name}={getattr(arguments, name)}" for name in ("references", "links", "values", "memory")]
            command = [sys.executable, __file__, f"--part={part}", f"--folder={folder}", *options]
            subprocess.run([*command, f"--threads={arguments.threads}"], check=True)


def parsed() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--references", type=int, default=10_000_000)
    parser.add_argument("--links", type=int, default=15_000_000)
    parser.add_argument("--values", type=int, default=1_000_000, help="distinct e-mails, and as many phone numbers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--memory", default="3GB", help="the limit of DuckDB")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    return parser.parse_args()


def rules(arguments: argparse.Namespace) -> None:
    """The step as a run calls it, with and without unlinks."""
    set_limits(arguments.memory, arguments.threads)
    folder = Path(arguments.folder)
    edges = folder / "edges.parquet"
    steps = Steps()
    with steps.step("write_identity"):
        report = write_identity(edges, folder, (), Limits())
        steps.note = (
            f"{report.n_references:,} references in {report.n_components:,} components, {report.n_blocked:,} blocked"
        )
    unlinks = unlinked(folder / COMPONENTS)
    with steps.step(f"the same with {len(unlinks):,} unlinks"):
        report = write_identity(edges, folder, unlinks, Limits())
        steps.note = f"{report.n_references:,} references in {report.n_components:,} components"
    show(steps, f"{arguments.references:,} references, {arguments.links:,} links, DuckDB limited to {arguments.memory}")


def unlinked(components: Path) -> list[Decision]:
    """Unlinks of two references in many small components, and in the largest one."""
    with connect() as connection:
        connection.register("components", connection.read_parquet(str(components)))
        rows = connection.execute(UNLINKS).fetchall()
    return [Decision("unlink", one, other) for one, other in rows]


def floor(arguments: argparse.Namespace) -> None:
    """Scipy alone, on integer codes that are ready."""
    set_limits(arguments.memory, arguments.threads)
    folder = Path(arguments.folder)
    with connect(spill=folder / "spill") as connection:
        coded = coded_links(connection, folder / "edges.parquet", pa.table({"one": NOBODY, "other": NOBODY}))
    one, other, n_nodes = coded.evidence.one, coded.evidence.other, coded.n_nodes
    del coded
    steps = Steps()
    with steps.step("csgraph.connected_components"):
        graph = sparse.coo_array((np.ones(one.size), (one, other)), shape=(n_nodes, n_nodes)).tocsr()
        n_components, _ = csgraph.connected_components(graph, directed=False)
        steps.note = f"{n_components:,} components, one rule, nothing blocked"
    show(steps, "the floor: scipy on ready integer codes")


def contacts(arguments: argparse.Namespace) -> None:
    """Normal forms and hashes per value, and the whole step."""
    set_limits(arguments.memory, arguments.threads)
    steps = Steps()
    for kind, value in VALUES.items():
        warehouse = Path(arguments.folder) / f"{kind}.duckdb"
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(CONTACTS.format(kind=kind, value=value, values=arguments.values))
            texts = [text for (text,) in connection.execute("select value from staging.stg_contacts").fetchall()]
        with steps.step(f"{kind}: normal form"):
            forms = [email_form(text, keeps_tag=True) if kind == "email" else phone_form(text, "DE") for text in texts]
            steps.note = f"{sum(form is not None for form in forms):,} of {len(forms):,} have one"
        with steps.step(f"{kind}: hash"):
            for form in forms:
                identifier(KEY, "email", form or "")
        exchange = Path(arguments.folder) / kind
        with steps.step(f"{kind}: write_identifiers, all new"):
            steps.note = str(write_identifiers(warehouse, exchange, KEY, ContactRules(phone_region="DE")))
        with steps.step(f"{kind}: write_identifiers, all known"):
            steps.note = str(write_identifiers(warehouse, exchange, KEY, ContactRules(phone_region="DE")))
    show(steps, f"{arguments.values:,} distinct values of each kind")


def show(steps: Steps, title: str) -> None:
    """Print the table of a part."""
    Console(width=140).print(steps.table(title))


PARTS = {"rules": rules, "floor": floor, "contacts": contacts}

if __name__ == "__main__":
    main()
