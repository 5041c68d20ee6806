"""Everything that can be found wrong without running the portal.

``python -m scripts.lint`` runs all checks, shows what those say that fail, and ends
with their names; ``python -m scripts.lint types layers`` runs the named ones.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from scripts.places import ROOT

# Values of the shape that a real installation has: what `check --deploy` judges is the settings.
PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "".join(chr(33 + number % 90) for number in range(0, 900, 13)),
    "ALLOWED_HOSTS": "portal.example",
    "CSRF_TRUSTED_ORIGINS": "https://portal.example",
    "DATABASE_URL": "postgres://portal@database.example/portal",
}
# Other languages are not spelt in English.
SPELT = ("*.py", "*.html", "*.md", "*.toml", "*.yaml", "*.sh", "*.css", "*.js", "Makefile", ":!:requirements/*")
DEVELOPMENT = {"DEBUG": "1", "HTTPS": "0", "DATABASE_URL": "sqlite://:memory:"}


@dataclass(frozen=True)
class Check:
    """A command that ends with 0 where nothing is wrong."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: DEVELOPMENT)

    def passes(self) -> bool:
        """Run it; show its words only where it fails."""
        print(f"==> {self.name}", end=" ", flush=True)
        finished = subprocess.run(
            [sys.executable, *self.command],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        print("fails" if finished.returncode else "ok", flush=True)
        if finished.returncode:
            print(finished.stdout, flush=True)
        return finished.returncode == 0


def main(names: list[str]) -> int:
    """Run the named checks, or all; return how many fail."""
    checks = [check for check in _checks() if not names or check.name in names]
    failing = [check.name for check in checks if not check.passes()]
    print(f"{len(checks) - len(failing)} checks passed, {len(failing)} failed: {', '.join(failing) or 'none'}")
    return len(failing)


def _checks() -> list[Check]:
    manage = ("-W", "error", "manage.py")
    return [
        Check("format", ("-m", "ruff", "format", "--check", ".")),
        Check("rules", ("-m", "ruff", "check", ".")),
        Check("types", ("-m", "mypy")),
        Check("layers", ("-c", "from importlinter.cli import lint_imports_command as run; run()")),
        Check("templates", ("-m", "djlint", "--lint", "--quiet", *_tracked("*.html"))),
        Check("spelling", ("-m", "codespell_lib", *_tracked(*SPELT))),
        Check("settings", (*manage, "check", "--fail-level", "WARNING")),
        Check("deployment", (*manage, "check", "--deploy", "--fail-level", "WARNING"), PRODUCTION),
        Check("migrations", (*manage, "makemigrations", "--check", "--dry-run")),
        Check("translations", ("-m", "scripts.messages", "check")),
    ]


def _tracked(*patterns: str) -> list[str]:
    """The files that git holds or would add, so that what tools leave behind is not judged."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
