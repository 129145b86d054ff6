"""The report of a published version: complete, self-contained, equal to the marts, without individuals."""

import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from pipelines.base import quoting
from pipelines.base.errors import PublicationError
from pipelines.publication.audit import read_manifest
from pipelines.publication.changes import Side, changes_paths, read_changes
from pipelines.publication.model import REPORT, Manifest
from pipelines.report.changes import changes_of
from pipelines.report.page import report_of
from pipelines.report.pages import PAGES
from pipelines.report.source import Source
from tests.conftest import Loyalty, SampleHome

Change = Callable[[str], str]
BLOCKS = {block.key: block for page in PAGES for block in page.blocks}


@pytest.fixture(scope="module")
def version(sample_home: SampleHome) -> Path:
    return (sample_home.published / "current").resolve()


@pytest.fixture(scope="module")
def manifest(version: Path) -> Manifest:
    return read_manifest(version)


@pytest.fixture(scope="module")
def html(version: Path) -> str:
    return (version / REPORT).read_text(encoding="utf-8")


class _Page(HTMLParser):
    """Collects what tests ask for: ids, links, headline figures, and the numbers of each block's table."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.headlines: dict[str, str] = {}
        self.numbers: dict[str, list[str]] = {}
        self.language = ""
        self.block = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        self.sources += [found["src"]] if "src" in found else []
        if found.get("class") == "language":
            self.language = found["id"]
        if "data-headline" in found and self.language == "en":
            self.headlines[found["data-headline"]] = found["data-value"]
        if "data-block" in found:
            self.block = f"{self.language}.{found['data-block']}"
        if tag == "td" and "data-value" in found:
            self.numbers.setdefault(self.block, []).append(found["data-value"])


def parsed(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    return page


def changed(version: Path, folder: Path, change: Change) -> tuple[Path, Manifest]:
    """A copy of a version with other rows: `change` takes a mart's name and returns the condition for its rows."""
    manifest = read_manifest(version)
    with duckdb.connect() as connection:
        for table in manifest.tables:
            path = folder / table.files[0].path
            path.parent.mkdir(parents=True)
            rows = f"from {quoting.files(version / table.files[0].path)} {change(table.name)}"
            connection.execute(f"copy ({rows}) to {quoting.path(path)} (format parquet)")
    return folder, manifest


def test_every_version_has_a_report_that_its_manifest_names(version: Path, manifest: Manifest, html: str) -> None:
    assert REPORT in [file.path for file in manifest.documents]
    assert len(html.encode()) < 3_000_000
    assert (version / REPORT).stat().st_mode & 0o007 == 0


def test_every_publication_says_what_changed(version: Path, manifest: Manifest) -> None:
    published = version.parents[1]
    (first, page) = (read_changes(published, manifest.version), changes_paths(published, manifest.version)[1])
    assert first is not None
    assert first.not_compared == ("first",)
    assert page.stat().st_size < 200_000
    same, _ = changes_of(Side(version, manifest), Side(version, manifest))
    assert {one.difference for one in same.figures} <= {0, None}
    moves = {(one.gained, one.lost) for one in same.moves}
    assert (0, 0) in moves
    assert moves <= {(0, 0), (None, None)}  # moves of a hidden group are hidden too
    assert {one.kind for one in same.moves} >= {"levels", "classes"}
    assert same.rows == ()


def test_the_same_version_gives_the_same_bytes(version: Path, manifest: Manifest, html: str) -> None:
    assert report_of(version, manifest) == html


def test_rows_with_equal_figures_are_ordered_by_their_names(version: Path, manifest: Manifest, tmp_path: Path) -> None:
    """All figures are equal, so nothing but the names can order the rows. The order in the files must not matter."""
    with duckdb.connect() as connection:
        columns = {
            table.name: {
                row[0]: row[1]
                for row in connection.execute(
                    f"describe from {quoting.files(version / table.files[0].path)}"
                ).fetchall()
            }
            for table in manifest.tables
        }

    def order(direction: str) -> Change:
        def with_equal_figures(name: str) -> str:
            figures = [
                quoting.name(column)
                for column, kind in columns[name].items()
                if kind == "DOUBLE" or kind.startswith("DECIMAL") or column.startswith("n_")
            ]
            equal = ", ".join(f"if({one} is null, null, 50) as {one}" for one in figures)
            return f"select *{f' replace ({equal})' if figures else ''} order by all {direction}"

        return with_equal_figures

    pages = [report_of(*changed(version, tmp_path / direction, order(direction))) for direction in ("asc", "desc")]
    assert pages[0] == pages[1]


