"""Prices in Django admin: set one by one, or imported from a price list that is previewed first."""

import datetime
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalog.models import DEFAULT_CURRENCY, LARGEST_AMOUNT, PRICE_DECIMALS, Price
from catalog.money import CURRENCIES, money_words
from catalog.periods import FIRST_DAY, LAST_DAY, Period
from catalog.price_lists import COLUMNS, LARGEST_FILE, PriceListRefused, PricesChanged
from catalog.pricing import PriceChange, fingerprint, import_prices, lock_offers, period_of, preview_prices, set_price
from partners.administration import RecordedAdmin, RecordedForm, administrator, is_new

LONGEST_SOURCE = 100


class PriceForm(RecordedForm):
    """A price. A new one takes the place of others on its days; a stored one may change its amount and its end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "amount" in self.fields:
            self.fields["amount"] = forms.DecimalField(
                label=self.fields["amount"].label,
                min_value=0,
                max_value=LARGEST_AMOUNT,
                decimal_places=PRICE_DECIMALS,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )

    def clean_currency(self) -> str:
        """A currency of ISO 4217, in capitals."""
        currency: str = self.cleaned_data["currency"].upper()
        if currency not in CURRENCIES:
            raise ValidationError(_("Write three letters of ISO 4217, such as CNY."), code="currency")
        return currency

    def clean(self) -> dict[str, Any] | None:
        """Refuse days out of order or of another age; for a stored price, days that belong to another."""
        if not is_new(self.instance):
            # The offer before its price, in the order in which setting a price takes them.
            lock_offers([self.instance.offer_id])
        cleaned = super().clean()
        first = self.cleaned_data.get("valid_from") or self.instance.valid_from
        last = self.cleaned_data.get("valid_until")
        for name, day in (("valid_from", first), ("valid_until", last)):
            if day and not FIRST_DAY <= day <= LAST_DAY:
                words = _("From %(first)s to %(last)s is accepted.")
                values = {"first": date_format(FIRST_DAY), "last": date_format(LAST_DAY)}
                self._complain(name, words % values)
        if first and last and last < first:
            self._complain("valid_until", _("The price ends before it begins."))
        if is_new(self.instance):
            # What stands in its way gives way, so that there is no constraint to hold it against.
            self._validate_unique = self._validate_constraints = False
        elif following := self._following(last):
            words = _("The next price begins on %(day)s; this one ends before that.")
            self._complain("valid_until", words % {"day": date_format(following.valid_from)})
        return cleaned

    def _complain(self, name: str, words: str) -> None:
        self.add_error(name if name in self.fields else None, words)

    def _following(self, last: datetime.date | None) -> Price | None:
        """The first later price that begins before this one would end."""
        this = self.instance
        later = Price.objects.filter(offer_id=this.offer_id, currency=this.currency, valid_from__gt=this.valid_from)
        if last is not None:
            later = later.filter(valid_from__lte=last)
        found: Price | None = later.order_by("valid_from").first()
        return found


class ValidToday(admin.SimpleListFilter):
    """Prices of today, of the past, of the future."""

    title = gettext_lazy("valid")
    parameter_name = "valid"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """What can be chosen."""
        return [("today", _("Today")), ("later", _("From a later day on")), ("past", _("No longer"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The chosen ones."""
        today = timezone.localdate()
        chosen: dict[str | None, Callable[[], Any]] = {
            "today": lambda: queryset.on(today),
            "later": lambda: queryset.filter(valid_from__gt=today),
            "past": lambda: queryset.filter(valid_until__lt=today),
        }
        return chosen.get(self.value(), lambda: queryset)()


