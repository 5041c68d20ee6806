"""Which browser a session is in, in words by which its owner knows it."""

from django.utils.translation import gettext as _

# The first that a browser's own description holds; the later ones stand in those of the earlier ones too.
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def browser_words(user_agent: str) -> str:
    """Browser and system, as in “Firefox, Windows”, from the description that the browser gives of itself."""
    browser = next((name for sign, name in BROWSERS.items() if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    return _(", ").join(filter(None, [browser, system])) or _("Unknown browser")
