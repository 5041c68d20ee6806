from typing import Any

import pytest
from django.utils import translation

from activity.models import ActivityRecord, ActorKind, Outcome
from activity.words import OPERATIONS, SENTENCES, operation_name, sentence, sentence_with_link
from partners.roles import Role


def record(operation: str, **fields: Any) -> ActivityRecord:
    given = {"actor_kind": ActorKind.STAFF, "actor_name": "Li Na", "customer_name": "Adatum", **fields}
    return ActivityRecord(operation=operation, **given)


UPGRADE = {"before": {"offer": "Business Premium"}, "after": {"offer": "Enterprise E3", "quantity": 25}}


def test_an_upgrade_reads_as_a_sentence() -> None:
    told = sentence(record("upgrade_subscription", **UPGRADE))
    assert told == "Li Na moved 25 licences of Adatum from Business Premium to Enterprise E3."


def test_one_licence_is_one_licence() -> None:
    one = {**UPGRADE, "after": {"offer": "Enterprise E3", "quantity": 1}}
    assert "moved 1 licence of" in sentence(record("upgrade_subscription", **one))


def test_a_refusal_reads_as_one() -> None:
    told = sentence(record("upgrade_subscription", outcome=Outcome.REFUSED, after={"target": "x", "quantity": 5}))
    assert told == "Li Na was refused an upgrade of a subscription of Adatum."
    told = sentence(record("tick_hand_over_step", outcome=Outcome.REFUSED))
    assert told == "Li Na was refused: Tick off a hand-over step, Adatum."


def test_it_says_who_was_added_to_the_staff() -> None:
    told = sentence(record("add_staff", customer_name="", after={"email": "chen@contoso.example"}))
    assert told == "Li Na added chen@contoso.example to the staff."


def test_roles_are_called_as_everywhere_in_the_readers_language() -> None:
    told = record("change_roles", customer_name="", after={"name": "Wang Wei", "roles": ["global_admin", "user_admin"]})
    assert sentence(told) == "Li Na changed the roles of Wang Wei to: Global admin, User admin."
    with translation.override("es"):
        assert sentence(told).endswith("a: Administrador global, Administrador de usuarios.")


@pytest.mark.parametrize("role", Role)
def test_every_role_is_called_in_a_sentence_as_on_the_pages(role: Role) -> None:
    told = record("change_roles", customer_name="", after={"name": "Wang Wei", "roles": [role.value]})
    for language in ("en", "es", "zh-hans"):
        with translation.override(language):
            assert str(role.label) in sentence(told)


def test_an_operation_of_tomorrow_is_told_by_its_code() -> None:
    assert sentence(record("water_the_plants", customer_name="")) == "Li Na: Water the plants."


@pytest.mark.parametrize("state", [None, {}, {"offer": None}, {"quantity": "many"}, [], "text", 5])
def test_a_record_without_what_its_sentence_needs_is_told_all_the_same(state: Any) -> None:
    for operation in SENTENCES:
        assert "Li Na" in sentence(record(operation, before=state, after=state))


def test_the_portal_itself_has_a_name() -> None:
    told = record("import_portfolio", actor_kind=ActorKind.SYSTEM, actor_name="", customer_name="")
    assert sentence(told) == "The portal imported a portfolio."


def test_the_customers_name_is_a_link_where_there_is_an_address() -> None:
    told = record("upgrade_subscription", **UPGRADE)
    assert '<a href="/x/?a=1&amp;b=2">Adatum</a>' in sentence_with_link(told, "/x/?a=1&b=2")
    assert "<a" not in sentence_with_link(told)


def test_nothing_recorded_becomes_markup() -> None:
    evil = "<script>%(who)s %s 100%</script>"
    told = record("upgrade_subscription", actor_name=evil, customer_name=evil, **UPGRADE)
    assert "<script>" not in sentence_with_link(told, "/x/")
    assert evil in sentence(told)


@pytest.mark.parametrize("language", ["en", "es", "zh-hans"])
@pytest.mark.parametrize("operation", [*OPERATIONS, "water_the_plants"])
def test_every_operation_has_words_in_every_language(operation: str, language: str) -> None:
    with translation.override(language):
        assert operation_name(operation)
        for outcome in Outcome.values:
            assert "%(" not in sentence(record(operation, outcome=outcome, **UPGRADE))


# What is done of these is recorded by other names, or not at all; a refusal has one sentence for all.
ONLY_EVER_REFUSED = {"confirm_identity", "get_token", "request_privileges", "sign_in"}


def test_every_operation_has_a_sentence_of_its_own() -> None:
    assert OPERATIONS.keys() - SENTENCES.keys() == ONLY_EVER_REFUSED
    assert SENTENCES.keys() <= OPERATIONS.keys()


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("add_offer", "Li Na added the offer Enterprise E7 to the catalogue."),
        ("delete_service", "Li Na deleted the service Teams from the catalogue."),
        ("delete_partner", "Li Na deleted the partner Contoso Reseller."),
    ],
)
def test_what_is_in_the_catalogue_and_partners_are_named(operation: str, told: str) -> None:
    names = {"offer": "Enterprise E7", "service": "Teams", "partner": "Contoso Reseller"}
    state = {"name": names[operation.split("_")[1]]}
    before, after = (state, None) if operation.startswith("delete") else (None, state)
    assert sentence(record(operation, customer_name="", before=before, after=after)) == told


def test_a_price_names_its_offer() -> None:
    price = {"offer": "Enterprise E3", "currency": "CNY"}
    told = sentence(record("delete_price", customer_name="", before=price))
    assert told == "Li Na deleted a price of Enterprise E3 in CNY."
