"""Where an export goes: a file that is there whole or not at all, or standard output."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Write = Callable[[str], Any]


@contextmanager
def written_whole(path: Path) -> Iterator[Write]:
    """Take text for this file, which appears under its name when the block ends well and otherwise not at all.

    A pipe or device is written to as it is. Raises `OSError`.
    """
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        with path.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream.write
        return
    # Through a link: its target is replaced, not the link.
    final = path.resolve()
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", dir=final.parent, prefix=f".{final.name[:100]}.", delete=False
    ) as stream:
        try:
            yield stream.write
            stream.flush()
            os.fsync(stream.fileno())
            Path(stream.name).chmod(_mode(final))
            Path(stream.name).replace(final)
        except BaseException:
            Path(stream.name).unlink(missing_ok=True)
            raise


def _mode(path: Path) -> int:
    """The permissions that a file of this name has or would get."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


@contextmanager
def written_to(path: Path | None, standard_output: Any) -> Iterator[Write]:
    """Take text for this file, or for standard output, in UTF-8 whatever the terminal's encoding."""
    if path is not None:
        with written_whole(path) as write:
            yield write
        return
    buffer = getattr(standard_output, "buffer", None)
    if buffer is None:
        yield lambda text: standard_output.write(text, ending="")
    else:
        yield lambda text: buffer.write(text.encode())
        buffer.flush()
