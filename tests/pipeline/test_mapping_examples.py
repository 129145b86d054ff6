"""The examples of docs/mapping-examples.md: the files of all of them land in one inbox with one mapping."""

import re
from collections.abc import Iterator

import pytest
import xlsxwriter

from pipelines.config.settings import project_root
from tests.pipeline.landing_desk import Desk

_, *SECTIONS = re.split(
    r"^## ", (project_root() / "docs" / "mapping-examples.md").read_text(encoding="utf-8"), flags=re.M
)
HEAD = "source: shop\ntimezone: UTC\ncurrency: EUR\nfiles:\n"


def tables(section: str) -> tuple[str, list[str], list[tuple[str | None, ...]]]:
    """The entity, the columns and the rows that a section says land."""
    head, _, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")
    ]
    entity, _, first = head[0].partition(": ")
    return entity.strip("`"), [first, *head[1:]], [tuple(cell or None for cell in row) for row in rows]


def put_files(desk: Desk) -> None:
    """Write the files that the page shows; the sheets of a workbook are shown one by one."""
    sheets: dict[str, list[tuple[str, str]]] = {}
    for section in SECTIONS:
        for name, sheet, text in re.findall(
            r"^`([\w.-]+)`(?:, sheet `(.*?)`)?:\n\n```text\n(.*?)```", section, re.M | re.S
        ):
            if sheet:
                sheets.setdefault(name, []).append((sheet, text))
            else:
                desk.put(name, text)
    for name, contents in sheets.items():
        with xlsxwriter.Workbook(str(desk.inbox / name), {"strings_to_numbers": True}) as book:
            for sheet, text in contents:
                written = book.add_worksheet(sheet)
                for number, line in enumerate(text.splitlines()):
                    written.write_row(number, 0, line.split(","))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    found = Desk(tmp_path_factory.mktemp("examples"))
    entries = [entry for section in SECTIONS for entry in re.findall(r"```yaml\n(.*?)```", section, re.S)]
    found.mapping.write_text(HEAD + "".join(entries), encoding="utf-8")
    put_files(found)
    found.land()
    yield found


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition(":")[0].strip("`"))
def test_the_rows_of_the_example_land(section: str, desk: Desk) -> None:
    entity, columns, expected = tables(section)
    names = set(re.findall(r"^`([\w.-]+)`(?:, sheet `.*?`)?:$", section, re.M))
    listed = ", ".join(f"'{name}'" for name in names)
    landed = desk.query(f"select {', '.join(columns)} from landed('{entity}') where file_name in ({listed})")
    assert sorted(landed, key=str) == sorted(expected, key=str)
