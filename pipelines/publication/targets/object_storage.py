"""The target S3: whole versions as objects below a prefix, and a pointer that is written last.

    s3://bucket/prefix/
        home.json                      {"home": "0f8a2c5b9d3e4f61"}: the home whose versions these are
        current.json                   {"version": "2026-01-30_61572b33"}: the version that readers see
        versions/<version id>/...      the files of the home; manifest.json is written last

An object is there as a whole or not at all. So a version without a manifest is what a stopped upload has left: it is
not a version, and is removed when the target is used again.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.base.stopping import go_on, stop_signal, stopped
from pipelines.config.publish import S3_VARIABLES, S3Settings
from pipelines.publication.model import MANIFEST, PublishedFile, Version
from pipelines.publication.targets.target import TargetError
from pipelines.publication.versions import VERSIONS

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem

POINTER, OWNER = "current.json", "home.json"
_CHUNK = 8 << 20  # bytes in memory; a signal is noticed between two chunks
_CONNECT_SECONDS, _REQUEST_SECONDS, _ATTEMPTS = 10, 60, 3


class ObjectStorage:
    """A prefix in a bucket. It has every version of the home, so that those that readers use are kept as long as there.

    Args:
        settings: Its settings. The keys are those of the environment, of a profile, or of the machine's role.
    """

    has_all = True

    def __init__(self, settings: S3Settings) -> None:
        self.name = settings.url
        self._settings = settings
        self._root = settings.url.removeprefix("s3://")
        self._files: S3FileSystem | None = None

    @property
    def hand_over(self) -> str:
        """How to give the prefix to another home."""
        return (
            f"To move the prefix to this home, remove `publish.s3` from the loyalty.yml of the other one, delete the"
            f" object {self.name}/{OWNER}, and run again (docs/object-storage.md)."
        )

    def claim(self, home: str) -> str | None:
        """Write the id of the home below the prefix, and remove what its stopped uploads have left."""
        owner = self._named(OWNER, "home")
        if owner not in (None, home):
            return owner
        with self._session("its versions could not be listed") as files:
            begun, whole = self._begun(files)
            if owner is None:
                self._write(files, f"{self._root}/{OWNER}", json.dumps({"home": home}).encode() + b"\n")
            for left in begun - whole:
                files.delete_dir(self._folder(left))
        return None

    def held(self) -> frozenset[str]:
        """The ids of the versions that it has."""
        with self._session("its versions could not be listed") as files:
            return self._begun(files)[1]

    def shown(self) -> str | None:
        """The id of the version that readers see."""
        return self._named(POINTER, "version")

    def add(self, version: Version) -> None:
        """Upload the files of a version, then its manifest. Each file is compared with the manifest on the way."""
        manifest = version.manifest
        if manifest is None:
            raise TargetError(f"{version.id} cannot be read: {version.problem}", hint="Call `loyalty versions`.")
        folder = self._folder(version.id)
        with self._session(f"the version {version.id} could not be written") as files:
            for file in manifest.files:
                self._upload(files, version, file)
            sizes = self._sizes(files, folder)
            for file in manifest.files:
                if sizes.get(file.path) != file.bytes:
                    raise TargetError(f"{self.name}: {file.path} did not arrive as a whole", hint="Run again.")
            self._write(files, f"{folder}/{MANIFEST}", (version.path / MANIFEST).read_bytes())

    def show(self, version_id: str) -> None:
        """Replace the pointer, which is one object."""
        with self._session(f"{version_id} could not be shown to readers") as files:
            self._write(files, f"{self._root}/{POINTER}", json.dumps({"version": version_id}).encode() + b"\n")

    def remove(self, version_id: str) -> None:
        """Remove a version: first what makes readers find it."""
        is_shown = self.shown() == version_id
        with self._session(f"{version_id} could not be removed") as files:
            if is_shown:
                files.delete_file(f"{self._root}/{POINTER}")
            files.delete_file(f"{self._folder(version_id)}/{MANIFEST}")
            files.delete_dir(self._folder(version_id))

    def _begun(self, files: "S3FileSystem") -> tuple[frozenset[str], frozenset[str]]:
        """The ids of versions with any object, and of those with a manifest."""
        paths = self._sizes(files, f"{self._root}/{VERSIONS}").keys()
        begun = frozenset(path.split("/")[0] for path in paths)
        return begun, frozenset(one for one in begun if f"{one}/{MANIFEST}" in paths)

    def _named(self, name: str, key: str) -> str | None:
        """The value of a key in a JSON object below the prefix; None if the object does not exist."""
        with self._session(f"{name} could not be read") as files:
            if not self._has(files, f"{self._root}/{name}"):
                return None
            with files.open_input_stream(f"{self._root}/{name}") as stream:
                text = stream.read()
        try:
            return str(json.loads(text)[key])
        except (ValueError, KeyError, TypeError):
            raise TargetError(
                f"{self.name}/{name} was not written by this program",
                hint="Choose another prefix in `publish.s3.url`, or remove that object.",
            ) from None

    def _folder(self, version_id: str) -> str:
        return f"{self._root}/{VERSIONS}/{version_id}"

    def _upload(self, files: "S3FileSystem", version: Version, file: PublishedFile) -> None:
        digest = hashlib.sha256()
        with (
            (version.path / file.path).open("rb") as source,
            files.open_output_stream(f"{self._folder(version.id)}/{file.path}", buffer_size=0) as sink,
        ):
            while chunk := source.read(_CHUNK):
                go_on()
                digest.update(chunk)
                sink.write(chunk)
        if digest.hexdigest() != file.sha256:
            raise TargetError(
                f"{self.name}: {file.path} of {version.id} differs from what was published",
                hint="The file in the home is damaged: delete the version, or show readers another one.",
            )

    def _write(self, files: "S3FileSystem", path: str, content: bytes) -> None:
        go_on()
        with files.open_output_stream(path) as sink:
            sink.write(content)

    def _has(self, files: "S3FileSystem", path: str) -> bool:
        return bool(files.get_file_info(path).is_file)

    def _sizes(self, files: "S3FileSystem", folder: str) -> dict[str, int]:
        """The size of each object below a folder, by its path there. Some servers also list folders without any."""
        from pyarrow.fs import FileSelector

        found = files.get_file_info(FileSelector(folder, allow_not_found=True, recursive=True))
        return {one.path.removeprefix(f"{folder}/"): one.size for one in found if one.is_file}

    @contextmanager
    def _session(self, doing: str) -> "Iterator[S3FileSystem]":
        """The file system; its errors become ours, without keys."""
        try:
            if self._files is None:
                self._files = _connected(self._settings)
            yield self._files
        except OSError as error:
            if (number := stop_signal()) is not None:
                raise stopped(number) from None
            raise TargetError(
                f"{self.name}: {doing}: {_without_keys(str(error))}",
                hint="Readers see what they saw before. Check the server, the bucket and the keys;"
                " docs/object-storage.md names the rights that are needed.",
            ) from None


def _connected(settings: S3Settings) -> "S3FileSystem":
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem  # late: it starts threads

    return S3FileSystem(
        region=settings.region,
        endpoint_override=settings.endpoint,
        force_virtual_addressing=not settings.path_style,
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    )


def _without_keys(message: str) -> str:
    words = " ".join(message.split())
    for name in S3_VARIABLES:
        if key := os.environ.get(name):
            words = words.replace(key, "…")
    return words
