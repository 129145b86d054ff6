"""The start of a command: what every command imports, also `--help` and completion in a shell."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy.exc import OperationalError

from pipelines.base.scarcity import scarcity_behind

# Each takes a tenth of a second or more to import. A command imports them when it needs them.
HEAVY = {"dagster", "dbt", "great_expectations", "numpy", "pandas", "pyarrow", "scipy", "sqlalchemy", "phonenumbers"}


def test_the_tree_of_commands_imports_no_heavy_library() -> None:
    code = "import sys, pipelines.cli.app; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


def test_an_error_of_sqlalchemy_is_recognised_without_importing_sqlalchemy(tmp_path: Path) -> None:
    full = OperationalError("insert into event_logs values (1)", {}, Exception("database or disk is full"))
    found = scarcity_behind(full, tmp_path)
    assert found is not None
    assert "the disk is full" in found.message
    other = OperationalError("select 1", {}, Exception("no such table: event_logs"))
    assert scarcity_behind(other, tmp_path) is None
