"""How far the reading of a source is, as a bar on a terminal and as nothing elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from partnercenter.pulling.gathering import Progress


@contextmanager
def reading_bar(*, is_quiet: bool = False) -> Iterator[tuple[Progress, Callable[[str], object]]]:
    """A bar for the customers that are read, and where to say what is waited for."""
    console = Console(stderr=True)
    if is_quiet or not console.is_terminal:
        yield Progress(), lambda words: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        reading = bars.add_task(_("Reading"), total=None)
        progress = Progress(
            to_read=lambda customers: bars.update(reading, total=customers),
            read=lambda customers: bars.advance(reading, customers),
        )
        yield progress, lambda words: bars.console.print(words, markup=False, highlight=False)
