"""Says whether the encoding of a file, if it had to be estimated, decides a value that the draft reads."""

from collections.abc import Iterator, Sequence

from pipelines.drafting.drafted import DraftedEntity, Remark
from pipelines.drafting.layout import Layout
from pipelines.drafting.table import Table
from pipelines.drafting.unmapped import fields_read
from pipelines.landing.binding import json_path

_TRAILING = "|"  # a delimiter that may be the second byte of a character in GBK


def about_encoding(table: Table, layout: Layout, entities: Sequence[DraftedEntity]) -> Iterator[Remark]:
    """A remark if the encoding was estimated: to decide, if another encoding would give other values.

    All encodings that a draft estimates have the same ASCII characters. So only values with other characters count.
    """
    if not layout.estimated:
        return
    text = f"its encoding was estimated: {layout.estimated}"
    if _decides(table, layout, entities):
        yield Remark(f"{text}. Check in the file that letters such as ä and é are right", is_open=True)
    else:
        yield Remark(f"{text}. Another encoding would give the same values in the columns that are read")


def _decides(table: Table, layout: Layout, entities: Sequence[DraftedEntity]) -> bool:
    if layout.options.get("delimiter") == _TRAILING or any(entity.wording for entity in entities):
        return True
    texts = (column.sql for entity in entities for block in entity.blocks() for column in block.values())
    if any("'" in text and not text.isascii() for text in texts):
        return True  # the name of a column is a value, such as a question
    for rows, fields in fields_read(table, entities):
        cells = ", ".join(f"json_extract_string(document, {json_path(one.path)})" for one in fields)
        odd = f"regexp_matches(concat({cells}), '[^\\x00-\\x7F]')"
        if fields and table.query(f"select 1 from {rows.whole} where {odd} limit 1"):  # noqa: S608 (names are quoted)
            return True
    return False
