"""Counts in messages have the right plural."""

import pytest

from pipelines.base.text import counted


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        (0, ("row",), "0 rows"),
        (1, ("row",), "1 row"),
        (1_200, ("row",), "1,200 rows"),
        (1, ("file was", "files were"), "1 file was"),
        (2, ("file was", "files were"), "2 files were"),
    ],
)
def test_a_count_has_its_plural(number: int, words: tuple[str, ...], expected: str) -> None:
    assert counted(number, *words) == expected
