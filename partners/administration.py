"""What every page of Django admin keeps to that changes something.

A change and its activity record are one transaction; nobody overwrites what someone else saved in between; what
is in use is not deleted; and a change with consequences is only made once the person has seen them.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.signing import BadSignature, Signer
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from activity.models import Outcome
from activity.operations import record
from partners.legible import ask_for_legible_lines
from partners.models import Partner, Staff

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField[Any]
else:
    ModelAdmin, ModelForm = admin.ModelAdmin, forms.ModelForm
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField

Snapshot = dict[str, Any]

SIGNER = Signer(salt="partners.administration.seen")
CONFIRMED = "_confirmed"
BACK = "_back"


def snapshot_of(instance: models.Model, fields: Iterable[str]) -> Snapshot:
    """These fields as an activity record keeps them: plain values, and another object by its name."""
    taken = {}
    for name in fields:
        value = getattr(instance, name)
        taken[name] = str(value) if isinstance(value, models.Model) else value
    plain: Snapshot = json.loads(json.dumps(taken, cls=DjangoJSONEncoder))
    return plain


class TicksField(ModelMultipleChoiceField):
    """A tick for each object; of ids that are no object's, however large, it says so."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> Any:
        """The ticked objects; raises `ValidationError` for an id that is not offered."""
        known = {str(pk) for pk in self.queryset.values_list("pk", flat=True)}  # type: ignore[union-attr]
        for ticked in value if isinstance(value, (list, tuple)) else ():
            if str(ticked) not in known:
                raise ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": str(ticked)[:60]}
                )
        return super().clean(value)


class RecordedForm(ModelForm):
    """A form that carries what was stored when it was opened, and refuses to overwrite anything newer."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    snapshot: ClassVar[Callable[[models.Model], Snapshot]]
    stored: Snapshot | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_for_legible_lines(self)
        if not is_new(self.instance):
            self.initial["seen"] = SIGNER.sign_object(self._taken(self.instance))

    def clean(self) -> dict[str, Any] | None:
        """Refuse where the stored object is no longer the one that this form was opened with."""
        cleaned = super().clean()
        if BACK in self.data:
            raise ValidationError(_("Nothing is saved yet. Change what you like, then save."), code="back")
        if not is_new(self.instance):
            self._refuse_overwriting()
        return cleaned

    def _taken(self, instance: models.Model) -> Snapshot:
        return type(self).snapshot(instance)

    def _refuse_overwriting(self) -> None:
        rows = self._meta.model._base_manager.select_for_update(no_key=True, of=("self",))
        stored = rows.filter(pk=self.instance.pk).first()
        if stored is None:
            raise ValidationError(_("It was deleted after you opened this page."), code="gone")
        self.stored = self._taken(stored)
        try:
            seen = SIGNER.unsign_object(self.data.get("seen", ""))
        except (BadSignature, ValueError):
            raise ValidationError(_("The form was not complete. Open the page afresh."), code="incomplete") from None
        if seen != self.stored:
            # The next attempt starts from what this page now says is stored.
            data: Any = copy(self.data)
            data["seen"] = SIGNER.sign_object(self.stored)
            self.data = data
            raise ValidationError([self._changed_meanwhile(seen), *self._differences(seen)], code="changed")

    def _changed_meanwhile(self, seen: Snapshot) -> str:
        return _("Someone else saved this after you opened the page, so nothing was saved. Save again to overwrite:")

    def _differences(self, seen: Snapshot) -> list[str]:
        stored = self.stored or {}
        return [
            f"{field_words(self._meta.model, name)}: {value_words(seen.get(name))} → {value_words(stored[name])}"
            for name in stored
            if seen.get(name) != stored[name]
        ]


class Unconfirmed(Exception):
    """A change that waits for the person's word; the transaction it was tried in is taken back."""

    def __init__(self, consequences: Sequence[Any], before: Snapshot, after: Snapshot) -> None:
        super().__init__()
        self.consequences, self.before, self.after = consequences, before, after


