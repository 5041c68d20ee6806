"""The catalogue in Django admin: services, service plans, offers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from catalog.consequences import consequences_of, limits_checked, watch
from catalog.fields import WholeNumberField
from catalog.models import LARGEST_QUANTITY, LONGEST_DESCRIPTION, Offer, Service, ServicePlan
from catalog.operations import add_ons_below, set_plans, withdraw_offer
from partners.administration import (
    CONFIRMED,
    RecordedAdmin,
    RecordedForm,
    Snapshot,
    TicksField,
    Unconfirmed,
    administrator,
    is_new,
)


class CatalogueAdmin(RecordedAdmin):
    """An admin of the catalogue: a change that touches somebody's subscriptions asks first."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save, watching what it does to others."""
        obj.tell_consequences = watch()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Save the rest; then, where it touches anybody and was not confirmed, take all back and ask."""
        super().save_related(request, form, formsets, change)
        self.save_contents(form)
        consequences = form.instance.tell_consequences() if change and CONFIRMED not in request.POST else []
        if consequences:
            raise Unconfirmed(list(consequences), form.stored or {}, self.snapshot(form.instance))

    def save_contents(self, form: Any) -> None:
        """Save what the form holds beyond the fields of the object itself."""


@admin.register(Service)
class ServiceAdmin(CatalogueAdmin):
    """What a customer's people use."""

    list_display = ("name", "code", "plan_names")
    search_fields = ("name", "code")
    recorded = ("name", "code")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the plans, in one query more."""
        return super().get_queryset(request).prefetch_related("plans")

    @admin.display(description=gettext_lazy("Service plans"))
    def plan_names(self, service: Service) -> str:
        """The editions of it."""
        return _(", ").join(plan.name for plan in service.plans.all())


@admin.register(ServicePlan)
class ServicePlanAdmin(CatalogueAdmin):
    """The editions of services."""

    list_display = ("name", "service", "code", "plan_id")
    list_filter = ("service",)
    list_select_related = ("service",)
    search_fields = ("name", "code")
    recorded = ("name", "code", "plan_id", "service")


if TYPE_CHECKING:
    ModelChoiceIterator = forms.models.ModelChoiceIterator[ServicePlan]
else:
    ModelChoiceIterator = forms.models.ModelChoiceIterator


class GroupedPlans(ModelChoiceIterator):
    """The service plans, grouped by service."""

    def __iter__(self) -> Iterator[Any]:
        groups: dict[str, list[Any]] = {}
        for plan in self.queryset:
            groups.setdefault(plan.service.name, []).append(self.choice(plan))
        yield from groups.items()


class PlansField(TicksField):
    """A tick for each service plan."""

    iterator = GroupedPlans


class Paragraph(forms.CharField):
    """A text without line ends: what breaks lines or leaves gaps becomes a space."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        """The text on one line."""
        return " ".join((super().to_python(value) or "").split())


class OfferForm(RecordedForm):
    """An offer with a tick for each service plan in it, and for each offer that it is an add-on of."""

    description = Paragraph(
        required=False,
        max_length=LONGEST_DESCRIPTION,
        label=gettext_lazy("Description"),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    add_on_of = TicksField(
        queryset=Offer.objects.order_by("name"),
        required=False,
        label=pgettext_lazy("an offer", "Add-on of"),
        help_text=gettext_lazy("An add-on is sold only beside a subscription of one of the ticked offers."),
    )

    plans = PlansField(
        queryset=ServicePlan.objects.select_related("service").order_by("service_id", "id"),
        required=False,
        label=gettext_lazy("Service plans"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new(self.instance):
            self.initial["plans"] = [content.service_plan_id for content in self.instance.contents.all()]
            self.initial["add_on_of"] = [one.prerequisite_id for one in self.instance.prerequisites.all()]
            if "add_on_of" in self.fields:
                self.fields["add_on_of"].queryset = Offer.objects.exclude(pk=self.instance.pk).order_by("name")  # type: ignore[attr-defined]
        for name in ("minimum_quantity", "maximum_quantity"):
            if name in self.fields:
                # No more than the column holds, in words rather than as an error of the database.
                given = self.fields[name]
                self.fields[name] = WholeNumberField(
                    label=given.label, initial=given.initial, min_value=1, max_value=LARGEST_QUANTITY
                )

    def clean(self) -> dict[str, Any] | None:
        """Refuse limits that live subscriptions would break."""
        cleaned = super().clean()
        maximum = self.cleaned_data.get("maximum_quantity")
        if maximum is not None and not is_new(self.instance):
            try:
                limits_checked.send(sender=Offer, offer=self.instance, maximum_quantity=maximum)
            except forms.ValidationError as refused:
                self.add_error("maximum_quantity", refused)
        return cleaned

    def clean_add_on_of(self) -> Any:
        """Refuse offers that are, however far down, add-ons of this one."""
        ticked = self.cleaned_data["add_on_of"]
        if not is_new(self.instance):
            below = add_ons_below(self.instance)
            if circular := sorted(offer.name for offer in ticked if offer.pk in below):
                words = _("These offers are add-ons of this one: %(names)s. It cannot be an add-on of them as well.")
                raise forms.ValidationError(words % {"names": _(", ").join(circular)}, code="circular")
        return ticked


@admin.register(Offer)
class OfferAdmin(CatalogueAdmin):
    """What is sold."""

    form = OfferForm
    list_display = ("name", "category", "minimum_quantity", "maximum_quantity", "is_available", "sku_part_number")
    list_filter = ("category", "is_available")
    search_fields = ("name", "sku_part_number")
    actions = ("withdraw_selected",)
    recorded = (
        "name",
        "category",
        "is_available",
        "description",
        "minimum_quantity",
        "maximum_quantity",
        "sku_part_number",
        "sku_id",
    )
    fieldsets = (
        (None, {"fields": ("name", "category", "is_available", "description", "minimum_quantity", "maximum_quantity")}),
        (gettext_lazy("Contents"), {"fields": ("plans",)}),
        (gettext_lazy("Add-on"), {"fields": ("add_on_of",)}),
        (gettext_lazy("Ids"), {"fields": ("sku_part_number", "sku_id")}),
    )
    instead_of_deleting = "withdraw_selected"

    def snapshot(self, instance: Any) -> Snapshot:
        """The fields, the names of the plans, and of the offers that it is an add-on of."""
        plans = ServicePlan.objects.filter(contained_in__offer=instance).order_by("service_id", "id")
        offers = Offer.objects.filter(prerequisite_of__offer=instance).order_by("name")
        return {
            **super().snapshot(instance),
            "service_plans": list(plans.values_list("name", flat=True)),
            "prerequisite_offers": list(offers.values_list("name", flat=True)),
        }

    def save_contents(self, form: Any) -> None:
        """Save the ticked plans and offers."""
        set_plans(offer=form.instance, plans=form.cleaned_data["plans"])
        form.instance.prerequisite_offers.set(form.cleaned_data["add_on_of"])

    @admin.display(description=gettext_lazy("Service plans"))
    def plans(self, offer: Offer) -> str:
        """The plans, for those who may look but not change."""
        return _(", ").join(str(content) for content in offer.contents.select_related("service_plan"))

    @admin.display(description=pgettext_lazy("an offer", "Add-on of"))
    def add_on_of(self, offer: Offer) -> str:
        """The offers that it is an add-on of, for those who may look but not change."""
        return _(", ").join(offer.prerequisite_offers.values_list("name", flat=True))

    @admin.action(permissions=["change"], description=gettext_lazy("Withdraw selected offers from sale"))
    def withdraw_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Say whom it touches; withdraw once that is confirmed."""
        offers = list(queryset.filter(is_available=True).order_by("name"))
        if not offers:
            self.message_user(request, _("None of these offers is for sale, so nothing changes."), messages.WARNING)
            return None
        if CONFIRMED not in request.POST:
            return self._ask_to_withdraw(request, offers)
        with transaction.atomic():
            count = sum(withdraw_offer(staff=administrator(request), offer=offer) for offer in offers)
        words = ngettext("%(count)d offer is withdrawn from sale.", "%(count)d offers are withdrawn from sale.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
        return None

    def _ask_to_withdraw(self, request: HttpRequest, offers: list[Offer]) -> HttpResponse:
        def withdraw() -> None:
            for offer in offers:
                withdraw_offer(staff=administrator(request), offer=offer)

        context = {
            **self.admin_site.each_context(request),
            "title": _("Withdraw from sale?"),
            "opts": self.opts,
            "consequences": consequences_of(withdraw),
            "kept": [
                ("action", "withdraw_selected"),
                *((ACTION_CHECKBOX_NAME, offer.pk) for offer in offers),
            ],
            "changes": [(offer.name, _("for sale"), _("not for sale")) for offer in offers],
        }
        return TemplateResponse(request, "admin/ask_first.html", context)
