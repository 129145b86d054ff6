"""A process that runs dbt commands one after another on one warehouse, told by lines of JSON; run by warehouse.py.

dbt takes longer to start and to parse than to build a small warehouse. So this process parses once for each set of
schemas (and each edition of the project's files) and lends the manifest to every command. Between commands nothing
holds the DuckDB file.
"""

import json
import sys
from contextlib import redirect_stdout
from io import StringIO

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest


def main() -> None:
    """Answer each line of arguments with a line: whether dbt succeeded, what it printed, and what it ran."""
    manifests: dict[str, Manifest] = {}
    for line in sys.stdin:
        request = json.loads(line)
        arguments: list[str] = request["arguments"]
        output = StringIO()
        with redirect_stdout(output):
            if request["parsed"] not in manifests:
                parsed = dbtRunner().invoke(["parse", *request["options"]])
                if isinstance(parsed.result, Manifest):
                    manifests[request["parsed"]] = parsed.result
            result = dbtRunner(manifest=manifests.get(request["parsed"])).invoke([*arguments, *request["options"]])
        DuckDBConnectionManager.close_all_connections()
        ran = {each.node.unique_id: str(each.status) for each in getattr(result.result, "results", ())}
        answer = {"success": result.success, "output": output.getvalue() + str(result.exception or ""), "ran": ran}
        print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
