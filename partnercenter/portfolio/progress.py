"""How far a long import is, as a bar on a terminal and as nothing elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from partnercenter.portfolio.importing import Progress


@contextmanager
def progress_bars(path: Path, *, is_quiet: bool = False) -> Iterator[Progress]:
    """Bars for checking this file and for writing its rows, where standard error is a terminal."""
    console = Console(stderr=True)
    if is_quiet or not console.is_terminal:
        yield Progress()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    size = path.stat().st_size if path.is_file() else None
    with Bars(*columns, console=console, transient=True) as bars:
        checking = bars.add_task(_("Checking"), total=size)
        writing = bars.add_task(_("Writing"), total=None, visible=False)
        yield Progress(
            read=lambda size: bars.advance(checking, size),
            to_write=lambda rows: bars.update(writing, total=rows, visible=True),
            written=lambda rows: bars.advance(writing, rows),
        )
