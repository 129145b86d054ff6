"""The secret of the pseudonyms: read, made on first use, and refused where others could read or guess it.

What it is used for is in pseudonyms.py. It never goes to SQL, to a child's environment, or to a log.
"""

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from pipelines.base.errors import ConfigError

MIN_CHARACTERS = 32


def load_key(path: Path, given: SecretStr | None = None) -> bytes:
    """The secret in force, as bytes: the first of `load_keys`.

    Raises:
        ConfigError: It is too short, or the file can be read by others.
    """
    return load_keys(path, given)[0]


def load_keys(path: Path, given: SecretStr | None = None) -> tuple[bytes, ...]:
    """Every secret, one a line: the first is in force, the others recognise what was made with them before.

    Args:
        path: `<home>/key`; made (mode 0600, 64 hex digits) where it does not exist and nothing is given.
        given: The value of LOYALTY_KEY, which wins over the file.

    Raises:
        ConfigError: One is too short, the file can be read by others, or it is gone and pseudonyms were made with it.
    """
    if given is not None:
        return _long_enough(given.get_secret_value(), "LOYALTY_KEY")
    if not path.exists():
        refuse_if_used(path)
        _make(path)
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise ConfigError(f"{path} can be read by others (mode {mode:04o})", hint=f"chmod 600 {path}")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise ConfigError(f"{path} is no text", hint="put the key back from where you keep it") from problem
    return _long_enough(text, str(path))


def existing_keys(path: Path, given: SecretStr | None = None) -> tuple[bytes, ...]:
    """As `load_keys`, but no key is made: none where there is none yet."""
    return load_keys(path, given) if given is not None or path.exists() else ()


def _long_enough(text: str, where: str) -> tuple[bytes, ...]:
    keys = [line.strip() for line in text.strip().splitlines() if line.strip()] or [""]
    for key in keys:
        if len(key) < MIN_CHARACTERS:
            raise ConfigError(
                f"the key in {where} has {len(key)} characters",
                hint=f"it needs {MIN_CHARACTERS} or more; another key gives every customer another customer_key",
            )
    return tuple(key.encode() for key in keys)


def refuse_if_used(path: Path) -> None:
    """Check that no pseudonyms were made in this home: a new key would give every customer another customer_key.

    Args:
        path: `<home>/key`, which does not exist.

    Raises:
        ConfigError: Pseudonyms were made in this home.
    """
    home = path.parent
    versions = home / "published" / "versions"
    if (home / "exchange" / "pseudonyms.parquet").exists() or (versions.is_dir() and any(versions.iterdir())):
        raise ConfigError(
            f"there is no key: {path} does not exist and LOYALTY_KEY is not set, but the pseudonyms of this home were"
            " made with a key",
            hint=f"restore the file, or set LOYALTY_KEY to the key used before. If the key is lost, write a new one of"
            f" {MIN_CHARACTERS} or more characters to {path}: every customer then gets a new customer_key",
        )


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # a link, not a rename: whoever came first keeps the name, and nobody's key is replaced
        os.link(staged, path)
    except FileExistsError:
        pass
    finally:
        staged.unlink()
