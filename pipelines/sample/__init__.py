"""The sample: a shop's files from a known purchase process, with the truth beside them.

`write_sample` is the way in (sample.py). process.py holds the process, the entity modules what is said,
dirt.py what is wrong with some rows, writer.py the bytes, truth.py what a pipeline should find again.
"""

from pipelines.sample.sample import SampleReport, write_sample

__all__ = ["SampleReport", "write_sample"]
