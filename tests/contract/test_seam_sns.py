"""Topics of the embedded cloud: URLs of this machine get messages, others nothing."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from emulator.server import EmbeddedCloud


@pytest.fixture
def hook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A URL of this machine, and what was posted to it."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url_of_this_machine_gets_the_json(
    ground_cloud: EmbeddedCloud,
    hook: tuple[str, list[dict[str, Any]]],
    eventually: Callable[[Callable[[], Any]], Any],
) -> None:
    """First it is asked to confirm; a topic with a URL elsewhere publishes all the same."""
    url, got = hook
    sns = ground_cloud.session().client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://192.0.2.1/hook")
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)
    asked = eventually(lambda: [m for m in got if m["Type"] == "SubscriptionConfirmation"])
    sns.confirm_subscription(TopicArn=topic, Token=asked[0]["Token"])
    sns.publish(
        TopicArn=topic,
        Message=json.dumps({"default": "text", "http": '{"a": 1}'}),
        MessageStructure="json",
    )
    told = eventually(lambda: [m for m in got if m["Type"] == "Notification"])
    assert json.loads(told[0]["Message"]) == {"a": 1}
