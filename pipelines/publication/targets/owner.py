"""The id of a home, by which a target knows whose versions it has.

A target belongs to one home. Without this, two homes with the same address would remove each other's versions.
"""

import secrets
from pathlib import Path

from pipelines.base.durable import write_text_durably
from pipelines.publication.files import FILE_MODE

FILE = "home_id"


def home_id(published: Path) -> str:
    """The id of a home, which is made when it is first needed.

    A home that is restored from a backup keeps it if the backup has the file.

    Args:
        published: The folder `published` of the home, which exists.
    """
    path = published / FILE
    if not path.exists():
        write_text_durably(path, f"{secrets.token_hex(8)}\n", mode=FILE_MODE)
    return path.read_text(encoding="utf-8").strip()