def test_the_command_writes_the_published_report_again(
    sample_home: SampleHome, loyalty: Loyalty, html: str, manifest: Manifest, tmp_path: Path
) -> None:
    asked = ("report", "--config", sample_home.config, "--home", sample_home.home)
    done = loyalty(*asked, "--version", manifest.version, "--out", tmp_path / "a" / "report.html")
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "a" / "report.html")), done.stderr
    assert (tmp_path / "a" / "report.html").read_text(encoding="utf-8") == html
    missing = loyalty(*asked, "--version", "2020-01-01_none")
    assert missing.returncode == 6
    assert "there is no version 2020-01-01_none" in missing.stderr


def test_the_report_loads_nothing(html: str) -> None:
    page = parsed(html)
    assert page.sources == []
    assert {link.partition(":")[0] for link in page.links if not link.startswith(("#", "../quality/"))} == {"data"}
    assert not re.findall(r"url\(|@import", html.partition("<script>")[0])


def test_every_link_inside_the_report_leads_somewhere(html: str, version: Path) -> None:
    page = parsed(html)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert all((version / link[3:]).is_file() for link in page.links if link.startswith("../"))


HEADLINES = {
    "customers": "select count(*) from customer_rfm",
    "active": "select count(*) from customer_rfm where is_active",
    "repurchase": "select count(*) filter (where frequency > 1) / count(*) from customer_rfm",
    # the sample is younger than twelve months, so these are all of its answers
    "nps": "select nps from rpt_nps where (period_kind, survey_kind, slice_by) = ('all', 'all', 'all')",
    "clv": "select sum(clv_12m_amount) from customer_clv",
    # unknown as long as nobody can have been loyal
    "loyal_share": "select case when (select count(*) from rpt_value where is_complete and level = 'loyal') > 0"
    " then coalesce(sum(purchase_amount) filter (where level = 'loyal'), 0) / sum(purchase_amount) end"
    " from rpt_value where month_on = (select max(month_on) from rpt_value where is_complete)",
    "at_risk": "select sum(value_at_stake_amount) from customer_actions where level = 'at_risk'",
}


def test_the_headline_figures_equal_the_marts(html: str, version: Path) -> None:
    shown = parsed(html).headlines
    assert list(shown) == list(HEADLINES)
    assert shown["customers"] == "300"
    with duckdb.connect(str(version / "loyalty.duckdb"), read_only=True) as connection:
        for key, sql in HEADLINES.items():
            ((expected,),) = connection.execute(sql).fetchall()
            if expected is None:
                assert shown[key] == "", key
            else:
                assert float(shown[key]) == pytest.approx(float(expected), abs=1e-4), key


def test_the_tables_have_the_numbers_of_the_marts_in_both_languages(html: str, version: Path) -> None:
    shown = parsed(html).numbers
    assert len(shown) > 60
    assert {name[3:]: numbers for name, numbers in shown.items() if name.startswith("en.")} == {
        name[3:]: numbers for name, numbers in shown.items() if name.startswith("zh.")
    }
    with duckdb.connect(str(version / "loyalty.duckdb"), read_only=True) as connection:
        outcome = connection.execute(
            "select returned_share from rpt_level_outcome where n_customers >= 5"
            " and month_end_on = (select max(month_end_on) from rpt_level_outcome)"
        ).fetchall()
        months = connection.execute(
            "select nps from rpt_nps where (period_kind, survey_kind, slice_by) = ('month', 'all', 'all')"
            " and n_answers >= 5"
        ).fetchall()
    assert {str(value) for (value,) in outcome} <= set(shown["en.level_outcome"])
    assert {str(value) for (value,) in months} <= set(shown["en.nps"])


