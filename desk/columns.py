"""The columns of the lists: what each says of a row, on the page and in a file."""

import datetime
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from desk.portfolio import CustomerLine, Outlook
from desk.reasons import reason_words
from desk.sheets import Cell
from desk.sorting import COMPANY, CREATED, DELETION, LICENCES, OFFER, RENEWAL
from desk.templatetags.desk import deletion_pill, renewal, steps_pill
from partners.templatetags.look import day, moment
from subscriptions.models import Status, Subscription

NOBODY = uuid.UUID(int=0)
NOTHING = uuid.UUID(int=1)


@dataclass(frozen=True)
class SoldLine:
    """A subscription of the partner's list; `outlook` is `None` where it has no upgrade paths, or nobody asked."""

    subscription: Subscription
    outlook: Outlook | None = None
    customer_address: str = ""
    address: str = ""
    upgrade_address: str = ""

    @property
    def steps(self) -> int | None:
        """How many conditions the nearest upgrade lacks."""
        return None if self.outlook is None else self.outlook.nearest.steps

    @property
    def obstacles(self) -> list[str]:
        """What stands in the way of the nearest upgrade."""
        return [] if self.outlook is None else reason_words(self.outlook.nearest.codes)


def with_addresses(rows: Iterable[tuple[Subscription, Outlook | None]], *, may_upgrade: bool) -> list[SoldLine]:
    """These subscriptions with the addresses that a page links them to."""
    # One address of each kind is resolved and serves all.
    customer = reverse("desk:subscription_list", args=[NOBODY])
    details = reverse("desk:subscription_details", args=[NOBODY, NOTHING])
    upgrade = reverse("upgrades:upgrade_form", args=[NOBODY, NOTHING]) if may_upgrade else ""

    def fill(pattern: str, row: Subscription) -> str:
        return pattern.replace(str(NOBODY), str(row.customer_id)).replace(str(NOTHING), str(row.pk))

    return [
        SoldLine(row, outlook, fill(customer, row), fill(details, row), fill(upgrade, row)) for row, outlook in rows
    ]


@dataclass(frozen=True)
class Column[Line]:
    """One column: what a file says of a line, and how the page draws it; `sort` is what its heading sorts by."""

    code: str
    words: str | Promise
    value: Callable[[Line], Cell]
    draw: Callable[[Line], str] | None = None
    classes: str = ""
    sort: str = ""
    width: int = 16

    def cell(self, line: Line) -> SafeString:
        """The line's cell on the page."""
        return conditional_escape(self.draw(line) if self.draw else str(self.value(line)))


def _deletion_day(line: SoldLine) -> datetime.date | None:
    when = line.subscription.deletion_time
    return None if when is None else timezone.localtime(when).date()


def _link(address: str, words: str) -> SafeString:
    return format_html('<a href="{}"><bdi>{}</bdi></a>', address, words)


def _draw_company(line: SoldLine) -> SafeString:
    """The customer; where there is no room for a column each, the offer and its state stand below."""
    offer = format_html('<span class="when-narrow row-under">{}{}</span>', _draw_offer(line), _draw_status(line))
    return _link(line.customer_address, line.subscription.customer.company_name) + offer


def _draw_offer(line: SoldLine) -> SafeString:
    return _link(line.address, line.subscription.offer.name)


def _draw_status(line: SoldLine) -> SafeString:
    badge = _badge(Status(line.subscription.status), get_language() or "")
    return format_html('<span class="pair">{}{}</span>', badge, deletion_pill(line.subscription))


@lru_cache(maxsize=32)
def _badge(status: Status, language: str) -> SafeString:
    """Drawn once for each status and language: drawing one a row takes as long as judging them all."""
    return render_to_string("partials/status_badge.html", {"status": status.value, "label": str(status.label)})


def _draw_upgrade(line: SoldLine) -> SafeString:
    if line.steps == 0 and line.upgrade_address:
        return format_html('<a href="{}">{}</a>', line.upgrade_address, _("Upgrade now"))
    return steps_pill(line.steps)


def upgrade_words(steps: int | None) -> str:
    """How near an upgrade is, in words alone; nothing where there are no upgrade paths."""
    if steps is None:
        return ""
    if steps == 0:
        return _("Upgrade possible")
    return ngettext("%(steps)s step away", "%(steps)s steps away", steps) % {"steps": steps}


