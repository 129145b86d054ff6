"""The secret of the pseudonyms. It is created on first use, and rejected if others could read or guess it.

pseudonyms.py uses it. It never reaches SQL, the environment of a child process, or a log.
"""

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from pipelines.base.errors import ConfigError
from pipelines.base.text import counted

MIN_CHARACTERS = 32


def load_key(path: Path, given: SecretStr | None = None) -> bytes:
    """The secret in force, as bytes: the first of `load_keys`.

    Raises:
        ConfigError: It is too short, or the file can be read by others.
    """
    return load_keys(path, given)[0]


def load_keys(path: Path, given: SecretStr | None = None) -> tuple[bytes, ...]:
    """All secrets, one per line. The first is in force; the others recognise what was made with them before.

    Args:
        path: `<home>/key`. It is created (mode 0600, 64 hex digits) if it does not exist and `given` is None.
        given: The value of LOYALTY_KEY, which takes precedence over the file.

    Raises:
        ConfigError: A secret is too short, others can read the file, or the file is missing although pseudonyms exist.
    """
    if given is not None:
        return _long_enough(given.get_secret_value(), "LOYALTY_KEY")
    if not path.exists():
        refuse_if_used(path)
        _make(path)
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise ConfigError(
            f"{path} can be read by others (mode {mode:04o}), who could then compute the pseudonyms",
            hint=f"chmod 600 {path}",
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise ConfigError(
            f"{path} is not a text file (UTF-8), so it has no key", hint="restore the key from your backup"
        ) from problem
    return _long_enough(text, str(path))


def existing_keys(path: Path, given: SecretStr | None = None) -> tuple[bytes, ...]:
    """Like `load_keys`, but if there is no key yet, none is created and the result is empty."""
    return load_keys(path, given) if given is not None or path.exists() else ()


def _long_enough(text: str, where: str) -> tuple[bytes, ...]:
    keys = [line.strip() for line in text.strip().splitlines() if line.strip()] or [""]
    for key in keys:
        if len(key) < MIN_CHARACTERS:
            raise ConfigError(
                f"the key in {where} has {counted(len(key), 'character')}",
                hint=f"it needs {MIN_CHARACTERS} or more. With a different key every customer gets a new customer_key",
            )
    return tuple(key.encode() for key in keys)


def refuse_if_used(path: Path) -> None:
    """Raise an error if this home has pseudonyms: with a new key every customer would get a new customer_key.

    Args:
        path: `<home>/key`, which does not exist.

    Raises:
        ConfigError: This home has pseudonyms.
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
        # a link, not a rename: it fails if another process created the key first, and so replaces no key
        os.link(staged, path)
    except FileExistsError:
        pass
    finally:
        staged.unlink()
