"""Ends with 0 where the portal in this container answers the path given with success.

``python healthcheck.py /healthz``. The Host header is one that the portal allows.
"""

import os
import sys
import urllib.request


def main(path: str) -> None:
    """Ask once; an answer other than success raises."""
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    request = urllib.request.Request(
        f"http://127.0.0.1:{os.environ['PORT']}{path}",
        headers={"Host": host if host not in {"", "*"} else "localhost"},
    )
    urllib.request.urlopen(request, timeout=4).close()  # noqa: S310


if __name__ == "__main__":
    main(sys.argv[1])
