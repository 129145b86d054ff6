"""Standard output and error for pipes that the reader may close: the output is dropped, and the command continues.

`loyalty run | head` must neither end the run nor change its exit code. Python raises BrokenPipeError where a program in
C would be ended by SIGPIPE; libraries that print (rich, click) would turn it into an exit of their own. So it is caught
below all of them, where bytes are written to the descriptor.
"""

import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Output(io.FileIO):
    """A descriptor that is redirected to /dev/null when its pipe is closed.

    Attributes:
        problem: Why it took no more, unless its reader left: a full disk, say.
    """

    problem: OSError | None = None

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write the bytes, or drop them."""
        try:
            return super().write(data)
        except BrokenPipeError:
            pass
        except OSError as problem:
            self.problem = problem
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
        return memoryview(data).nbytes


def guard_streams() -> _Output | None:
    """Put the guarded streams in the place of `sys.stdout` and `sys.stderr`.

    Returns:
        What standard output is written to; None if it was closed before.
    """
    guarded = {}
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 (open until the end)
            continue
        stream.flush()
        guarded[name] = _Output(stream.fileno(), "w", closefd=False)
        text = io.TextIOWrapper(
            io.BufferedWriter(guarded[name]),
            encoding=stream.encoding,
            errors="backslashreplace",  # a terminal that has no sign for a character shows its number
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, text)
    return guarded.get("stdout")
