"""What the commands say of a portfolio that came in, or that was refused."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnercenter.portfolio.faults import Faults
from partnercenter.portfolio.importing import Changes
from partnercenter.portfolio.writing import KINDS


def told_changes(changes: Changes) -> Iterator[str]:
    """A sentence for each kind: how many are new, differ, and are the same; one more where nothing changes."""
    for kind in KINDS:
        yield (
            _("%(kind)s: %(added)d added, %(updated)d updated, %(unchanged)d unchanged.")
            % {"kind": kind.words, **vars(changes[kind.code])}
        )
    if not is_anything_written(changes):
        yield _("Nothing changes: the portal holds all of it already.")


def is_anything_written(changes: Changes) -> bool:
    """Whether any row is new or differs."""
    return any(counts.written for counts in changes.values())


def refusal(name: str, faults: Faults) -> str:
    """All that a command says of a file that it refuses: the first faults, then how many more there are."""
    head = ngettext(
        "%(file)s has %(count)d fault; nothing was written.", "%(file)s has %(count)d faults; nothing was written.",
        faults.count,
    )  # fmt: skip
    lines = [head % {"file": name, "count": faults.count}, *map(str, faults.first)]
    if rest := faults.count - len(faults.first):
        lines.append(ngettext("… and %d fault more.", "… and %d faults more.", rest) % rest)
    return "\n".join(lines)