def test_the_rows_in_quarantine_equal_the_marts_and_the_warehouse(
    html: str, version: Path, sample_home: SampleHome
) -> None:
    with duckdb.connect(str(version / "loyalty.duckdb"), read_only=True) as connection:
        published = connection.execute("select * from rpt_quarantine order by all").fetchall()
        issues = connection.execute(
            "select source, detail, n_rows from rpt_data_issue where issue = 'records_unreadable' order by all"
        ).fetchall()
    columns = ("n_rows", "n_landed", "rejected_share")
    with Source(version, read_manifest(version)) as source:
        shown = source.query(BLOCKS["quarantine"].sql)
    listed = list(zip(*(shown.column(name) for name in ("source", "entity", "quarantine_rule", *columns)), strict=True))
    assert len(listed) == min(40, len(published)) > 30  # the sample has one source
    assert listed == sorted(published, key=lambda row: (-row[3], row[2]))[:40]
    numbers = [str(value) for row in listed for value in row[3:]]
    for language in ("en", "zh"):
        assert parsed(html).numbers[f"{language}.quarantine"] == numbers
    assert [(row[0], row[2], row[3]) for row in published if row[1] == "unreadable"] == issues
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        counted = connection.execute(
            "select source, entity, rule, count(*) from ("
            " select source, entity, unnest(string_split(broken_rules, ', ')) as rule from staging.stg_quarantine"
            " where not is_resolved) group by all order by all"
        ).fetchall()
    assert [row[:4] for row in published] == counted


def test_no_individual_is_in_the_report(html: str, version: Path) -> None:
    with duckdb.connect(str(version / "loyalty.duckdb"), read_only=True) as connection:
        keys = connection.execute("select customer_key from dim_customer").fetchall()
    assert len(keys) > 200
    assert not [key for (key,) in keys if key in html]


def test_groups_below_the_limit_are_hidden(version: Path, manifest: Manifest, tmp_path: Path) -> None:
    with Source(version, manifest) as source:
        limit = source.min_group
        results = source.results(list(BLOCKS.values()))
        for block in BLOCKS.values():
            if block.group:
                sizes = results[block.key].column(block.group) if results[block.key].rows else ()
                assert not [size for size in sizes if 0 < float(size or 0) < limit], block.key
        assert sum(result.hidden for result in results.values()) > 10
    setting = "select * replace (case setting when 'model.reports.min_group' then '1000000' else value end as value)"
    folder, _ = changed(version, tmp_path, lambda name: setting if name == "rpt_setting" else "")
    page = parsed(report_of(folder, manifest))
    groups = {f"en.{block.key}" for block in BLOCKS.values() if block.group}
    assert {name: sizes for name, sizes in page.numbers.items() if name in groups and any(map(float, sizes))} == {}


def test_without_data_a_page_says_what_to_connect(version: Path, tmp_path: Path) -> None:
    folder, manifest = changed(version, tmp_path, lambda name: "" if name.startswith("dim_") else "where false")
    html = report_of(folder, manifest)
    assert "Connect orders with a customer reference" in html
    assert "请接入带有客户标识的订单" in html
    assert set(parsed(html).numbers) == {"en.playbook", "zh.playbook"}


def test_a_version_without_some_marts_has_a_report(version: Path, tmp_path: Path) -> None:
    manifest = read_manifest(version)
    few = manifest.model_copy(update={"tables": tuple(one for one in manifest.tables if one.name == "customer_rfm")})
    html = report_of(version, few)
    assert html.count("did not publish these figures") == html.count("未发布这些数据") > 0
    assert "No record was rejected" not in html  # nobody knows


def test_texts_from_outside_stay_texts(version: Path, tmp_path: Path) -> None:
    hostile = "select * replace ('</script><script>alert(1)</script>' as campaign_id)"
    folder, manifest = changed(version, tmp_path, lambda name: hostile if name == "rpt_campaigns" else "")
    html = report_of(folder, manifest)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_report_of_marts_that_this_program_does_not_know_is_refused(version: Path, tmp_path: Path) -> None:
    shutil.copytree(version / "marts", tmp_path / "marts")
    folder, manifest = tmp_path, read_manifest(version)
    path = folder / "marts" / "rpt_nps" / "part-0.parquet"
    path.unlink()
    duckdb.sql("select 1 as other").write_parquet(str(path))
    with pytest.raises(PublicationError, match="its marts have schema version"):
        report_of(folder, manifest)


def test_two_versions_are_put_side_by_side(version: Path, manifest: Manifest, tmp_path: Path) -> None:
    folder, _ = changed(
        version, tmp_path, lambda name: "where customer_key < '8'" if name == "customer_loyalty" else ""
    )
    other = manifest.model_copy(update={"version": "2025-06-29_other"})
    html = report_of(version, manifest, (folder, other))
    tables = re.findall(r'data-comparison="(\w+)"', html)
    assert tables[: len(tables) // 2] == ["headlines", "levels_by_class", "quadrants", "coverage"]
    assert "2025-06-29_other" in html
    page = parsed(html)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    same = report_of(version, manifest, (version, other))
    assert re.findall(r'data-comparison="(\w+)"', same) == ["headlines", "headlines"]
