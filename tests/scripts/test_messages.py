"""Gathering messages without GNU gettext."""

from pathlib import Path

import pytest

from scripts import messages


def gathered(monkeypatch: pytest.MonkeyPatch, path: Path, content: str) -> set[object]:
    path.write_text(content, encoding="utf-8")
    monkeypatch.setattr(messages, "ROOT", path.parent)
    monkeypatch.setattr(messages, "_sources", lambda: iter([path]))
    return {message.id for message in messages.gather() if message.id}


def test_messages_of_a_template_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    template = """
      {% load i18n %}
        <p title="{% translate 'Don’t (really)' %}">{{ _("Yes")|lower }}</p>
      {% blocktranslate trimmed with name=customer.name count n=rows %}
        {{ n }} row of {{ name }}
      {% plural %}
        {{ n }} rows of {{ name }}
      {% endblocktranslate %}
    """
    found = gathered(monkeypatch, tmp_path / "page.html", template)
    assert found == {"Don’t (really)", "Yes", ("%(n)s row of %(name)s", "%(n)s rows of %(name)s")}


def test_messages_of_a_module_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext_lazy
TITLE = _("One" " sentence")
def rows(n): return ngettext("%(n)d row", "%(n)d rows", n)
MONTH = pgettext_lazy("the month", "May")
"""
    found = gathered(monkeypatch, tmp_path / "words.py", module)
    assert found == {"One sentence", ("%(n)d row", "%(n)d rows"), "May"}
