"""Partners and their staff in Django admin."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, ReadOnlyPasswordHashField, SetPasswordMixin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from activity.models import ActivityRecord
from partners.administration import ModelForm, RecordedAdmin, RecordedForm, Snapshot, TicksField, administrator, is_new
from partners.confirming import reauthenticate
from partners.errors import LastGlobalAdmin
from partners.forms import LONGEST_PASSWORD, time_zone_choices
from partners.legible import ask_for_legible_lines
from partners.models import Language, Partner, Staff
from partners.operations import take_second_factors, tell_of_change
from partners.roles import Role
from partners.staffing import hold_partner, is_last_global_admin, settle

if TYPE_CHECKING:
    PersonAdmin = UserAdmin[Staff]
    PasswordMixin = SetPasswordMixin[Staff]
    PasswordForm = AdminPasswordChangeForm[Staff]
else:
    PersonAdmin, PasswordMixin, PasswordForm = UserAdmin, SetPasswordMixin, AdminPasswordChangeForm

# What an administrator may do is said person by person, where it is recorded; and a person has one address, their
# account's.
for model in (Group, EmailAddress, Authenticator, UserSession, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)

# What can be allowed to an administrator who is no superuser: all that Django admin of this portal offers.
PERMISSIONS = (
    ("upgrades", "upgradematrix", ("view", "change")),
    ("catalog", "offer", ("view", "add", "change", "delete")),
    ("catalog", "serviceplan", ("view", "add", "change", "delete")),
    ("catalog", "service", ("view", "add", "change", "delete")),
    ("partners", "partner", ("view", "add", "change", "delete")),
    ("partners", "staff", ("view", "add", "change", "delete")),
    ("activity", "activityrecord", ("view",)),
)
# What only a superuser decides: who else administers the platform, and what they may do there.
ABOUT_ADMINISTRATORS = ("is_staff", "is_superuser", "user_permissions")


@admin.register(Partner)
class PartnerAdmin(RecordedAdmin):
    """The companies that resell."""

    list_display = ("name", "type", "mpn_id", "created_at")
    list_filter = ("type",)
    search_fields = ("name", "mpn_id")
    fields = ("name", "type", "mpn_id", "requires_second_factor")
    recorded = ("name", "type", "mpn_id", "requires_second_factor")

    def concerns(self, instance: Any) -> Partner | None:
        """The partner itself."""
        return instance  # type: ignore[no-any-return]


class PermissionsField(TicksField):
    """A tick for each thing that can be allowed to an administrator."""

    def __init__(self, **kwargs: Any) -> None:
        offered = Q()
        for app_label, model, verbs in PERMISSIONS:
            codes = [f"{verb}_{model}" for verb in verbs]
            offered |= Q(content_type__app_label=app_label, codename__in=codes)
        queryset = Permission.objects.filter(offered).select_related("content_type")
        super().__init__(queryset=queryset.order_by("content_type__app_label", "content_type__model", "id"), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        """The kind of object, then what may be done with it."""
        verbs = {"view": _("look"), "add": _("add"), "change": _("change"), "delete": _("delete")}
        return f"{capfirst(obj.content_type.name)}: {verbs[obj.codename.partition('_')[0]]}"


class StaffFields(ModelForm):
    """What the forms for a new and for a known person have in common."""

    roles = forms.MultipleChoiceField(
        choices=Role,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Roles"),
        help_text=gettext_lazy("What the person may do for their partner; the rights of several roles add up."),
    )
    language = forms.ChoiceField(
        choices=[("", gettext_lazy("As the browser asks")), *Language.choices],
        required=False,
        label=gettext_lazy("Language"),
    )
    user_permissions = PermissionsField(
        required=False,
        label=gettext_lazy("May in Django admin"),
        help_text=gettext_lazy("For platform administrators. A superuser may do everything without being ticked here."),
    )
    time_zone = forms.ChoiceField(choices=time_zone_choices, label=gettext_lazy("Time zone"), initial="Asia/Shanghai")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new(self.instance):
            self.initial["roles"] = [role.value for role in self.instance.roles]
        known = {name for _region, names in time_zone_choices() for name, _place in names}
        if self.instance.time_zone not in known:
            zone = self.fields["time_zone"]
            zone.choices = [*time_zone_choices(), (self.instance.time_zone,) * 2]  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        """One account for one address, whatever its case."""
        email: str = self.cleaned_data["email"].lower()
        if Staff.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Somebody with this e-mail address has an account already."))
        return email

    def clean(self) -> dict[str, Any] | None:
        """A person works for a partner or administers the platform: one of the two."""
        cleaned = super().clean()
        partner = self.cleaned_data.get("partner")
        if self._said("is_staff"):
            if partner:
                self.add_error("partner", _("A platform administrator belongs to no partner."))
            if self.cleaned_data.get("roles"):
                self.add_error("roles", _("Roles are for a partner's staff. A platform administrator has none."))
        elif not partner and "partner" not in self.errors:
            self.add_error("partner", _("Choose the partner that this person works for."))
        if self._said("is_superuser") and not self._said("is_staff"):
            self.add_error("is_superuser", _("Only a platform administrator can be a superuser."))
        return cleaned

    def _said(self, name: str) -> bool:
        """What the form says of a field, or, where it has not that field, what is stored."""
        return bool(self.cleaned_data.get(name, getattr(self.instance, name)))


class StaffForm(StaffFields, RecordedForm):
    """A person who has an account."""

    password = ReadOnlyPasswordHashField(
        label=gettext_lazy("Password"),
        help_text=gettext_lazy("Passwords are stored so that nobody can read them; you can set another one."),
    )
    editor: ClassVar[Staff]

    def clean(self) -> dict[str, Any] | None:
        """Nobody locks themselves out, and no partner loses its last global admin."""
        if self.instance.partner_id is not None:
            hold_partner(self.instance.partner_id)
        cleaned = super().clean()
        self._keep_last_global_admin()
        if self.instance == self.editor:
            for name in ("is_active", "is_staff", "is_superuser"):
                if getattr(self.instance, name) and not self.cleaned_data.get(name, True):
                    self.add_error(name, _("You cannot take this from yourself. Ask another administrator."))
        return cleaned

    def _keep_last_global_admin(self) -> None:
        stored = Staff.objects.select_related("partner").filter(pk=self.instance.pk).first()
        if stored is None or not is_last_global_admin(stored):
            return
        kept = {
            "is_active": self.cleaned_data.get("is_active", True),
            "roles": Role.GLOBAL_ADMIN in self.cleaned_data.get("roles", [Role.GLOBAL_ADMIN]),
            "partner": self.cleaned_data.get("partner", stored.partner) == stored.partner,
        }
        for name, is_kept in kept.items():
            if not is_kept and name in self.fields:
                self.add_error(name, LastGlobalAdmin(stored).message)


class NewStaffForm(StaffFields, PasswordMixin):
    """A new person, with a first password that the portal's validators accept."""

    password1, password2 = SetPasswordMixin.create_password_fields()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_for_legible_lines(self)
        _limit_passwords(self)

    def clean(self) -> dict[str, Any] | None:
        """Both passwords are the same."""
        self.validate_passwords()
        return super().clean()

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        # Only now the person is known, whom the password must not resemble.
        self.validate_password_for_user(self.instance)

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002
        """Make the person, with the password hashed."""
        self.instance.set_password(self.cleaned_data["password1"])
        return super().save(commit=commit)