def _yes_or_no(is_so: bool) -> str:  # noqa: FBT001 - the value of a cell
    return _("Yes") if is_so else _("No")


def _id(value: object) -> SafeString:
    return format_html('<span class="id nowrap">{}</span>', value)


ALWAYS: tuple[Column[SoldLine], ...] = (
    Column(
        "company",
        gettext_lazy("Company"),
        lambda line: line.subscription.customer.company_name,
        _draw_company,
        sort=COMPANY,
        width=36,
    ),
    Column(
        "offer",
        gettext_lazy("Offer"),
        lambda line: line.subscription.offer.name,
        _draw_offer,
        classes="when-wide",
        sort=OFFER,
        width=36,
    ),
)
OPTIONAL: tuple[Column[SoldLine], ...] = (
    Column(
        "domain",
        gettext_lazy("Primary domain"),
        lambda line: line.subscription.customer.domain,
        lambda line: format_html('<span class="id">{}</span>', line.subscription.customer.domain),
        classes="least",
        width=36,
    ),
    Column(
        "nickname",
        gettext_lazy("Nickname"),
        lambda line: line.subscription.nickname,
        lambda line: format_html("<bdi>{}</bdi>", line.subscription.nickname),
        classes="minor",
        width=24,
    ),
    Column(
        "licences",
        gettext_lazy("Licences"),
        lambda line: line.subscription.quantity,
        lambda line: number_format(line.subscription.quantity),
        classes="end minor",
        sort=LICENCES,
        width=10,
    ),
    Column(
        "status",
        gettext_lazy("Status"),
        lambda line: str(line.subscription.get_status_display()),
        _draw_status,
        classes="minor",
        width=12,
    ),
    Column(
        "deletion",
        gettext_lazy("Deletion"),
        _deletion_day,
        lambda line: day(line.subscription.deletion_time),
        classes="minor",
        sort=DELETION,
    ),
    Column(
        "created",
        gettext_lazy("Created"),
        lambda line: line.subscription.created_at,
        lambda line: moment(line.subscription.created_at),
        classes="minor",
        sort=CREATED,
        width=20,
    ),
    Column(
        "renewal",
        gettext_lazy("Renewal"),
        lambda line: line.subscription.commitment_end,
        lambda line: renewal(line.subscription),
        classes="minor",
        sort=RENEWAL,
    ),
    Column(
        "auto_renew",
        gettext_lazy("Renews by itself"),
        lambda line: _yes_or_no(line.subscription.auto_renew),
        classes="minor",
        width=10,
    ),
    Column(
        "upgrade",
        pgettext_lazy("heading of a column", "Upgrade"),
        lambda line: upgrade_words(line.steps),
        _draw_upgrade,
        width=20,
    ),
    Column(
        "obstacles",
        gettext_lazy("What stands in the way"),
        lambda line: "; ".join(line.obstacles),
        classes="minor wordy",
        width=48,
    ),
    Column(
        "id",
        gettext_lazy("Subscription id"),
        lambda line: str(line.subscription.pk),
        lambda line: _id(line.subscription.pk),
        classes="minor",
        width=38,
    ),
    Column(
        "customer_id",
        gettext_lazy("Tenant id"),
        lambda line: str(line.subscription.customer_id),
        lambda line: _id(line.subscription.customer_id),
        classes="minor",
        width=38,
    ),
)
CHOSEN = ["nickname", "licences", "status", "renewal", "upgrade"]
# What these say needs verdicts.
JUDGED = frozenset({"upgrade", "obstacles"})

CUSTOMER_COLUMNS: tuple[Column[CustomerLine], ...] = (
    Column("company", gettext_lazy("Company"), lambda line: line.name, width=36),
    Column("domain", gettext_lazy("Primary domain"), lambda line: line.domain, width=36),
    Column("relationship", gettext_lazy("Relationship"), lambda line: line.relationship_words),
    Column("subscriptions", gettext_lazy("Subscriptions"), lambda line: line.subscriptions, width=14),
    Column(
        "upgrade", pgettext_lazy("heading of a column", "Upgrade"), lambda line: upgrade_words(line.steps), width=20
    ),
    Column("customer_id", gettext_lazy("Tenant id"), lambda line: line.id, width=38),
)


def columns_of(codes: Sequence[str]) -> list[Column[SoldLine]]:
    """The columns that always show, and these of the others, in their own order."""
    return [*ALWAYS, *(column for column in OPTIONAL if column.code in codes)]