@admin.register(Price)
class PriceAdmin(RecordedAdmin):
    """What a licence of an offer costs a month, from one day through another or for good."""

    form = PriceForm
    change_list_template = "admin/catalog/price_list.html"
    list_display = ("offer", "in_words", "valid_from", "valid_until")
    list_filter = (ValidToday, "currency")
    list_select_related = ("offer",)
    search_fields = ("offer__name", "offer__sku_part_number")
    ordering = ("offer__name", "currency", "-valid_from")
    fields = ("offer", "currency", "amount", "valid_from", "valid_until")
    recorded = fields

    @admin.display(description=gettext_lazy("Per licence and month"), ordering="amount")
    def in_words(self, price: Price) -> str:
        """The amount with its currency."""
        return money_words(price.amount, price.currency)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What a price is known by stays; another price is set, or this one deleted."""
        return () if obj is None else ("offer", "currency", "valid_from")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new price begins today."""
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        return {"currency": DEFAULT_CURRENCY, "valid_from": timezone.localdate(), **initial}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Change a stored price; set a new one, and say which others gave way."""
        if change:
            super().save_model(request, obj, form, change)
            return
        others = Price.objects.filter(offer=obj.offer, currency=obj.currency)
        before = [period_of(price) for price in others]
        stored = set_price(
            staff=administrator(request),
            offer=obj.offer,
            currency=obj.currency,
            amount=obj.amount,
            valid_from=obj.valid_from,
            valid_until=obj.valid_until,
        )
        obj.pk = stored.pk
        after = {period_of(price) for price in others.all()}
        if gave_way := [words_of(period, obj.currency) for period in before if period not in after]:
            words = _("These prices gave way, or hold on other days only: %(prices)s.")
            messages.warning(request, words % {"prices": _("; ").join(gave_way)})

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Django's own log entry; the activity record is there already, as setting a price writes it."""
        return super(RecordedAdmin, self).log_addition(request, obj, message)

    # The import -----------------------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        """The import beside the usual pages."""
        page = path("import/", self.admin_site.admin_view(self.import_view), name="catalog_price_import")
        return [page, *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Step 1: choose a file. Step 2: see what changes. Step 3: save it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._choose(request)
        try:
            if request.POST.get("step") == "save":
                return self._save(request)
            return self._preview(request, *_uploaded(request))
        except ValidationError as error:
            return self._choose(request, refused=error.messages[0], status=400)
        except PriceListRefused as refusal:
            return self._choose(request, refused=refusal.message, faults=refusal.lines, status=400)

    def _preview(self, request: HttpRequest, content: bytes, source: str, **more: Any) -> HttpResponse:
        changes = preview_prices(content)
        if not changes:
            messages.info(request, _("Nothing changes: the portal holds all of it already."))
            return HttpResponseRedirect(reverse("admin:catalog_price_changelist"))
        status = more.pop("status", 200)
        context = {
            "title": _("Save these prices?"),
            "changes": [Shown(change) for change in changes],
            "content": content.decode("utf-8-sig"),
            "source": source,
            "expected": fingerprint(changes),
            **more,
        }
        return self._page(request, "admin/catalog/price_preview.html", context, status)

    def _save(self, request: HttpRequest) -> HttpResponse:
        sent = request.POST
        content, source = sent.get("content", "").encode(errors="surrogatepass"), _plain_name(sent.get("source", ""))
        try:
            changes = import_prices(
                staff=administrator(request), content=content, source=source, expected=sent.get("expected", "")
            )
        except PricesChanged as changed:
            return self._preview(request, content, source, refused=changed.message, status=409)
        words = ngettext(
            "The prices of %(count)d offer changed.", "The prices of %(count)d offers changed.", len(changes)
        )
        messages.success(request, words % {"count": len({change.offer.pk for change in changes})})
        return HttpResponseRedirect(reverse("admin:catalog_price_changelist"))

    def _choose(self, request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
        given = {"title": _("Import a price list"), "columns": COLUMNS, **context}
        return self._page(request, "admin/catalog/price_import.html", given, status)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
        request.current_app = self.admin_site.name
        given = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        response = TemplateResponse(request, template, given, status=status)
        # The page with its reasons says more than the general page for this status would.
        response.is_portal_page = True  # type: ignore[attr-defined]
        return response


class Shown:
    """A change as the preview draws it."""

    def __init__(self, change: PriceChange) -> None:
        self.offer, self.currency = change.offer, change.currency
        self.gone, self.come = _words(change.gone, change.currency), _words(change.come, change.currency)


def _words(periods: Iterable[Period], currency: str) -> list[str]:
    return [words_of(period, currency) for period in periods]


def words_of(period: Period, currency: str) -> str:
    """A price with its days, in words."""
    values = {"amount": money_words(period.amount, currency), "first": date_format(period.valid_from)}
    if period.valid_until is None:
        return _("%(amount)s from %(first)s") % values
    return _("%(amount)s from %(first)s to %(last)s") % {**values, "last": date_format(period.valid_until)}


def _uploaded(request: HttpRequest) -> tuple[bytes, str]:
    """The chosen file and its name; raises `ValidationError` where there is none or too large a one."""
    file = request.FILES.get("file")
    if file is None:
        raise ValidationError(_("Choose a file: a price list as CSV in UTF-8."))
    # One byte more than is accepted, so that a larger file is refused as such.
    return file.read(LARGEST_FILE + 1), _plain_name(file.name or "")


def _plain_name(name: str) -> str:
    """The name of a file as records keep it."""
    return "".join(character for character in name if character.isprintable())[:LONGEST_SOURCE]
