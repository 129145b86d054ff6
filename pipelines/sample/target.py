"""The folder that a sample is written to: it may hold nothing else, or the pipeline would run on a mixture."""

import json
from pathlib import Path

from pipelines.base.errors import ConfigError


def refuse_other_files(out: Path, asked: dict[str, str | int | float]) -> None:
    """Refuse a folder whose inbox holds files that are not of the very sample asked for.

    Args:
        out: The folder.
        asked: What the sample is asked for, as in truth/parameters.json.

    Raises:
        ConfigError: There are other files in its inbox, or its loyalty.yml belongs to somebody else.
    """
    inbox, config, said = out / "inbox", out / "loyalty.yml", out / "truth" / "parameters.json"
    if not config.exists() and not (inbox.is_dir() and any(inbox.iterdir())):
        return
    try:
        there = json.loads(said.read_text(encoding="utf-8"))["asked"]
    except (OSError, ValueError, KeyError):
        there = None
    if there != asked:
        kind = "files that are not a sample's" if there is None else f"another sample ({there})"
        raise ConfigError(f"{out} holds {kind}", hint="Name another folder, or delete that one first.")
