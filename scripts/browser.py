"""Finds or fetches a Chromium for the browser tests and the screenshots.

``python -m scripts.browser`` says which one will be used, after it has drawn a page
with it. Tried in this order: the program named by ``$CHROMIUM``; one that the system
has; Playwright's own, downloaded where its host can be reached; the one in the npm
package ``@sparticuz/chromium``, which needs neither root nor the system's libraries;
and, as root on Debian, the system's package.

The fonts come from npm packages in every case, so that pages look the same on every
machine and Chinese is legible on one without Chinese fonts.
"""

import fcntl
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
from fontTools.ttLib import TTFont
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from scripts.assets import fetch_packages
from scripts.places import CACHE, NODE_MODULES

# Without the sandbox root may start it; the tests show it no page but their own. The
# others keep it from looking for updates and accounts on a machine without a network.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)
SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FONT_PACKAGES = ("open-sans", "noto-sans-sc", "noto-sans-mono", "noto-sans-symbols-2")
PACKED = NODE_MODULES / "@sparticuz" / "chromium" / "bin"
UNPACKED = CACHE / "chromium"
FONTS = CACHE / "fonts"
CHOICE = CACHE / "browser.json"

type Options = dict[str, Any]


def launch_options() -> Options:
    """What to give Playwright's ``chromium.launch(**…)``; prepares the browser where needed.

    Ends the program with what to do where there is no browser to be had.
    """
    asked = os.environ.get("CHROMIUM", "")
    CACHE.mkdir(exist_ok=True)
    with CHOICE.with_suffix(".lock").open("w") as lock:
        # The workers of a test run ask at the same moment: one fetches it, the others wait.
        fcntl.flock(lock, fcntl.LOCK_EX)
        program = _remembered(asked)
        if program is None:
            program = _choose(asked)
            CHOICE.write_text(json.dumps({"asked": asked, "program": program}))
    return _options(program)


def _remembered(asked: str) -> str | None:
    """The program that was chosen before, if it is there still and nobody names another."""
    if not CHOICE.exists():
        return None
    choice = json.loads(CHOICE.read_text())
    program: str = choice["program"]
    return program if choice["asked"] == asked and _still_there(program) else None


def _choose(asked: str) -> str:
    """The first program that draws a page; an empty name stands for Playwright's own."""
    _prepare_fonts()
    candidates = [lambda: asked] if asked else [*_system_programs(), _download, _unpack, _install]
    for candidate in candidates:
        program = candidate()
        if program is not None and _draws(program):
            return program
    if asked:
        sys.exit(f"CHROMIUM={asked} is no Chromium that draws a page.")
    sys.exit(
        "The browser tests need a Chromium. Install one (Debian: apt install chromium) or name one: "
        "CHROMIUM=/path/to/chromium"
    )


def _system_programs() -> Iterator[Callable[[], str | None]]:
    for name in SYSTEM_NAMES:
        yield lambda name=name: shutil.which(name)  # type: ignore[misc]
    yield lambda: "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def _download() -> str | None:
    """Playwright's own, fetched where it isn't there yet."""
    if _draws(""):
        return ""
    print("==> Looking for Playwright's own browser", flush=True)
    finished = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"],
        check=False,
        capture_output=True,
        env={**os.environ, "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "5000"},
    )
    return None if finished.returncode else ""


def _unpack() -> str | None:
    """The one that an npm package carries, for Linux on x86-64."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return None
    print("==> Fetching Chromium as an npm package (70 MB)", flush=True)
    fetch_packages(omit=())
    UNPACKED.mkdir(parents=True, exist_ok=True)
    _expand(PACKED / "al2023.tar.br", UNPACKED)
    program = UNPACKED / "chromium"
    program.write_bytes(_decompressed(PACKED / "chromium.br"))
    program.chmod(0o755)
    return str(program)


def _install() -> str | None:
    """The system's package, where that needs no question and no password."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    print("==> Installing the system's Chromium", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        subprocess.run(["apt-get", *arguments], check=False, capture_output=True, env=environment)
    return shutil.which("chromium")


def _options(program: str) -> Options:
    environment = dict(os.environ)
    if (FONTS / "fonts.conf").exists():
        environment["FONTCONFIG_FILE"] = str(FONTS / "fonts.conf")
    options: Options = {"args": list(ARGUMENTS), "env": environment}
    if program:
        options["executable_path"] = program
    if program == str(UNPACKED / "chromium"):
        paths = [str(UNPACKED / "lib"), environment.get("LD_LIBRARY_PATH", "")]
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, paths))
    return options


def _draws(program: str) -> bool:
    if not _still_there(program):
        return False
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**_options(program), timeout=30_000)
            page = browser.new_page()
            page.set_content("<h1>Drawn</h1>")
            drawn = bool(page.screenshot()) and page.inner_text("h1") == "Drawn"
            browser.close()
    except PlaywrightError:
        return False
    return drawn


def _still_there(program: str) -> bool:
    return not program or Path(program).exists()


def _prepare_fonts() -> None:
    """Put the npm packages' fonts where fontconfig reads them, and nothing else.

    Fontconfig's FreeType knows no WOFF2, so the tables are written out plain.
    """
    if platform.system() != "Linux" or (FONTS / "fonts.conf").exists():
        return
    print("==> Preparing the fonts for browser tests", flush=True)
    fetch_packages(omit=("optional",))
    FONTS.mkdir(parents=True, exist_ok=True)
    for path in _font_files():
        font = TTFont(path, lazy=True, recalcBBoxes=False, recalcTimestamp=False)
        font.flavor = None
        font.save(FONTS / f"{path.stem}.ttf")
    (FONTS / "fonts.conf").write_text(_font_configuration(), encoding="utf-8")


def _font_files() -> Iterator[Path]:
    for name in FONT_PACKAGES:
        for scope in ("@fontsource-variable", "@fontsource"):
            for path in sorted((NODE_MODULES / scope / name / "files").glob("*.woff2")):
                # The packages hold the same letters along several axes: weight is enough.
                if path.stem.endswith(("-wght-normal", "-wght-italic", "-400-normal")):
                    yield path


def _font_configuration() -> str:
    families = {
        "sans-serif": "Open Sans",
        "system-ui": "Open Sans",
        "serif": "Open Sans",
        "monospace": "Noto Sans Mono",
    }
    aliases = "".join(
        f"<alias binding='same'><family>{name}</family><prefer><family>{family}</family></prefer></alias>"
        for name, family in families.items()
    )
    return (
        "<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
        f"<dir>{_escaped(FONTS)}</dir><cachedir>{_escaped(FONTS / 'cache')}</cachedir>{aliases}</fontconfig>\n"
    )


def _escaped(path: Path) -> str:
    return str(path).replace("&", "&amp;").replace("<", "&lt;")


def _expand(archive: Path, folder: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(_decompressed(archive))) as packed:
        packed.extractall(folder, filter="data")


def _decompressed(path: Path) -> bytes:
    content: bytes = brotli.decompress(path.read_bytes())
    return content


if __name__ == "__main__":
    print(f"==> Browser: {launch_options().get('executable_path', 'Playwright’s own')}")
