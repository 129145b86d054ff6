"""Standard output and error that survive a closed pipe: the output is dropped, and the command continues.

`loyalty run | head` must neither end the run nor change its exit code. Python raises BrokenPipeError if the pipe is
closed, and libraries that print (rich, click) would end the process with their own exit code. So the error is caught
below these libraries, where bytes are written to the descriptor.
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
        problem: Why a write failed (for example a full disk); None for a closed pipe.
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
    """Replace `sys.stdout` and `sys.stderr` by guarded streams.

    Returns:
        The guarded standard output; None if standard output was already closed.
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
            errors="backslashreplace",  # characters that the encoding lacks are written as escapes
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, text)
    return guarded.get("stdout")
