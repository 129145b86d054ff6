"""Checks the folder of a sample: with other files in it, the pipeline would run on a mixture."""

import json
from pathlib import Path

from pipelines.base.errors import ConfigError


def refuse_other_files(out: Path, inboxes: list[str], asked: dict[str, str | int | float]) -> None:
    """Reject a folder with files that do not belong to the requested sample.

    Args:
        out: The folder.
        inboxes: The names of its inboxes.
        asked: The arguments of the sample, as in truth/parameters.json.

    Raises:
        ConfigError: There are other files in its inboxes, or its loyalty.yml does not belong to the sample.
    """
    config, parameters = out / "loyalty.yml", out / "truth" / "parameters.json"
    has_files = any(any(inbox.iterdir()) for inbox in (out / name for name in inboxes) if inbox.is_dir())
    if not config.exists() and not has_files:
        return
    try:
        there = json.loads(parameters.read_text(encoding="utf-8"))["asked"]
    except (OSError, ValueError, KeyError):
        there = None
    if there != asked:
        kind = "files that do not belong to a sample" if there is None else f"another sample ({there})"
        raise ConfigError(
            f"{out} contains {kind}, so the sample cannot be written there",
            hint="Choose another folder, or delete this one first.",
        )
