"""Who may open which page: said once beside each view, enforced by one middleware.

A view without an `@access` of its own is closed to everyone, and `manage.py check` names it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from partners.models import Staff
from partners.roles import Permission

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """What a view asks of the person: nothing, to be signed in, a partner, a permission."""

    public: bool = False
    partner: bool = True
    may: Permission | None = None
    platform: bool = False
    without_second_factor: bool = False

    def allows(self, staff: Staff) -> bool:
        """Whether this signed-in person may use the view."""
        if self.platform and staff.is_active and staff.is_staff:
            return True
        if self.may is not None:
            return staff.may(self.may)
        return staff.partner_id is not None or not self.partner


def access(
    *,
    may: Permission | None = None,
    partner: bool = True,
    public: bool = False,
    platform: bool = False,
    without_second_factor: bool = False,
) -> Callable[[View], View]:
    """Say who may use this view: everyone (`public`), the signed-in, a partner's staff, or who may do `may`.

    `platform` lets platform administrators in as well: for pages that show no partner's business.
    `without_second_factor` lets in who still has to set one up: for the pages where that is done.
    """

    def declare(view: View) -> View:
        view.access = Access(  # type: ignore[attr-defined]
            public=public, partner=partner, may=may, platform=platform, without_second_factor=without_second_factor
        )
        return view

    return declare


def access_of(view: Callable[..., Any]) -> Access | None:
    """What this view asks of the person; `None` where it does not say."""
    found: Access | None = getattr(view, "access", None)
    if found is None and (view_class := getattr(view, "view_class", None)):
        found = getattr(view_class, "access", None)
    return found
