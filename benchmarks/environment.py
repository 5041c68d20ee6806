"""What one run stands on: a temporary folder, the environment of production, servers that end with the run."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psycopg

from scripts.postgresql import PostgreSQL

# As in docs and compose.yaml: nothing that could be lost in a crash, only memory for a machine of this size.
POSTGRESQL = {
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
}
WORKERS, THREADS = 2, 4
SECONDS_TO_START = 60


@contextmanager
def environment() -> Iterator[Path]:
    """Set the environment of production, with a folder that is gone at the end of the block."""
    signal.signal(signal.SIGTERM, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "DEBUG": "0",
            "HTTPS": "0",
            "SECRET_KEY": "for-benchmarks-only-" + "0" * 50,
            "ALLOWED_HOSTS": "127.0.0.1",
            "CSRF_TRUSTED_ORIGINS": "",
            "BEHIND_PROXY": "0",
            "TRUSTED_PROXY_COUNT": "0",
            "LOG_LEVEL": "WARNING",
            # The platform administrator of the measurements signs in with a password alone.
            "REQUIRE_SECOND_FACTOR": "0",
            # The measurements ask the database between requests, never during one.
            "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
            "BENCHMARK_STATIC_ROOT": str(folder / "static"),
        }
    )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that servers and folders go as well."""
    raise KeyboardInterrupt


class Server(PostgreSQL):
    """A PostgreSQL server that keeps what it commits, as in production."""

    def __init__(self) -> None:
        super().__init__(settings=POSTGRESQL)

    def url_of(self, database: str) -> str:
        """The address of a database of this server, as `DATABASE_URL` takes it."""
        return self.url.replace("@/postgres?", f"@/{database}?")

    def address(self, database: str = "postgres") -> str:
        """The same for libpq."""
        return f"host={self.folder} user=postgres dbname={database}"

    @property
    def version(self) -> str:
        """Which PostgreSQL it is."""
        return subprocess.check_output([self.programs / "postgres", "--version"], text=True).strip()

    def create(self, database: str) -> None:
        """Make an empty database."""
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database}")

    def pgbench(self, script: Path, *, clients: int, seconds: int, **variables: int) -> float:
        """The transactions a second of this script."""
        command = [self.programs / "pgbench", "-n", "-h", self.folder, "-U", "postgres", "-c", clients, "-j", 2]
        command += ["-T", seconds, "-f", script]
        command += [part for name, value in variables.items() for part in ("-D", f"{name}={value}")]
        output = subprocess.check_output([str(part) for part in [*command, "postgres"]], text=True)
        found = re.search(r"tps = ([0-9.]+)", output)
        assert found is not None, output
        return float(found[1])


@contextmanager
def portal(url: str, folder: Path) -> Iterator[str]:
    """The portal on this database, served as in production; yields its address."""
    port = _free_port()
    log = (folder / f"portal-{port}.log").open("w")
    process = subprocess.Popen(
        [
            *[sys.executable, "-m", "gunicorn", "partnercenter.wsgi:application"],
            *["--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS), "--threads", str(THREADS)],
            *["--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else str(folder)],  # noqa: S108
        ],
        env={**os.environ, "DATABASE_URL": url},
        stdout=log,
        stderr=log,
    )
    try:
        _wait_for(process, f"http://127.0.0.1:{port}/healthz", Path(log.name))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        log.close()


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - our own server
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"The portal did not start:\n{log.read_text()}")
