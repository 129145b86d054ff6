"""The sample: files of a shop, its CRM and its survey tool, with the true values in separate files.

The purchases follow a known process. The entry point is `write_sample` (sample.py). process.py simulates the process,
the entity modules make the rows, dirt.py adds bad rows, writer.py writes the files, and truth.py and truth_people.py
write what a pipeline should find.
"""

from pipelines.sample.sample import SampleReport, write_sample

__all__ = ["SampleReport", "write_sample"]
