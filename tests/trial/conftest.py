"""Where the real data is, for every trial; a trial skips with a clear word where it is not."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _folder(name: str) -> Path:
    data = Path(os.environ.get("LOYALTY_TRIAL_DATA", str(ROOT.parent / "shared" / "data")))
    folder = data / name
    if not folder.is_dir():
        pytest.skip(f"no {name} data at {folder}: set LOYALTY_TRIAL_DATA to the folder that holds {name}/")
    return folder


@pytest.fixture(scope="session")
def online_retail_files() -> Path:
    """The folder of Online Retail's 305 daily files."""
    return _folder("online_retail")


@pytest.fixture(scope="session")
def olist_folder() -> Path:
    """The folder of the Olist sample's CSV files."""
    return _folder("olist_sample")


@pytest.fixture(scope="session")
def cdnow_log() -> Path:
    """The CDNOW 1/10 sample's transaction log."""
    return _folder("cdnow") / "CDNOW_sample.txt"


@pytest.fixture(scope="session")
def starbucks_folder() -> Path:
    """The folder of the three files of the rewards data."""
    return _folder("starbucks")
