"""Takes a picture of a page as a person sees it, and says what the browser complained of.

    .venv/bin/python scripts/screenshot.py http://127.0.0.1:8000/customers/ customers.png \
        --login agent@contoso-reseller.example demo-portal --width 390 --theme dark --lang es

Signing in works as for a person, over the sign-in page; ``--click TEXT`` presses a
button or follows a link by its words afterwards, as often as it is given.
"""

import argparse
import sys
from urllib.parse import urljoin

from playwright.sync_api import BrowserContext, Page, sync_playwright

from scripts.browser import launch_options

LOCALES = {"en": "en-GB", "es": "es-ES", "zh-hans": "zh-CN"}


def main() -> None:
    """Take the picture that the command line asks for."""
    wanted = _arguments()
    # Before Playwright starts: the first time, the browser is chosen by trying it, and Playwright does not nest.
    options = launch_options()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**options)
        context = browser.new_context(
            viewport={"width": wanted.width, "height": wanted.height},
            device_scale_factor=wanted.scale,
            color_scheme=wanted.theme,
            locale=LOCALES[wanted.lang],
            java_script_enabled=not wanted.no_javascript,
            reduced_motion="reduce",
        )
        page = _prepared(context, wanted)
        page.goto(wanted.url)
        for text in wanted.click:
            page.locator(f"button:has-text({text!r}), a:has-text({text!r}), summary:has-text({text!r})").first.click()
            page.wait_for_load_state("networkidle")
        page.screenshot(path=wanted.file, full_page=not wanted.viewport)
        print(f"{wanted.file}: {page.title()} ({page.url})")
        browser.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("file")
    parser.add_argument("--login", nargs=2, metavar=("EMAIL", "PASSWORD"))
    parser.add_argument("--width", type=int, default=1440)
    parser.add_argument("--height", type=int, default=900)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--lang", choices=tuple(LOCALES), default="en")
    parser.add_argument("--click", action="append", default=[], metavar="TEXT")
    parser.add_argument("--no-javascript", action="store_true")
    parser.add_argument("--viewport", action="store_true", help="only what fits the window, not the whole page")
    return parser.parse_args()


def _prepared(context: BrowserContext, wanted: argparse.Namespace) -> Page:
    """A page that reports to standard error, in the wanted language and signed in."""
    context.add_cookies([{"name": "django_language", "value": wanted.lang, "url": wanted.url}])
    page = context.new_page()
    page.on("console", lambda message: print(f"console {message.type}: {message.text}", file=sys.stderr))
    page.on("pageerror", lambda error: print(f"uncaught: {error}", file=sys.stderr))
    if wanted.login:
        email, password = wanted.login
        page.goto(urljoin(wanted.url, "/"))
        page.fill("input[type=email]", email)
        page.fill("input[type=password]", password)
        page.locator("form:has(input[type=password]) [type=submit]").click()
        page.wait_for_load_state()
    return page


if __name__ == "__main__":
    main()
