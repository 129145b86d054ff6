"""What a draft leaves open is never published silently: a run refuses it, or the user says how to read it."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import init_ask
from pipelines.cli.app import app
from pipelines.drafting import Wishes, draft_mapping
from pipelines.landing import load_mapping, open_marks

OPTIONS = ["--timezone", "Europe/Berlin", "--currency", "EUR", "--industry", "retail"]
HEADER = "Order ID,Customer,Date,Total\n"
OPEN = f"{HEADER}1,a,03/04/2024,5\n2,b,05/06/2024,7\n"
TODAY = date(2024, 7, 1)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new user's folder, which is the working directory."""
    (tmp_path / "shop").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def orders(place: Path, text: str) -> None:
    (place / "shop" / "orders.csv").write_text(text, encoding="utf-8")


def test_check_and_run_name_the_line_of_dates_that_can_be_read_both_ways(place: Path) -> None:
    orders(place, OPEN)
    assert CliRunner().invoke(app, ["init", "shop", *OPTIONS]).exit_code == 3
    mapping = place / "mappings" / "shop.yml"
    lines = mapping.read_text().splitlines()
    (number,) = [number for number, line in enumerate(lines, start=1) if "to decide before a run" in line]
    mark = f"{mapping}:{number}: to decide before a run: ordered_at: every value of `Date` fits both"
    assert [line.strip() for line in lines[number + 1 : number + 4]] == [
        "ordered_at:",
        "sql: Date",
        'timestamps: "%d/%m/%Y"',
    ]
    checked, run = CliRunner().invoke(app, ["check"]), CliRunner().invoke(app, ["run"])
    assert (checked.exit_code, run.exit_code) == (3, 2)
    assert mark in checked.stderr and mark in run.stderr
    assert "correct the lines below the mark if needed, and remove the comment" in run.stderr
    assert not (place / "home" / "landing").exists()
    mapping.write_text("\n".join([*lines[: number - 1], *lines[number + 1 :]]) + "\n")
    assert CliRunner().invoke(app, ["check"]).exit_code == 0


@pytest.mark.parametrize(("order", "form"), [("day-first", "%d/%m/%Y"), ("month-first", "%m/%d/%Y")])
def test_an_option_says_the_order_of_day_and_month(place: Path, order: str, form: str) -> None:
    orders(place, OPEN)
    done = CliRunner().invoke(app, ["init", "shop", *OPTIONS, "--dates", order])
    assert done.exit_code == 0, done.output
    text = (place / "mappings" / "shop.yml").read_text()
    assert f'timestamps: "{form}"' in text and "to decide" not in text


def test_the_data_overrule_the_option(place: Path) -> None:
    orders(place, f"{HEADER}1,a,03/04/2024,5\n2,b,25/06/2024,7\n")
    done = CliRunner().invoke(app, ["init", "shop", *OPTIONS, "--dates", "month-first"])
    assert done.exit_code == 0 and 'timestamps: "%d/%m/%Y"' in (place / "mappings" / "shop.yml").read_text()


def test_values_of_no_format_leave_the_option_in_force(place: Path) -> None:
    orders(place, f"{OPEN}3,c,n/a,9\n")
    draft = draft_mapping([place / "shop" / "orders.csv"], Wishes("shop", "UTC", "EUR", dates="month-first"), TODAY)
    assert 'timestamps: "%m/%d/%Y"' in draft.text and "before a run" not in draft.text


