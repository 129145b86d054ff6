"""The charting library that each report embeds: Vega and Vega-Lite as one script, without network access.

`vega.js` is written by `python -m pipelines.report.vendor` from the locked vl-convert-python (extra dev), which carries
the libraries. It is kept in the repository, so that a publication needs no bundler and its bytes do not depend on one.
"""
