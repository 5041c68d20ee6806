"""Translations without GNU gettext: gathers the messages, compiles and checks them.

``python -m scripts.messages update``   writes locale/*/LC_MESSAGES/django.po anew
``python -m scripts.messages compile``  writes the .mo files that are missing or old
``python -m scripts.messages check``    fails where a message is missing, unfinished or old

What ``manage.py makemessages`` does with xgettext is done with Django's own
``templatize`` and Babel, so that a fresh machine needs nothing but pip packages.
"""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from scripts.places import LOCALE, ROOT

# Directory under locale/ -> the locale's name in Babel.
LANGUAGES = {"es": "es", "zh_Hans": "zh_Hans"}
# Nobody reads these in their own language: tests, tools, and what is not ours.
LEFT_OUT = {"tests", "benchmarks", "scripts", "docs"}
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def update() -> None:
    """Bring every language's django.po in line with the sources; new messages are left empty.

    A message that only changed a little keeps its old translation, marked fuzzy.
    """
    template = gather()
    for directory in LANGUAGES:
        path = _path(directory)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_written(_updated(directory, template)))
        print(f"{path.relative_to(ROOT)}: {_summary(_read(directory))}")


def compile_all() -> None:
    """Write each language's django.mo beside its django.po where it is missing or older."""
    for directory in LANGUAGES:
        source = _path(directory)
        target = source.with_suffix(".mo")
        if not source.exists() or (target.exists() and target.stat().st_mtime >= source.stat().st_mtime):
            continue
        with target.open("wb") as file:
            write_mo(file, _read(directory))


def check() -> None:
    """End the program with a list of what is wrong with the translations, if anything is."""
    template = gather()
    complaints = [line for directory in LANGUAGES for line in _complaints(directory, template)]
    if complaints:
        complaints.append("Run `make messages` and translate what it adds in locale/.")
        sys.exit("\n".join(complaints))


def gather() -> Catalog:
    """All messages of the Python files and templates that git knows or would add."""
    catalog = Catalog(project="partnercenter", charset="utf-8")
    for path in _sources():
        name = path.relative_to(ROOT).as_posix()
        for _, messages, comments, context in extract(
            "python", _readable(path), keywords=KEYWORDS, comment_tags=("Translators",)
        ):
            # The files without line numbers: a line more above must not touch every translation.
            catalog.add(messages, locations=[(name, 1)], auto_comments=comments, context=context)
    return catalog


def _sources() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py", "*.html", "*.txt"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in sorted(set(listed.stdout.split("\0")) - {""}):
        path = Path(name)
        is_template = path.suffix == ".py" or "templates" in path.parts
        if is_template and path.parts[0] not in LEFT_OUT and (ROOT / path).exists():
            yield ROOT / path


def _readable(path: Path) -> io.BytesIO:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # templatize keeps the template's indentation, which means nothing in Python.
        source = re.sub(r"(?m)^[ \t]+", "", templatize(source, origin=str(path)))
    return io.BytesIO(source.encode())


def _path(directory: str) -> Path:
    return LOCALE / directory / "LC_MESSAGES" / "django.po"


def _read(directory: str) -> Catalog:
    with _path(directory).open("rb") as file:
        return read_po(file, locale=LANGUAGES[directory])


def _updated(directory: str, template: Catalog) -> Catalog:
    catalog = _read(directory) if _path(directory).exists() else Catalog(locale=LANGUAGES[directory])
    # A copy: update() takes the template's message objects into the catalogue.
    catalog.update(_copy(template), update_header_comment=False)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    return catalog


def _copy(template: Catalog) -> Catalog:
    written = io.BytesIO()
    write_po(written, template)
    written.seek(0)
    return read_po(written)


def _written(catalog: Catalog) -> bytes:
    catalog.header_comment = "# Translations of the partner portal. `make messages` adds and removes messages."
    written = io.BytesIO()
    write_po(written, catalog, width=100, sort_output=True, omit_header=True, include_lineno=False)
    return _header(catalog) + written.getvalue()


def _header(catalog: Catalog) -> bytes:
    # Written here because Babel's own names its version and the hour of the run,
    # which would make every update a change.
    lines = (
        f"{catalog.header_comment}",
        'msgid ""',
        'msgstr ""',
        '"Project-Id-Version: partnercenter\\n"',
        f'"Language: {catalog.locale}\\n"',
        f'"Plural-Forms: {catalog.plural_forms}\\n"',
        '"MIME-Version: 1.0\\n"',
        '"Content-Type: text/plain; charset=utf-8\\n"',
        '"Content-Transfer-Encoding: 8bit\\n"',
    )
    return ("\n".join(lines) + "\n\n").encode()


def _complaints(directory: str, template: Catalog) -> Iterator[str]:
    path = _path(directory)
    name = path.relative_to(ROOT)
    if not path.exists():
        yield f"{name}: there is no such file"
        return
    catalog = _read(directory)
    known = {(message.id, message.context) for message in catalog if message.id}
    wanted = {(message.id, message.context) for message in template if message.id}
    yield from (f"{name}: no entry for {_shown(key)}" for key in sorted(wanted - known, key=str))
    yield from (f"{name}: no longer used: {_shown(key)}" for key in sorted(known - wanted, key=str))
    for message in catalog:
        yield from (f"{name}:{message.lineno}: {fault}" for fault in _faults(message, catalog))


def _faults(message: Message, catalog: Catalog) -> Iterator[str]:
    if not message.id:
        return
    if message.fuzzy:
        yield f"unfinished (fuzzy): {message.id!r}"
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    if not all(strings):
        yield f"not translated: {message.id!r}"
        return
    yield from (f"{error} in {message.id!r}" for error in message.check(catalog))


def _shown(key: tuple[object, object]) -> str:
    return repr(key[0]) if key[1] is None else f"{key[0]!r} ({key[1]})"


def _summary(catalog: Catalog) -> str:
    messages = [message for message in catalog if message.id]
    unfinished = sum(1 for message in messages if message.fuzzy or any(_faults(message, catalog)))
    return f"{len(messages)} messages, {unfinished} to translate"


if __name__ == "__main__":
    {"update": update, "compile": compile_all, "check": check}[sys.argv[1]]()
