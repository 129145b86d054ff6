"""A run that Dagster started and one of the command line meet at one lock: the second says for whom it waits."""

import subprocess
import sys
import threading
from pathlib import Path

from pipelines.config.settings import project_root
from pipelines.orchestration.instance import dagster_home
from pipelines.runs.lock import hold_lock
from tests.conftest import clean_environment

RATES = "day,currency,eur_per_unit,published\n2024-01-01,USD,0.9,2024-01-01T15:00:00Z\n"


def test_an_ingest_of_dagster_waits_for_a_run_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    # a file that no mapping takes: the ingest has the lock, and ends at once
    (tmp_path / "inbox" / "strange.csv").write_text(RATES)
    config = tmp_path / "loyalty.yml"
    config.write_text("currency: GBP\ntimezone: UTC\nsources:\n  - {mapping: sample, files: inbox}\n")
    home = tmp_path / "home"
    environment = clean_environment(
        LOYALTY_CONFIG=str(config),
        LOYALTY_HOME=str(home),
        DAGSTER_HOME=str(dagster_home(home / "state" / "dagster")),
    )
    command = [str(Path(sys.executable).with_name("dagster")), "job", "execute", "-m", "pipelines.definitions"]
    said: list[str] = []
    waits = threading.Event()
    with hold_lock(home / "lock", "by-command-line") as held:
        ingest = subprocess.Popen(
            [*command, "-j", "ingest"],
            cwd=project_root(),
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

        def listen() -> None:
            for line in ingest.stderr or ():
                said.append(line)
                if "waiting for run by-command-line" in line:
                    waits.set()
            waits.set()  # it has ended

        listener = threading.Thread(target=listen)
        listener.start()
        assert waits.wait(timeout=300)
        assert ingest.poll() is None, "".join(said)
        assert f"(pid {held.holder.pid}, since {held.holder.since})" in "".join(said)
        assert not (home / "landing").exists()
    ingest.wait(timeout=300)
    listener.join()
    assert ingest.returncode != 0
    assert "strange.csv" in "".join(said)
    assert (home / "landing").is_dir()