class RecordedAdmin(ModelAdmin):
    """An admin whose every change leaves an activity record in the same transaction.

    `recorded` names what of an object a record keeps: fields, or attributes with plain values.
    """

    form = RecordedForm
    recorded: ClassVar[tuple[str, ...]] = ()
    instead_of_deleting: ClassVar[str] = ""
    delete_confirmation_template = "admin/delete_or_say_why_not.html"
    delete_selected_confirmation_template = "admin/delete_selected_or_say_why_not.html"

    def snapshot(self, instance: models.Model) -> Snapshot:
        """What an activity record keeps of this object."""
        return snapshot_of(instance, self.recorded)

    def concerns(self, instance: Any) -> Partner | None:
        """The partner in whose activity log the change stands as well."""
        return None

    # Forms ----------------------------------------------------------------------------------------------------

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """The form, told how to take the snapshot that it carries."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.snapshot = staticmethod(self.snapshot)
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fieldsets with the hidden field of the form in the first of them."""
        given: Any = super().get_fieldsets(request, obj)
        fieldsets: list[tuple[Any, dict[str, Any]]] = [(name, dict(options)) for name, options in given]
        shown = [field for field in fieldsets[0][1]["fields"] if field != "seen"]
        if obj is not None and self.has_change_permission(request, obj):
            shown.append("seen")
        fieldsets[0][1]["fields"] = shown
        return fieldsets

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The form; a change with consequences asks first, and one that the database refuses says so."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Unconfirmed as asked:
            return self._ask(request, object_id, asked)
        except IntegrityError:
            return self._refused_by_database(request)

    def _ask(self, request: HttpRequest, object_id: str | None, asked: Unconfirmed) -> HttpResponse:
        changes = [
            (field_words(self.model, name), value_words(asked.before[name]), value_words(asked.after[name]))
            for name in asked.after
            if asked.before.get(name) != asked.after[name]
        ]
        sent: Any = request.POST
        context = {
            **self.admin_site.each_context(request),
            "title": _("Save this?"),
            "opts": self.opts,
            "original": self.get_object(request, unquote(object_id or "")),
            "changes": changes,
            "consequences": asked.consequences,
            "kept": [
                (name, value)
                for name in sent
                if name not in {BACK, "csrfmiddlewaretoken"}
                for value in sent.getlist(name)
            ],
        }
        return TemplateResponse(request, "admin/ask_first.html", context)

    def _refused_by_database(self, request: HttpRequest) -> HttpResponse:
        text = _("Nothing was saved: someone else saved something at the same moment that this would contradict.")
        messages.error(request, text)
        return HttpResponseRedirect(request.get_full_path())

    # Records --------------------------------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save, remembering what was stored before."""
        obj.stored_before = getattr(form, "stored", None)
        super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Django's own log entry, and the activity record."""
        self._record(request, "add", obj, after=self.snapshot(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Django's own log entry, and the activity record of what is different now; of nothing, none."""
        before, after = obj.stored_before or {}, self.snapshot(self.model._base_manager.get(pk=obj.pk))
        changed = [name for name in after if before.get(name) != after[name]]
        if changed:
            old, new = ({name: state.get(name) for name in changed} for state in (before, after))
            self._record(request, "change", obj, before=old, after=new)
        return super().log_change(request, obj, message)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete, and record what there was."""
        with transaction.atomic():
            self._record(request, "delete", obj, before=self.snapshot(obj))
            obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Delete all or none, with a record of each."""
        with transaction.atomic():
            for instance in queryset:
                self.delete_model(request, instance)

    def _record(
        self,
        request: HttpRequest,
        verb: str,
        instance: Any,
        *,
        before: Snapshot | None = None,
        after: Snapshot | None = None,
        refused: str = "",
    ) -> None:
        record(
            actor=administrator(request).actor,
            operation=f"{verb}_{self.opts.model_name}",
            resource=instance,
            partner=self.concerns(instance),
            before=before,
            after=after,
            outcome=Outcome.REFUSED if refused else Outcome.DONE,
            reasons=[refused] if refused else [],
        )

    # Deleting -------------------------------------------------------------------------------------------------

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What would go; or, of objects in use, only by whom they are: counted, as they can be a million."""
        uses = [words for instance in objs for words in self.uses_of(instance)]
        if uses:
            return [], {}, set(), uses
        return super().get_deleted_objects(objs, request)

    def uses_of(self, instance: Any) -> list[str]:
        """In words, everything that keeps this object from being deleted."""
        counted = [(relation, self._count(instance, relation)) for relation in _protecting(instance)]
        return [
            _("%(name)s: %(things)s (%(count)s)")
            % {
                "name": instance,
                "things": capfirst(relation.related_model._meta.verbose_name_plural),
                "count": number_format(count),
            }
            for relation, count in counted
            if count
        ]

    def _count(self, instance: Any, relation: Any) -> int:
        count: int = relation.related_model._base_manager.filter(**{relation.field.name: instance}).count()
        return count

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Delete after asking; where it came into use in the meantime, say so."""
        try:
            given = {"instead": self.instead_of_deleting, "pks": [unquote(object_id)], **(extra_context or {})}
            response = super().delete_view(request, object_id, given)
        except IntegrityError:
            return self._refused_by_database(request)
        self._record_refusals(request, response)
        return response

    def _record_refusals(self, request: HttpRequest, response: HttpResponse) -> None:
        """Whoever asked in earnest to delete what is in use leaves a record of the attempt."""
        context = getattr(response, "context_data", None) or {}
        if request.method == "POST" and "post" in request.POST and context.get("protected"):
            for instance in context.get("queryset") or [context["object"]]:
                self._record(request, "delete", instance, refused="in_use")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list and its actions; one that the database refuses half-way does nothing and says so."""
        self._check_selected(request)
        try:
            response = super().changelist_view(request, extra_context)
        except IntegrityError:
            return self._refused_by_database(request)
        self._record_refusals(request, response)
        context = getattr(response, "context_data", None) or {}
        if context.get("protected"):
            context |= {"instead": self.instead_of_deleting, "pks": [instance.pk for instance in context["queryset"]]}
        return response

    def _check_selected(self, request: HttpRequest) -> None:
        for selected in request.POST.getlist(ACTION_CHECKBOX_NAME):
            try:
                self.opts.pk.run_validators(self.opts.pk.to_python(selected))
            except ValidationError as error:
                raise BadRequest("An id of what was selected is none.") from error


def administrator(request: HttpRequest) -> Staff:
    """The person of this request, whom the site's guard has let in."""
    assert isinstance(request.user, Staff)
    return request.user


def is_new(instance: models.Model) -> bool:
    """Whether this object is not stored yet."""
    return instance._state.adding  # noqa: SLF001 - Django's own public word for it


def _protecting(instance: models.Model) -> list[Any]:
    """The relations from other objects to this one that forbid to delete it."""
    return [
        relation
        for relation in instance._meta.related_objects
        if not isinstance(relation, models.ManyToManyRel) and relation.on_delete is models.PROTECT
    ]


def field_words(model: type[models.Model], name: str) -> str:
    """What a field is called, for people."""
    described = {field.name: getattr(field, "verbose_name", field.name) for field in model._meta.get_fields()}
    return str(capfirst(str(described.get(name, name.replace("_", " ")))))


def value_words(value: Any) -> str:
    """A recorded value, for people."""
    if value is None or (not value and isinstance(value, (str, list))):
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return number_format(value)
    return _(", ").join(map(str, value)) if isinstance(value, list) else str(value)
