"""The program behind `serve`: answers on SageMaker's port, one thread a connection."""

import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import routes  # type: ignore[import-not-found]  # beside this file in the container

DEFAULT_PORT = 8080


class Server(ThreadingHTTPServer):
    """Answers while the model is loaded beside it."""

    daemon_threads = True
    predict: routes.Predict | None = None


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Health."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Predictions."""
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Nothing: SageMaker pings every second."""

    def _answer(self, body: bytes) -> None:
        found = routes.answer(
            self.server.predict,
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        self.send_response(found.status)
        self.send_header("Content-Type", found.content_type)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        self.wfile.write(found.body)


def load(server: Server) -> None:
    """The model answers from now on; a model that cannot be loaded ends the container."""
    try:
        # Pings are answered while this takes its time.
        import predictor  # noqa: PLC0415

        server.predict = predictor.load("/opt/ml/model")
    except Exception as error:  # noqa: BLE001 - whatever it is, the container must end
        print(f"the model cannot be loaded: {error!r}", file=sys.stderr)
        os._exit(1)


def main() -> None:
    """Serve until SageMaker says SIGTERM."""
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", DEFAULT_PORT))
    server = Server(("0.0.0.0", port), Handler)  # noqa: S104 - SageMaker asks from outside
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=load, args=(server,), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