class StaffPasswordForm(PasswordForm):
    """Another password for a person; whoever may not sign in is made inactive instead."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        _limit_passwords(self)


def _limit_passwords(form: forms.BaseForm) -> None:
    """Refuse what is too long to be a password before it is hashed."""
    for name in ("password1", "password2"):
        field = form.fields[name]
        assert isinstance(field, forms.CharField)
        form.fields[name] = forms.CharField(
            label=field.label,
            widget=field.widget,
            strip=False,
            help_text=field.help_text,
            max_length=LONGEST_PASSWORD,
        )


@admin.register(Staff)
class StaffAdmin(RecordedAdmin, PersonAdmin):
    """The people who sign in: a partner's staff, and platform administrators."""

    form = StaffForm
    add_form = NewStaffForm
    change_password_form = StaffPasswordForm
    list_display = ("name", "email", "partner", "roles", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "role_rows__role")
    list_select_related = ("partner",)
    search_fields = ("name", "email", "partner__name")
    ordering = ("name", "id")
    filter_horizontal = ()
    add_form_template = None
    actions = ("take_second_factors",)
    instead_of_deleting = "deactivate"
    fieldsets = (
        (None, {"fields": ("email", "password", "name")}),
        (gettext_lazy("Work"), {"fields": ("partner", "roles", "is_active")}),
        (gettext_lazy("Preferences"), {"fields": ("language", "time_zone", "theme")}),
        (gettext_lazy("Administration of the platform"), {"fields": ABOUT_ADMINISTRATORS}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "password1", "password2")}),
        (gettext_lazy("Work"), {"fields": ("partner", "roles", "is_active")}),
        (gettext_lazy("Preferences"), {"fields": ("language", "time_zone", "theme")}),
        (gettext_lazy("Administration of the platform"), {"fields": ABOUT_ADMINISTRATORS}),
    )
    recorded = (
        "email",
        "name",
        "partner",
        "is_active",
        "language",
        "time_zone",
        "theme",
        "is_staff",
        "is_superuser",
    )

    def snapshot(self, instance: Any) -> Snapshot:
        """The fields, the roles and the permissions; of the password nothing."""
        rows = set(instance.role_rows.values_list("role", flat=True))
        permissions = instance.user_permissions.order_by("content_type__app_label", "codename")
        return {
            **super().snapshot(instance),
            "roles": [role.value for role in Role if role.value in rows],
            "user_permissions": list(permissions.values_list("codename", flat=True)),
        }

    def concerns(self, instance: Any) -> Partner | None:
        """The partner that the person works for."""
        partner: Partner | None = instance.partner
        return partner

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With the roles, in one query more."""
        return super().get_queryset(request).prefetch_related("role_rows")

    @admin.display(description=gettext_lazy("Roles"))
    def roles(self, staff: Staff) -> str:
        """The roles, for the list and for those who may look but not change."""
        held = {row.role for row in staff.role_rows.all()}
        return _(", ").join(str(role.label) for role in Role if role.value in held)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """The form, told who fills it in."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.editor = request.user
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What only superusers decide is shown to them alone."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if request.user.is_superuser else fieldsets[:-1]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """By Django's permissions; its form for a new person asks for both of these, so its links have to, too."""
        return super().has_add_permission(request) and super().has_change_permission(request)

    # Who administers the platform is decided by superusers alone; to others their accounts are read-only.

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By Django's permissions; accounts of platform administrators by superusers alone."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By Django's permissions; accounts of platform administrators by superusers alone, never one's own."""
        return super().has_delete_permission(request, obj) and _may_touch(request, obj) and obj != request.user

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """In bulk too nobody deletes whom they may not touch."""
        *found, lacking, protected = super().get_deleted_objects(objs, request)
        if not all(self.has_delete_permission(request, staff) for staff in objs):
            lacking = {*lacking, _("a platform administrator's account, or your own")}
        return (*found, lacking, [*protected, *self._last_global_admins(objs)])

    def _last_global_admins(self, people: Iterable[Staff]) -> list[str]:
        """Why these people cannot all be deleted: a partner would have no global admin any more."""
        going = list(people)
        admins = [person for person in going if person.is_active and Role.GLOBAL_ADMIN in person.roles]
        return [LastGlobalAdmin(person).message for person in admins if is_last_global_admin(person, besides=going)]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete, unless the person became the last global admin of a partner in the meantime."""
        with transaction.atomic():
            if obj.partner_id is not None:
                hold_partner(obj.partner_id)
            if is_last_global_admin(obj):
                raise IntegrityError(LastGlobalAdmin(obj).message)
            super().delete_model(request, obj)

    def uses_of(self, instance: Any) -> list[str]:
        """Also what the person has done: an account with a history stays."""
        done = ActivityRecord.objects.filter(actor_id=instance.pk).count()
        logged = LogEntry.objects.filter(user=instance).count()
        words = _("%(name)s: Activity records (%(count)s)") % {"name": instance, "count": number_format(done + logged)}
        return [*super().uses_of(instance), *([words] if done + logged else [])]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        """Save the permissions and the roles."""
        super().save_related(request, form, formsets, change)
        form.instance.give_roles([Role(code) for code in form.cleaned_data["roles"]])
        before = form.instance.stored_before
        if before is not None and any(name in form.changed_data for name in ("roles", "is_active", "partner")):
            form.instance.refresh_from_db(fields=["version"])
            settle(form.instance, before, actor=administrator(request).actor)

    @method_decorator(reauthenticate)
    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The form, for who has shown who they are: it decides who signs in, and by which address."""
        return super().changeform_view(request, object_id, form_url, extra_context)

    @method_decorator(reauthenticate)
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        """Set another password; the person's sessions end, and the activity log says that, not what."""
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    @admin.action(permissions=["change"], description=gettext_lazy("Take away the second factors of those selected"))
    @method_decorator(reauthenticate)
    def take_second_factors(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Ask, then take them away from people who have lost them; they are told by mail."""
        people = [person for person in queryset if self.has_change_permission(request, person)]
        if "post" not in request.POST:
            context = {
                **self.admin_site.each_context(request),
                "title": _("Take the second factors away?"),
                "opts": self.opts,
                "people": people,
            }
            return TemplateResponse(request, "admin/take_second_factors.html", context)
        taken = sum(take_second_factors(staff=administrator(request), person=person) for person in people)
        text = ngettext("%d person has no second factor any more.", "%d people have no second factor any more.", taken)
        messages.success(request, text % taken)
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Of a new password only that there is one; the person is told of that, and of another address at the old."""
        if hasattr(obj, "stored_before"):
            old = (obj.stored_before or {}).get("email", obj.email)
            if old != obj.email:
                tell_of_change(obj, "address_changed", to=old, address="", email=obj.email)
            return super().log_change(request, obj, message)
        tell_of_change(obj, "password_changed", address="")
        self._record(request, "change", obj, before={}, after={"password": "changed"})
        return UserAdmin.log_change(self, request, obj, message)


def _may_touch(request: HttpRequest, staff: Staff | None) -> bool:
    return staff is None or not staff.is_staff or administrator(request).is_superuser
