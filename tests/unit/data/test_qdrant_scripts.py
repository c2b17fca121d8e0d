"""How a server that only its own container reaches is asked, by a real bash."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from typing import Any

from ansible.module_utils.groundwork.data.qdrant_collections import parse
from ansible.module_utils.groundwork.data.qdrant_scripts import ASK


class Echo(http.server.BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        answer = json.dumps({"path": self.path, "body": body}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        pass


def test_bash_sends_and_reads_any_text() -> None:
    body = json.dumps({"name": "Grüße % 'a' \"b\" $(x) \\n"}, ensure_ascii=False)
    with http.server.HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        script = ASK.replace("6333", str(server.server_address[1]))
        done = subprocess.run(
            ["bash", "-c", script, "bash", "PUT", "/a%20b?wait=true", str(len(body.encode()))],
            input=body,
            capture_output=True,
            text=True,
            check=False,
        )
        server.shutdown()
    status, answer = parse(done.stdout)
    wanted: dict[str, Any] = {"path": "/a%20b?wait=true", "body": body}
    assert (status, answer) == (201, wanted)
