"""The values of a chart: numbers as numbers, codes as words."""

from pipelines.report.blocks import Chart
from pipelines.report.charts import chart_spec
from pipelines.report.formats import Formats
from pipelines.report.source import Result

COLUMNS = ("channel", "n_customers")
HEADINGS = {"channel": "Channel", "n_customers": "Customers"}


def test_an_unknown_category_has_a_word_and_an_unknown_number_has_no_bar() -> None:
    raw = Result(COLUMNS, ((None, 7), ("shop", None)))
    shown = Result(COLUMNS, (("Not known", 7), ("Shop", None)))
    formats = Formats("en", "EUR", {True: "Yes", False: "No"})
    spec = chart_spec(Chart("bars", x="n_customers", y="channel", colour="channel"), raw, shown, HEADINGS, formats)
    found = [(value["y"], value["c"], value["x"]) for value in spec["data"]["values"]]
    assert found == [("Not known", "Not known", 7), ("Shop", "Shop", None)]
