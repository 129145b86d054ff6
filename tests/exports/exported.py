"""Files in the exact layout of a vendor's export, written by us, and what lands of them by the built-in mapping."""

import shutil
from pathlib import Path

from tests.pipeline.landing_desk import Desk

EXPORTS = Path(__file__).parent


def land_export(name: str, folder: Path, warnings: int = 0, mapping: str = "") -> Desk:
    """Land the exports below tests/exports/<name>/ by the built-in mapping of that name.

    Args:
        name: The built-in mapping.
        folder: Where inbox and home are made.
        warnings: The number of warnings that landing them gives.
        mapping: Another mapping that extends it.
    """
    desk = Desk(folder)
    desk.mapping.write_text(mapping or f"extends: {name}\n", encoding="utf-8")
    shutil.copytree(EXPORTS / name, desk.inbox, dirs_exist_ok=True)
    report = desk.land()
    assert len(report.warnings) == warnings, report.warnings
    return desk
