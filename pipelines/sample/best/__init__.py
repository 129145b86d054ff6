"""The best rule: what somebody who knows the generator's parameters can find out from purchases and answers.

It knows how the values are distributed and how answers follow from them, but no value of a single customer. Tests and
benchmarks compare the pipeline's labels with it. The generator does not use it.
"""
