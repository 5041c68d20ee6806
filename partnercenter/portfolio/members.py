"""What each member of a record may hold. A check returns the value as it is stored, or raises `Wrong`."""

import datetime
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from customers.models import HOST_NAME
from partnercenter.portfolio.faults import shown
from partnercenter.portfolio.reading import Repeating
from partners.legible import TURNING

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Controls, halves of surrogate pairs, line separators and what turns the text around it, as in the forms: no database
# column or page is to hold them.
UNPRINTABLE = re.compile(rf"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029{''.join(sorted(TURNING))}]")
FIRST_YEAR, LAST_YEAR = 1900, 2999
# A subscription of the last year is committed until the next.
LAST_YEAR_OF_A_DAY = LAST_YEAR + 1

Check = Callable[[Any], Any]
Report = Callable[[str, str], None]


class Wrong(Exception):
    """What is wrong with a value, in words that name it and say what would be accepted."""


def uuid(value: Any) -> str:
    """A UUID in its canonical form."""
    if type(value) is str and UUID.fullmatch(value):
        return value
    raise Wrong(_("expected a UUID in lower case with hyphens, not %s") % shown(value))


def text(longest: int, *, may_be_blank: bool = False) -> Check:
    """Text of so many characters at most, on one line."""

    def check(value: Any) -> str:
        if type(value) is not str:
            raise Wrong(_("expected text, not %s") % shown(value))
        if len(value) > longest:
            raise Wrong(_("longer than %d characters") % longest)
        if UNPRINTABLE.search(value):
            raise Wrong(_("control characters are not allowed: %s") % shown(value))
        if not may_be_blank and not value.strip():
            raise Wrong(_("must not be empty"))
        return value

    return check


def host_name(value: Any) -> str:
    """A host name; letters beyond ASCII only in their `xn--` form."""
    if type(value) is str and value.isascii() and HOST_NAME.match(value):
        return value
    raise Wrong(_("expected a host name such as contoso.partner.onmschina.cn, not %s") % shown(value))


def whole_number(value: Any) -> int:
    """A whole number; 5.0 and true are none."""
    if type(value) is int:
        return value
    raise Wrong(_("expected a whole number, not %s") % shown(value))


def flag(value: Any) -> bool:
    """True or false."""
    if type(value) is bool:
        return value
    raise Wrong(_("expected true or false, not %s") % shown(value))


def one_of(choices: Container[str], accepted: str) -> Check:
    """One of these words."""

    def check(value: Any) -> str:
        if type(value) is str and value in choices:
            return value
        raise Wrong(_("expected one of %(choices)s, not %(value)s") % {"choices": accepted, "value": shown(value)})

    return check


def time(value: Any) -> datetime.datetime:
    """A time with its zone, in UTC; what is finer than a microsecond is cut off."""
    if type(value) is str and TIME.fullmatch(value):
        try:
            return _within_years(datetime.datetime.fromisoformat(value).astimezone(datetime.UTC), LAST_YEAR)
        except (ValueError, OverflowError):
            pass
    raise Wrong(_("expected a time with its zone such as 2018-03-01T08:00:00Z, not %s") % shown(value))


def day(value: Any) -> datetime.date:
    """A day of the calendar."""
    if type(value) is str and DAY.fullmatch(value):
        try:
            return _within_years(datetime.date.fromisoformat(value), LAST_YEAR_OF_A_DAY)
        except ValueError:
            pass
    raise Wrong(_("expected a day such as 2019-03-01, not %s") % shown(value))


def _within_years[Moment: datetime.date](moment: Moment, last_year: int) -> Moment:
    if not FIRST_YEAR <= moment.year <= last_year:
        raise ValueError
    return moment


def or_null(check: Check) -> Check:
    """What this check accepts, or null."""
    return lambda value: None if value is None else check(value)


def items(value: Any) -> list[Any]:
    """A list of anything."""
    if type(value) is list:
        return value
    raise Wrong(_("expected a list, not %s") % shown(value))


def members(value: Any) -> dict[str, Any]:
    """An object with any members, each once."""
    if isinstance(value, dict) and not isinstance(value, Repeating):
        return value
    raise Wrong(_("expected an object whose members stand once, not %s") % shown(value))


REQUIRED = object()


@dataclass(frozen=True)
class Member:
    """One member of a record: how it is checked, and what holds where it is left out."""

    check: Check
    left_out: Any = REQUIRED


@dataclass(frozen=True)
class Shape:
    """The members that a record has."""

    members: Mapping[str, Member]

    def read(self, value: Any, place: str, report: Report) -> dict[str, Any]:
        """The checked members of this value; of a wrong member, `None`, after its fault was reported."""
        if not isinstance(value, dict):
            report(place, _("expected an object, not %s") % shown(value))
            return dict.fromkeys(self.members)
        row: dict[str, Any] = {}
        for name, member in self.members.items():
            if name in value:
                try:
                    row[name] = member.check(value[name])
                except Wrong as wrong:
                    report(f"{place}.{name}", str(wrong))
                    row[name] = None
            elif member.left_out is REQUIRED:
                report(f"{place}.{name}", _("missing"))
                row[name] = None
            else:
                row[name] = member.left_out
        self._report_strangers(value, place, report)
        return row

    def _report_strangers(self, value: dict[str, Any], place: str, report: Report) -> None:
        if isinstance(value, Repeating):
            for name in value.repeated:
                report(f"{place}.{named(name)}", _("this member stands twice"))
        if value.keys() <= self.members.keys():
            return
        for name in value:
            if name not in self.members:
                known = ", ".join(self.members)
                report(f"{place}.{named(name)}", _("unknown member; a member is one of %s") % known)


def named(name: str) -> str:
    """A member's name as the place of a fault shows it."""
    return name if name.isidentifier() and len(name) <= 60 else shown(name)
