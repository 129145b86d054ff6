"""dbt gets variables of its own and none of our secrets, and this process's environment stays as it is meanwhile.

Other threads read the environment: Great Expectations is imported while dbt is started.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.config.settings import child_command, child_environment
from pipelines.orchestration.dbt_resource import LoyaltyDbt

SECRETS = {"LOYALTY_KEY": "k" * 40, "LOYALTY_WEBHOOK_URL": "https://example.org/secret"}
SHOW = [sys.executable, "-c", "import json, os; print(json.dumps({**os.environ, 'FOLDER': os.getcwd()}))"]
CHANGES = """
import sys

changed = []
sys.addaudithook(lambda event, args: changed.append(args) if event in ("os.putenv", "os.unsetenv") else None)
import dagster_dbt  # what libraries do while they are imported is theirs
from pathlib import Path
from pipelines.runs.dbt_manifest import load_manifest
from pipelines.orchestration.dbt_resource import LoyaltyDbt
from pipelines.config.settings import Settings, dbt_environment

settings = Settings.unconfigured().model_copy(update={"home": Path(sys.argv[1])})
changed.clear()
assert load_manifest(settings)["nodes"]
dbt = LoyaltyDbt.of(dbt_environment(settings), settings.paths.state)
dbt = dbt.with_environment({"LOYALTY_BUILD_AS_OF": "2024-01-31"})
assert dbt.cli(["--version"], target_path=settings.paths.target).wait().process.returncode == 0
assert changed == [], changed
"""


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def shown(command: list[str], environment: dict[str, str] | None = None) -> dict[str, str]:
    """The environment that a program saw."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_a_child_gets_our_variables_and_no_secret_either_way(tmp_path: Path) -> None:
    values = {"LOYALTY_WAREHOUSE": "/a b/'c'=[d]/w.duckdb", "LOYALTY_THREADS": "2"}
    for found in (shown(SHOW, child_environment(values)), shown([*child_command(tmp_path, values), *SHOW])):
        assert {name: found[name] for name in values} == values
        assert not SECRETS.keys() & found.keys()
        assert "PATH" in found


def test_dagsters_dbt_is_started_by_that_command_in_its_folder_and_later_values_win(tmp_path: Path) -> None:
    folder = tmp_path / "it's a [b] #1 $HOME"
    folder.mkdir()
    dbt = LoyaltyDbt.of({"LOYALTY_THREADS": "2"}, folder)
    dbt = dbt.with_environment({"LOYALTY_THREADS": "3", "LOYALTY_BUILD_AS_OF": ""})
    command = [dbt.dbt_executable, *dbt.global_config_flags]
    program = next(position for position, word in enumerate(command) if Path(word).name == "dbt")
    found = shown([*command[:program], *SHOW])
    assert (found["LOYALTY_THREADS"], found["LOYALTY_BUILD_AS_OF"]) == ("3", "")
    assert found["FOLDER"] == str(folder)
    assert not SECRETS.keys() & found.keys()


def test_the_environment_of_this_process_never_changes_for_dbt(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CHANGES, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
