"""Where the clone is. Nothing is read here."""

from pathlib import Path

from pipelines.base.errors import ConfigError


def project_root() -> Path:
    """The clone's folder, with dbt_project/ and expectations/ in it; the only finder of both.

    Raises:
        ConfigError: The package does not run from a clone.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / "dbt_project" / "dbt_project.yml").is_file():
        raise ConfigError(
            f"no dbt_project/ beside the package in {root}", hint="run it from an editable clone: make setup"
        )
    return root
