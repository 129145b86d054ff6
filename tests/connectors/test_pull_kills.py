"""`loyalty pull` in a process that is killed at random moments: repeated, it delivers what one pull delivers."""

import json
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import LOYALTY, clean_environment
from tests.connectors.pulled_zoho import PulledZoho, pulling_zoho
from tests.vendors.zoho import Fault, Zoho

RECORDS = 2_001
SLOW = Fault("/crm/v8/Contacts?", times=1_000_000, seconds=0.05)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PulledZoho]:
    server = Zoho()
    server.modules["Contacts"].fill(RECORDS)
    server.faults.append(SLOW)
    with pulling_zoho(tmp_path, server, monkeypatch) as found:
        sources = [
            {
                "mapping": "zoho_api",
                "files": "in",
                "pull": {"zoho": {"modules": ["Contacts"], "api_url": found.url, "accounts_url": found.url}},
            }
        ]
        config = {"home": "home", "timezone": "UTC", "currency": "EUR", "sources": sources}
        (tmp_path / "loyalty.yml").write_text(json.dumps(config), encoding="utf-8")
        yield found


def start(source: PulledZoho) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [LOYALTY, "pull", "--config", source.folder / "loyalty.yml"],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def kill_in_mid_pull(source: PulledZoho, seconds: float) -> bool:
    """Kill a pull some seconds after its first list; False if it has ended before."""
    before = lists(source)
    process = start(source)
    while lists(source) == before and process.poll() is None:
        time.sleep(0.005)
    time.sleep(seconds)
    is_stopped = process.poll() is None
    process.kill()
    process.communicate()
    return is_stopped


def lists(source: PulledZoho) -> int:
    return sum(SLOW.part in one for one in source.server.sent)


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_at_random_moments_and_repeated_a_pull_delivers_the_same(source: PulledZoho, kills: int) -> None:
    dice = random.Random(kills)
    stopped = number = 0
    while stopped < kills and number < 10 * kills:  # a pull that ended before its kill was not killed
        stopped += kill_in_mid_pull(source, dice.random() * 0.4)
        number += 1
        if number % 4 == 0:  # what is new between two pulls comes with a later one
            changed = dice.choice(sorted(source.server.modules["Contacts"].records))
            source.server.put("Contacts", changed, Last_Name=f"Changed {number}")
    assert stopped == kills, "too few kills came before the end"
    for _ in range(2):  # the second one has what changed while the first window was open
        done = start(source)
        output = done.communicate(timeout=120)
        assert done.returncode == 0, output
    assert len(source.records()) == RECORDS
    assert not source.differing()
    assert not list((source.folder / "home" / "state" / "pulls").rglob("0*.jsonl.gz"))
