"""The report: one self-contained HTML file that shows managers what a published version says, and what to do.

It reads the marts of a version (publication) and never the warehouse. All figures come from SQL over the marts, and no
row of a customer reaches Python. Publication decides when a report is written, and where.

    source.py    opens a version and runs queries      pages/       the blocks of each page: queries and charts
    headline.py  the main figures and their changes    advice.py    what to do first
    charts.py    Vega-Lite specifications              texts/       the texts in English and Chinese
    language.py  the report in one language            page.py      puts it together
    formats.py   numbers and dates                     vendor/      the charting library
"""
