"""What is drawn once and kept: it depends on nothing but what it is given, and what people type stays text."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.template import Engine, Template, Variable
from django.template.base import FilterExpression, Node
from django.template.loader_tags import IncludeNode
from django.template.smartif import TokenBase
from django.test import Client
from django.utils import translation
from django.utils.safestring import SafeString

from partners.models import Partner, Staff, Theme
from partners.roles import Role
from partners.templatetags.look import _drawn_once, draw_once
from tests.factories import PartnerFactory, StaffFactory

# What each looks at beside its arguments is one for the whole portal: the language is part of what is kept.
OF_THE_PORTAL = {"csp_nonce"}
# These tell the day, the time zone, the person or the form.
CHANGING = {"moment", "day", "shortly", "deletion_pill", "expiry_pill", "waiting_words", "renewal", "page_theme", "may"}
CHANGING_NODES = {"CsrfTokenNode", "NowNode", "LocalTimeNode", "TimezoneNode", "GetCurrentTimezoneNode"}
CHANGING_FILTERS = {
    "date",
    "time",
    "timesince",
    "timeuntil",
    "naturaltime",
    "naturalday",
    "localtime",
    "timezone",
    "may",
}
USE = re.compile(r"\{% draw_once \"([^\"]+)\"(.*?)%\}", re.DOTALL)


def sources() -> Iterator[str]:
    for path in sorted((settings.BASE_DIR / "templates").rglob("*.html")):
        yield re.sub(r"\{% comment.*?endcomment %\}|\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)


def drawn() -> dict[str, set[str]]:
    """Each template that is drawn once, with the arguments that every use of it gives."""
    found: dict[str, set[str]] = {
        "partials/navigation.html": {"path", "has_partner", "permissions", "is_platform"},
        "partials/nav_link.html": {"url", "text", "icon_name", "here"},
        "partials/plans_included.html": {"plans"},
    }
    for source in sources():
        for name, given in USE.findall(source):
            names = set(re.findall(r"(\w+)=", given))
            found[name] = found.get(name, names) & names
    return found


def members(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(node.values())
    if isinstance(node, (list, tuple)):
        return list(node)
    slots = [name for one in type(node).__mro__ for name in getattr(one, "__slots__", ())]
    return [*getattr(node, "__dict__", {}).values(), *(getattr(node, name, None) for name in slots)]


def parts(node: object) -> Iterator[object]:
    """A node with everything that it is made of."""
    yield node
    if isinstance(node, Variable):
        return
    for member in members(node):
        if isinstance(member, (Node, FilterExpression, Variable, TokenBase, list, tuple, dict)):
            yield from parts(member)


def names_of_its_own(found: list[object]) -> set[str]:
    """What the template itself gives a name: loops, `with`, `as`, the number of a plural."""
    own = {"forloop"}
    for one in found:
        if isinstance(one, Node):
            named = [getattr(one, name, None) for name in ("target_var", "asvar", "variable", "countervar")]
            several: list[object] = [*getattr(one, "loopvars", ()), *(getattr(one, "extra_context", None) or ())]
            own |= {name for name in [*named, *several] if isinstance(name, str)}
    return own


def assert_depends_on(name: str, given: set[str]) -> None:
    found = list(parts(Engine.get_default().get_template(name).nodelist))
    assert not {type(one).__name__ for one in found} & CHANGING_NODES, name
    called = {getattr(getattr(one, "func", None), "__name__", "") for one in found}
    assert not called & CHANGING, name
    filters = {call[0].__name__ for one in found if isinstance(one, FilterExpression) for call in one.filters}
    assert not filters & CHANGING_FILTERS, name
    known = given | names_of_its_own(found) | OF_THE_PORTAL
    for one in found:
        if isinstance(one, Variable) and one.lookups:
            assert one.lookups[0] in known, f"{name} looks at {one.var}"
        if isinstance(one, IncludeNode):
            assert one.isolated_context, f"{name} includes with all that is there"
            assert_depends_on(str(one.template.var), set(one.extra_context))


@pytest.mark.parametrize("name", sorted(drawn()))
def test_it_depends_on_its_arguments_alone(name: str) -> None:
    assert_depends_on(name, drawn()[name])


def test_the_looking_finds_what_must_not_be() -> None:
    """Otherwise the test above would hold of anything."""
    source = "{% if request.user %}{{ a|date }}{% csrf_token %}{% endif %}"
    looked = list(parts(Template(source, engine=Engine.get_default()).nodelist))
    assert "CsrfTokenNode" in {type(one).__name__ for one in looked}
    assert {one.lookups[0] for one in looked if isinstance(one, Variable) and one.lookups} == {"request", "a"}
    assert [call[0].__name__ for one in looked if isinstance(one, FilterExpression) for call in one.filters] == ["date"]


HOSTILE = '<b onclick="x">\'&\u202e'


def test_markup_stays_text_beside_the_same_that_is_none() -> None:
    """Text that is safe and the same that is not are told apart, whichever comes first."""
    for first, second in ((SafeString, str), (str, SafeString)):
        _drawn_once.cache_clear()
        drawn_twice = {
            kind: draw_once("partials/status_badge.html", status="active", label=kind("<i>"))
            for kind in (first, second)
        }
        assert "<i>" in drawn_twice[SafeString]
        assert "&lt;i&gt;" in drawn_twice[str]
        assert "<i>" not in drawn_twice[str]


def test_a_hostile_name_is_escaped_and_nobody_elses() -> None:
    for name in (HOSTILE, "Li Na"):
        link = draw_once(
            "partials/person_link.html", name=name, initials="LN", partner=HOSTILE, roles=(Role.HELPDESK_AGENT,)
        )
        assert "<b onclick" not in link
        assert ("Li Na" in link) == (name == "Li Na")


def test_each_language_has_its_own() -> None:
    words = set()
    for language in ("en", "es", "zh-hans", "en"):
        with translation.override(language):
            words.add(draw_once("partials/find_customer.html"))
    assert len(words) == 3


def test_what_cannot_be_kept_is_refused_and_what_is_kept_is_bounded() -> None:
    with pytest.raises(TypeError):
        draw_once("partials/plans_included.html", plans=["a list"])
    assert 0 < (_drawn_once.cache_parameters()["maxsize"] or 0) < 10_000


@pytest.mark.django_db
def test_people_side_by_side_see_their_own_frame() -> None:
    partners: list[Partner] = PartnerFactory.create_batch(2)
    people: list[Staff] = [
        StaffFactory(partner=partners[0], name="Same Name", roles=[Role.GLOBAL_ADMIN]),
        StaffFactory(
            partner=partners[1], name="Same Name", roles=[Role.BILLING_ADMIN], language="es", theme=Theme.DARK
        ),
        StaffFactory(partner=partners[0], name="Same Name", roles=[Role.BILLING_ADMIN]),
    ]
    for _turn in range(2):
        for person in people:
            client = Client()
            client.force_login(person)
            page = client.get("/settings/profile/").content.decode()
            assert person.partner is not None
            others = {one.name for one in partners} - {person.partner.name}
            assert person.partner.name in page
            assert not [name for name in others if name in page]
            assert ('href="/privileges/"' in page) == (Role.GLOBAL_ADMIN in person.roles)
            assert ('lang="es"' in page.split(">", 2)[1]) == (person.language == "es")


@pytest.mark.django_db
def test_taken_roles_take_their_entries_along_at_once() -> None:
    person: Staff = StaffFactory(roles=[Role.GLOBAL_ADMIN])
    client = Client()
    client.force_login(person)
    assert 'href="/privileges/"' in client.get("/settings/profile/").content.decode()
    person.give_roles([Role.BILLING_ADMIN])
    assert 'href="/privileges/"' not in client.get("/settings/profile/").content.decode()
