"""Scores and flags of attitude, emotion and cognition at 60 month ends, from a million answers of 200,000 customers.

Here: the models that turn pieces of evidence into scores, as dbt compiles them, each timed on its own. Not here: the
answers themselves (mapping, identity), behaviour, or what reads the scores.

    python benchmarks/evidence.py [--answers 1000000] [--customers 200000] [--memory 3GB] [--threads 2]
                                  [--folder FOLDER] [--keep]

With --keep, the warehouse stays in FOLDER, so that the tables of two versions can be compared.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
from rich.console import Console
from steps import Steps

PROJECT = Path(__file__).parents[1] / "dbt_project"
DBT = Path(sys.executable).with_name("dbt")
AS_OF = "2024-01-29"
# What the models read and nothing here computes.
GIVEN = {
    "int_industry_settings": "select 180 as answer_half_life_days",
    # no customer has a measured part
    "int_measured_part": """
        select
            null::text as customer_key, null::date as observed_on, null::text as part, null::date as latest_on,
            null::decimal(9, 4) as raw_score, null::decimal(9, 4) as score,
            null::decimal(9, 6) as raw_top_share, null::decimal(9, 6) as top_share
        limit 0
    """,
    # Answers of the last 1,500 days, of five constructs with a weight, in two channels.
    "int_evidence_item": """
        select
            'i' || i as item_key,
            md5((hash(i * 7) % $customers)::text) as customer_key,
            ['attitude', 'attitude', 'emotion', 'emotion', 'cognition'][1 + kind] as dimension,
            ['nps', 'csat', 'bond', 'trust', 'product_quality'][1 + kind] as part,
            ['nps', 'csat', 'emotional_bond', 'trust', 'product_quality'][1 + kind] as construct,
            'r' || i as response_key,
            ['app', 'web'][1 + i % 2] as channel,
            date '2024-01-29' - (hash(i) % 1500)::int as event_on,
            (25 * (hash(i * 3) % 5))::decimal(9, 4) as item_score,
            hash(i * 3) % 5 >= 3 as is_top,
            true as is_answer,
            kind in (0, 2, 4) as is_counted_response,
            null::date as next_in_response_on
        from (select i, (hash(i * 11) % 5)::int as kind from range($answers) as r(i))
    """,
}
FIRST = "int_evidence_item"
FOLDERS = ("evidence", "loyalty")


def main() -> None:
    """Compile the models, and run one after the other."""
    arguments = parsed()
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="loyalty-evidence-") as folder:
        home = arguments.folder if arguments.keep else Path(folder)
        models = compiled(Path(folder))
        config = {"memory_limit": arguments.memory, "threads": arguments.threads, "temp_directory": f"{folder}/spill"}
        steps = Steps()
        with duckdb.connect(str(home / "evidence.duckdb"), config=config) as connection:
            connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false; create schema intermediate")
            for name, query in GIVEN.items():
                given = {key: getattr(arguments, key) for key in ("answers", "customers") if f"${key}" in query}
                connection.execute(f"create table intermediate.{name} as {query}", given)
            for name, (kind, query) in models.items():
                with steps.step(name):
                    connection.execute(f"create {kind} intermediate.{name} as {query}")
                    if kind == "table":
                        ((n,),) = connection.execute(f"select count(*) from intermediate.{name}").fetchall()  # noqa: S608 (names of ours)
                        steps.note = f"{n:,} rows"
        Console().print(steps.table("evidence"))


def parsed() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--memory", default="3GB", help="the limit of DuckDB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true", help="keep the warehouse in FOLDER")
    return parser.parse_args()


def compiled(folder: Path) -> dict[str, tuple[str, str]]:
    """Each model that reads the given ones and no other: table or view, and its query; in the order of a build."""
    command = [DBT, "compile", "--quiet", "--select", f"{FIRST}+", "--project-dir", PROJECT, "--profiles-dir", PROJECT]
    variables = {"as_of": AS_OF, "timezone": "UTC", "currency": "EUR"}
    command += ["--vars", json.dumps(variables), "--target-path", folder / "target", "--log-path", folder / "logs"]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    found: dict[str, tuple[str, str]] = {}
    waiting = {
        name: {parent.split(".")[-1] for parent in node["depends_on"]["nodes"]} - GIVEN.keys()
        for name, node in nodes.items()
        if name not in GIVEN and node.get("compiled_code")
    }
    while ready := [name for name, parents in waiting.items() if parents <= found.keys()]:
        for name in sorted(ready):
            if nodes[name]["fqn"][2] in FOLDERS:
                kind = nodes[name]["config"]["materialized"]
                query = nodes[name]["compiled_code"].replace('"memory".', "")
                found[name] = ("view" if kind == "view" else "table", query)
            del waiting[name]
    return found


if __name__ == "__main__":
    main()
