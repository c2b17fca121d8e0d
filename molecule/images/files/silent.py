"""Takes connections on 127.0.0.1 at a port, and never says a word. Ends by itself."""

from __future__ import annotations

import socket
import sys
import time

with socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64):
    time.sleep(60)
