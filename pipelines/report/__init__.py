"""The report: one self-contained HTML file that shows managers what a published version says, and what to do.

It reads a version (publication) and writes `report/index.html`. All figures come from SQL over the marts; this package
computes no business figure of its own that a mart has, and no row of a customer reaches Python.

    source.py    opens a version and runs queries      pages/     the blocks of each page: queries and charts
    headline.py  the main figures and their changes    advice.py  what to do first
    charts.py    Vega-Lite specifications              texts/     the texts in English and Chinese
    page.py      puts it together                      vendor/    the charting library
"""
