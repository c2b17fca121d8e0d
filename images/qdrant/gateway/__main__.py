"""Start the gateway: `python -m gateway`."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading

import uvicorn

from . import GATEWAY
from .app import create_app
from .config import SettingsError, load
from .store import StorageError, Store

_GRACE_SECONDS = 5  # for requests that run when SIGTERM comes; Docker kills after ten
# Longer than clients keep idle connections (httpx: five), so that none picks one up that the
# gateway is just closing.
_KEEP_ALIVE_SECONDS = 75


def main() -> int:
    """Serve until SIGTERM or SIGINT; 1 if the settings or the storage are unusable."""
    try:
        settings = load(os.environ)
    except SettingsError as error:
        return _fail(str(error))
    # uvicorn stops on a signal and then raises it again, which would end the process before
    # the shards are closed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    tempfile.tempdir = str(settings.temp)  # large uploads pass through here
    store = Store(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(store),
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.key,
        )
    )
    failed: list[str] = []

    def open_storage() -> None:
        try:
            store.open()
            _say(f"serving {len(store.names())} collections from {settings.storage}")
        except (StorageError, OSError) as error:
            failed.append(str(error))
            server.should_exit = True

    # Loading goes on beside the server, so that /livez and /readyz answer meanwhile.
    loading = threading.Thread(target=open_storage)
    loading.start()
    _say(f"{GATEWAY}, on {settings.host}:{settings.port}")
    try:
        server.run()
    finally:
        store.close()
        loading.join()
    return _fail(failed[0]) if failed else 0


def _say(text: str) -> None:
    print(f"qdrant gateway: {text}", flush=True)


def _fail(text: str) -> int:
    print(f"qdrant gateway: {text}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
