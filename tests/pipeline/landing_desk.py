"""A home, an inbox and a mapping that a test writes as it goes, and what came of landing them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import yaml

from pipelines.landing import LandingReport, SourceFiles, land, load_mapping

TODAY = date(2024, 5, 31)


class Desk:
    """One source in a folder of its own.

    Args:
        folder: Everything goes here.
        group: The one file group of the mapping, or several.
        top: Further keys of the mapping.
    """

    def __init__(self, folder: Path, *groups: dict[str, Any], **top: Any) -> None:
        self.home = folder / "home"
        self.inbox = folder / "in"
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.mapping = folder / "mapping.yml"
        self.say(*groups, **top)

    def say(self, *groups: dict[str, Any], **top: Any) -> None:
        """Write the mapping (anew)."""
        text = yaml.safe_dump({"source": "shop", **top, "files": list(groups)}, sort_keys=False, allow_unicode=True)
        self.mapping.write_text(text, encoding="utf-8")

    def put(self, name: str, content: str | bytes) -> Path:
        """Put a file into the inbox."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def land(self, today: date = TODAY, originals: Path | None = None) -> LandingReport:
        """Land what is in the inbox."""
        return land(self.home, self.sources(), today=today, originals=originals)

    def sources(self) -> list[SourceFiles]:
        """The source as it is configured now."""
        return [SourceFiles(load_mapping(self.mapping), self.inbox)]

    def tree(self) -> dict[str, bytes]:
        """Every landed file's bytes, without the index: it has the times of the files."""
        root = self.home / "landing"
        paths = (path for path in sorted(root.rglob("*")) if path.is_file() and path.parent.name != "index")
        return {str(path.relative_to(root)): path.read_bytes() for path in paths}

    def rows(self, entity: str, columns: str = "*", order: str = "") -> list[tuple[Any, ...]]:
        """The landed rows of an entity."""
        order = order or ("file_name, entity" if entity == "ledger" else "file_name, record")
        return self.query(f"select {columns} from landed('{entity}') order by {order}")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Run SQL in which `landed('entity')` is a landed data set."""
        with duckdb.connect() as connection:
            connection.execute(
                f"create macro landed(entity) as table from read_parquet('{self.home}/landing/' || entity"
                " || '/*/*/part.parquet', hive_partitioning = true,"
                " hive_types = {'source': 'VARCHAR', 'batch': 'VARCHAR'})"
            )
            return connection.execute(sql).fetchall()

    def raws(self, entity: str) -> list[dict[str, Any]]:
        """The source's own columns of the landed rows of an entity."""
        return [json.loads(raw) for (raw,) in self.rows(entity, "raw")]


def lines(match: str = "*.csv", **more: Any) -> dict[str, Any]:
    """A group of order lines with the source columns `order`, `line`, `product` and `quantity`."""
    columns = {"order_id": '"order"', "line_id": "line", "product_name": "product", "quantity": "quantity"}
    return {"match": match, "entities": {"order_lines": {"columns": columns}}, **more}


HEADER = "order,line,product,quantity\n"
