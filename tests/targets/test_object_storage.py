"""The versions in a real server with the interface of S3: what readers see, and what is left after failures.

Needs SeaweedFS (make setup-s3).
"""

import hashlib
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest
from pyarrow import fs

from pipelines.config.publish import S3Settings
from pipelines.config.settings import project_root
from pipelines.publication import Version, delete_version, erase_customers, set_current
from pipelines.publication.targets import TargetError, follow, object_storage
from pipelines.publication.targets.object_storage import ObjectStorage
from tests.targets.numbered import numbered
from tests.targets.readers import readers
from tests.targets.s3_server import ACCESS_KEY, BUCKET, SECRET_KEY, client, server

pytestmark = pytest.mark.s3
ROOT = f"{BUCKET}/shop/marts"


@pytest.fixture(scope="module")
def started() -> Iterator[str]:
    with server() as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(started: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A server with an empty bucket, whose keys are in the environment."""
    client(started).delete_dir_contents(BUCKET)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    return started


def target(endpoint: str, **settings: Any) -> ObjectStorage:
    return ObjectStorage(S3Settings(**{"url": f"s3://{ROOT}", "endpoint": endpoint, "region": "us-east-1", **settings}))


def objects(endpoint: str) -> dict[str, bytes]:
    """Every object below the prefix, by its path there."""
    files = client(endpoint)
    infos = files.get_file_info(fs.FileSelector(ROOT, recursive=True, allow_not_found=True))
    return {one.path.removeprefix(f"{ROOT}/"): files.open_input_file(one.path).read() for one in infos if one.is_file}


def versions(endpoint: str) -> set[str]:
    return {path.split("/")[1] for path in objects(endpoint) if path.startswith("versions/")}


def read(endpoint: str) -> tuple[int, int]:
    """What a reader does: resolve the pointer once, then read the files of two marts that the manifest names."""
    files = client(endpoint)
    pointer = json.loads(files.open_input_file(f"{ROOT}/current.json").read())
    folder = f"{ROOT}/versions/{pointer['version']}"
    tables = json.loads(files.open_input_file(f"{folder}/manifest.json").read())["tables"]
    numbers = []
    for name in ("dim_customer", "Order"):
        paths = [f"{folder}/{file['path']}" for table in tables if table["name"] == name for file in table["files"]]
        numbers.append(set(ds.dataset(paths, filesystem=files).to_table(columns=["n"])["n"].to_pylist()))
    ((first,), (second,)) = numbers
    return first, second


def test_a_version_is_the_same_in_every_byte(endpoint: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    version = day(3)
    follow(tmp_path / "published", target(endpoint))
    found = objects(endpoint)
    assert json.loads(found.pop("current.json")) == {"version": version.id}
    assert json.loads(found.pop("home.json")) == {"home": (tmp_path / "published" / "home_id").read_text().strip()}
    ours = {
        f"versions/{version.id}/{path.relative_to(version.path)}": path.read_bytes()
        for path in version.path.rglob("*")
        if path.is_file()
    }
    assert found == ours
    assert len(ours) > 5


def test_the_documented_ways_to_read_work(
    endpoint: str, tmp_path: Path, day: Callable[..., Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    day(3)
    follow(tmp_path / "published", target(endpoint))
    text = (project_root() / "docs" / "object-storage.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    examples = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(examples) == 2
    for code in examples:
        exec(code.replace("https://storage.example.org:9000", endpoint).replace("company-marts/shop", ROOT), found)
        assert set(map(int, found.pop("customers")["n"].to_numpy())) == {3}


def test_readers_see_one_whole_version_over_swaps(endpoint: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    day(1)
    follow(tmp_path / "published", target(endpoint))
    seen = set()

    def loop(stop: threading.Event) -> None:
        while not stop.is_set():
            first, second = read(endpoint)
            assert first == second
            seen.add(first)

    with readers([loop] * 2):
        for number in range(2, 8):
            day(number)
            follow(tmp_path / "published", target(endpoint))
    assert len(seen) >= 3
    assert read(endpoint) == (7, 7)


def test_a_killed_upload_leaves_the_old_pointer_and_is_cleaned_up(
    endpoint: str, tmp_path: Path, day: Callable[..., Version]
) -> None:
    first = day(1)
    follow(tmp_path / "published", target(endpoint))
    second = day(2)
    program = f"""
import os, signal
from pathlib import Path
from pipelines.config.publish import S3Settings
from pipelines.publication.targets import follow, object_storage
calls = iter(range(4))
object_storage.go_on = lambda: os.kill(os.getpid(), signal.SIGKILL) if next(calls) == 3 else None
settings = S3Settings(url="s3://{ROOT}", endpoint={endpoint!r}, region="us-east-1")
follow(Path({str(tmp_path / "published")!r}), object_storage.ObjectStorage(settings))
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    assert read(endpoint) == (1, 1)
    assert f"versions/{second.id}/manifest.json" not in objects(endpoint)
    assert versions(endpoint) == {first.id, second.id}
    delete_version(tmp_path / "published", first.id)  # the home has changed before the next one
    third = day(3)
    delete_version(tmp_path / "published", second.id)
    follow(tmp_path / "published", target(endpoint))
    assert read(endpoint) == (3, 3)
    assert versions(endpoint) == {third.id}


def test_a_rollback_a_deletion_and_an_erasure_are_followed(
    endpoint: str, tmp_path: Path, day: Callable[..., Version]
) -> None:
    published = tmp_path / "published"
    first, second = day(1), day(2)
    follow(published, target(endpoint))
    assert (read(endpoint), target(endpoint).held()) == ((2, 2), {first.id, second.id})
    set_current(published, first.id)
    follow(published, target(endpoint))
    assert read(endpoint) == (1, 1)
    person = hashlib.md5(b"1").hexdigest()
    old = objects(endpoint)
    erased = erase_customers(published, [person])
    done = follow(published, target(endpoint))
    assert (done.name, set(done.removed)) == (f"s3://{ROOT}", {first.id, second.id})
    assert versions(endpoint) == {one.became for one in erased} == set(done.versions)
    assert not {path for path in objects(endpoint) if path in old and path.startswith("versions/")}
    for one in erased:
        for mart in ("dim_customer", "Order"):
            table = ds.dataset(f"{ROOT}/versions/{one.became}/marts/{mart}", filesystem=client(endpoint)).to_table()
            assert table.num_rows > 100
            assert person not in table["customer_key"].to_pylist()
    delete_version(published, next(one.became for one in erased if one.id == second.id) or "")
    follow(published, target(endpoint))
    assert len(versions(endpoint)) == 1


def test_a_broken_upload_leaves_the_old_pointer(
    endpoint: str, tmp_path: Path, day: Callable[..., Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    day(1)
    follow(tmp_path / "published", target(endpoint))
    second = day(2)
    path = second.path / "marts" / "Order" / "part-0.parquet"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"?")  # as a disk may do: the size is the same
    with pytest.raises(TargetError, match=r"Order/part-0\.parquet of .* differs from what was published"):
        follow(tmp_path / "published", target(endpoint))
    assert read(endpoint) == (1, 1)
    path.write_bytes(content)
    follow(tmp_path / "published", target(endpoint))
    assert read(endpoint) == (2, 2)


def test_no_message_has_a_key(
    endpoint: str, tmp_path: Path, day: Callable[..., Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_storage, "_ATTEMPTS", 1)
    day(1)
    wrong = [
        (target(endpoint, url="s3://no-such-bucket/x"), SECRET_KEY),
        (target("http://127.0.0.1:1"), SECRET_KEY),
        (target(endpoint), "another-w0rd"),
    ]
    for one, secret in wrong:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        with pytest.raises(TargetError, match="could not be") as failed:
            follow(tmp_path / "published", one)
        words = f"{failed.value.message} {failed.value.hint}"
        assert not [part for part in (ACCESS_KEY, SECRET_KEY, secret) if part in words]


def test_a_prefix_belongs_to_one_home_until_it_is_given_to_another(
    endpoint: str, tmp_path: Path, day: Callable[..., Version]
) -> None:
    first = day(1)
    follow(tmp_path / "published", target(endpoint))
    client(endpoint).open_output_stream(f"{ROOT}/versions/2026-01-09_run9/marts/part").close()  # an upload that goes on
    before = objects(endpoint)
    other = tmp_path / "other"
    second = numbered(other)(2)
    with pytest.raises(TargetError, match="has the versions of another home") as refused:
        follow(other / "published", target(endpoint))
    assert objects(endpoint) == before
    assert json.loads(before["home.json"])["home"] in refused.value.message
    assert f"delete the object s3://{ROOT}/home.json" in refused.value.hint
    client(endpoint).delete_file(f"{ROOT}/home.json")  # as the hint says
    follow(other / "published", target(endpoint))
    assert read(endpoint) == (2, 2)
    assert versions(endpoint) == {second.id}
    with pytest.raises(TargetError, match="has the versions of another home"):
        follow(tmp_path / "published", target(endpoint))
    assert first.path.is_dir()


def test_a_prefix_that_an_earlier_program_wrote_goes_to_the_first_home(
    endpoint: str, tmp_path: Path, day: Callable[..., Version]
) -> None:
    day(1)
    follow(tmp_path / "published", target(endpoint))
    client(endpoint).delete_file(f"{ROOT}/home.json")
    day(2)
    follow(tmp_path / "published", target(endpoint))
    assert read(endpoint) == (2, 2)
    assert "home.json" in objects(endpoint)


def test_an_object_of_somebody_else_is_not_replaced(endpoint: str, tmp_path: Path, day: Callable[..., Version]) -> None:
    with client(endpoint).open_output_stream(f"{ROOT}/current.json") as stream:
        stream.write(b"[]")
    day(1)
    with pytest.raises(TargetError, match="was not written by this program"):
        follow(tmp_path / "published", target(endpoint))
    assert objects(endpoint)["current.json"] == b"[]"