def test_a_terminal_asks_for_the_order_until_the_answer_is_valid(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orders(place, OPEN)
    monkeypatch.setattr(init_ask, "is_terminal", lambda: True)
    done = CliRunner().invoke(app, ["init", "shop", *OPTIONS], input="month\nmonth-first\n")
    assert done.exit_code == 0, done.output
    assert "`03/04/2024` is 2024-04-03 or 2024-03-04" in done.stderr
    assert 'timestamps: "%m/%d/%Y"' in (place / "mappings" / "shop.yml").read_text()


def test_a_terminal_user_can_decide_later(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orders(place, OPEN)
    monkeypatch.setattr(init_ask, "is_terminal", lambda: True)
    done = CliRunner().invoke(app, ["init", "shop", *OPTIONS], input="\n")
    assert done.exit_code == 3 and "to decide before a run" in (place / "mappings" / "shop.yml").read_text()


@pytest.mark.parametrize(
    ("value", "mark", "sql"),
    [
        ("1.234", None, "Total"),
        ("1.234", "point", "Total"),
        ("1.234", "comma", r"regexp_replace(Total, '[.](\d{3})\b', '\1', 'g')"),
        ('"1,234"', None, r"regexp_replace(Total, '[,](\d{3})\b', '\1', 'g')"),
        ('"1,234"', "point", r"regexp_replace(Total, '[,](\d{3})\b', '\1', 'g')"),
        ('"1,234"', "comma", r"replace(regexp_replace(Total, '[.](\d{3})\b', '\1', 'g'), ',', '.')"),
    ],
)
def test_the_decimal_mark_is_decided_by_the_user(place: Path, value: str, mark: str | None, sql: str) -> None:
    orders(place, f"{HEADER}1,a,2024-01-01,{value}\n2,b,2024-01-02,7\n")
    done = CliRunner().invoke(app, ["init", "shop", *OPTIONS, *(["--decimals", mark] if mark else [])])
    text = (place / "mappings" / "shop.yml").read_text()
    assert f"total: {sql}\n" in text
    assert (done.exit_code, "to decide before a run: total: `Total`" in text) == ((0, False) if mark else (3, True))


@pytest.mark.parametrize("values", [("1.234", "12.5"), ("0.125", "1.234"), ("1.234.567", "1.234"), ("1000.125",)])
def test_the_data_decide_what_a_point_is(place: Path, values: tuple[str, ...]) -> None:
    rows = "".join(f"{number},a,2024-01-01,{value}\n" for number, value in enumerate(values))
    orders(place, HEADER + rows)
    draft = draft_mapping([place / "shop" / "orders.csv"], Wishes("shop", "UTC", "EUR"), TODAY)
    assert "to decide" not in draft.text
    assert (r"regexp_replace(Total, '[.](\d{3})\b', '\1', 'g')" in draft.text) == ("1.234.567" in values)


@pytest.mark.parametrize(
    ("sign", "expected", "is_open"),
    [("€", None, False), ("£", "'GBP'", False), ("$", "'EUR'", True), ("USD", "'USD'", False)],
)
def test_signs_beside_amounts_say_the_currency(place: Path, sign: str, expected: str | None, is_open: bool) -> None:
    orders(place, f"{HEADER}1,a,2024-01-01,{sign} 5.50\n2,b,2024-01-02,7.10 {sign}\n")
    draft = draft_mapping([place / "shop" / "orders.csv"], Wishes("shop", "UTC", "EUR"), TODAY)
    path = place / "shop.yml"
    path.write_text(draft.text, encoding="utf-8")
    mapping = load_mapping(path)
    column = mapping.files[0].entities["orders"].columns.get("currency")
    assert (column.sql if column else None) == expected
    assert [mark.is_decisive for mark in open_marks(mapping)] == [True] * is_open


def test_a_dollar_fits_the_dollar_of_the_business(place: Path) -> None:
    orders(place, f"{HEADER}1,a,2024-01-01,$5.50\n")
    draft = draft_mapping([place / "shop" / "orders.csv"], Wishes("shop", "UTC", "CAD"), TODAY)
    assert "to decide" not in draft.text and "currency: CAD" in draft.text


def test_other_marks_are_warnings_with_their_number(place: Path) -> None:
    rows = ["1,a,2024-01-01,5,on the shelf", "2,a,2024-01-02,5,paid", "3,b,2024-01-03,5,paid"]
    orders(place, "\n".join(["Order ID,Customer,Date,Total,Status", *rows]) + "\n")
    assert CliRunner().invoke(app, ["init", "shop", *OPTIONS]).exit_code == 0
    checked = CliRunner().invoke(app, ["check"])
    assert checked.exit_code == 0 and "shop.yml:8: to decide: these statuses are unknown" in checked.stderr
