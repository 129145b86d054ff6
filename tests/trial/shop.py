"""A shop in a folder of its own: files arrive in its inbox, `loyalty run` is called as a user would, versions come out.

Only the command line and the published folder are used here; what the versions should hold is said by the tests.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import share_compiled

ROOT = Path(__file__).parents[2]
LOYALTY = Path(sys.executable).with_name("loyalty")


class Shop:
    """A home with a config taken from `examples/`, and an inbox that the test fills.

    Args:
        folder: Where everything of this shop goes; made here.
        example: The folder's name below `examples/`.
        key: The pseudonym key of another shop, where the bytes of both are to be compared.
    """

    def __init__(self, folder: Path, example: str, key: Path | None = None) -> None:
        self.home = folder / "home"
        self.inbox = folder / "files"
        self.config = folder / "loyalty.yml"
        self.inbox.mkdir(parents=True)
        self.home.mkdir()
        if key is not None:
            shutil.copy2(key, self.home / "key")
        source = ROOT / "examples" / example / "loyalty.yml"
        config: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
        config["home"] = str(self.home)
        for entry in config["sources"]:
            mapping = source.parent / entry["mapping"]
            entry["mapping"] = str(mapping.resolve()) if mapping.is_file() else entry["mapping"]
            entry["files"] = str(self.inbox)
        self.config.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")

    @property
    def key(self) -> Path:
        """The key that its first run made."""
        return self.home / "key"

    @property
    def warehouse(self) -> Path:
        """Its DuckDB file, to be read when no run is on."""
        return self.home / "state" / "warehouse.duckdb"

    def receive(self, files: Iterable[Path]) -> None:
        """Let files arrive: copied under another name first and renamed, as a careful sender does."""
        for file in files:
            part = self.inbox.parent / "arriving"
            shutil.copyfile(file, part)
            part.rename(self.inbox / file.name)

    def run(self, *options: str, build: str = "full") -> Path:
        """`loyalty run` with these options; what it says is shown where it fails.

        Args:
            options: As on the command line.
            build: How it must have built, so that equal bytes prove something: full, incremental or backfill.

        Returns:
            The folder of the version that it published.
        """
        command = [str(LOYALTY), "run", "--config", str(self.config), "--json", *options]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LOYALTY_")}
        with share_compiled(self.config):
            done = subprocess.run(command, cwd=self.home.parent, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (
            f"{' '.join(command)} ended with {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        )
        said = json.loads(done.stdout)
        assert said["build"] == build
        return Path(said["published"])

    def current(self) -> Path:
        """The published version that readers see now."""
        return (self.home / "published" / "current").resolve(strict=True)


def fingerprint(version: Path) -> dict[str, str]:
    """The sha256 of every Parquet file of a version's marts, by its path below `marts/`."""
    marts = version / "marts"
    files = sorted(marts.rglob("*.parquet"))
    assert files, f"no mart in {version}"
    return {str(file.relative_to(marts)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
