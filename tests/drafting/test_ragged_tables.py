"""A text table with a few odd lines is drafted: the delimiter is the one that nearly all lines have."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.drafting import Wishes, draft_mapping

HEADER = "order_id,customer,order_date,amount\n"
ROWS = "".join(f"{number},7,2024-01-15,10\n" for number in range(1, 200))


@pytest.mark.parametrize(
    ("text", "skipped"),
    [
        (f"{HEADER}{ROWS}200,5\n", None),
        (f"{HEADER}{ROWS}200,7,2024-01-15,10,5\n", None),
        (f"{HEADER}1,A,2024-01-15,10\n2,B,2024-01-15,10\n3,C,2024-01", None),
        (f"Sales report,,,\n,,,\n{HEADER}1,A,2024-01-15,10\n2,B,2024-01-16,12\n", 2),
    ],
)
def test_a_table_with_odd_lines_is_drafted(tmp_path: Path, text: str, skipped: int | None) -> None:
    (tmp_path / "orders.csv").write_text(text)
    draft = draft_mapping([tmp_path / "orders.csv"], Wishes("shop", "UTC", "EUR"), date(2024, 5, 31))
    (entry,) = yaml.safe_load(draft.text)["files"]
    assert entry.get("skip_rows") == skipped
    assert entry["entities"]["orders"]["columns"]["total"] == "amount"
