"""The console over real connections of this machine."""

import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from cli.console.answers import Answers
from cli.console.reader import Reader
from cli.console.server import ConsoleServer, serving, static_file
from tests.cli_world import CliWorld
from tests.samples import RELEASE
from tidegate.release import Phase

TOKEN = {"Authorization": "Bearer secret"}
ORDER = {**TOKEN, "Content-Type": "application/json"}


@pytest.fixture
def server(world: CliWorld) -> Iterator[ConsoleServer]:
    """The console of an open release."""
    world.release.prepare()
    answers = Answers(Reader(world.deployed()))
    with serving(ConsoleServer(port=0, token="secret", answers=answers)) as running:
        yield running


def ask(
    server: ConsoleServer, path: str, headers: dict[str, str], *, body: str | None = None
) -> http.client.HTTPResponse:
    """The answer, with its body read into `said`."""
    connection = http.client.HTTPConnection("127.0.0.1", server.guard.port, timeout=10)
    connection.request("GET" if body is None else "POST", path, body=body, headers=headers)
    answer = connection.getresponse()
    answer.said = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


def said(answer: http.client.HTTPResponse) -> bytes:
    """The body of an answer."""
    body: bytes = answer.said  # type: ignore[attr-defined]
    return body


def test_it_listens_on_this_machine_only(server: ConsoleServer):
    """Not on any address that others reach."""
    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.guard.port}/#token=secret"


@pytest.mark.parametrize("path", ["/", f"/releases/{RELEASE}", "/static/console.js", "/?x=1"])
def test_the_page_itself_is_for_everybody(server: ConsoleServer, path: str):
    """It tells nothing: what it shows it reads with the token."""
    answer = ask(server, path, {})
    assert answer.status == 200
    assert RELEASE.encode() not in said(answer)


@pytest.mark.parametrize(
    "path", ["/static/", "/static/../server.py", "/static/%2e%2e/server.py", "/nope", "/releases/"]
)
def test_nothing_else_is_served(server: ConsoleServer, path: str):
    """Only files of the page, by their names."""
    assert ask(server, path, TOKEN).status == 404


@pytest.mark.parametrize("path", ["/api/about", "/api/releases", "/pages/overview"])
def test_what_is_known_needs_the_token(server: ConsoleServer, path: str):
    """Other users of this machine reach the port too."""
    assert ask(server, path, {}).status == 401
    assert ask(server, path, {"Authorization": "Bearer other"}).status == 401
    assert ask(server, path, TOKEN).status == 200


@pytest.mark.parametrize("path", ["/", "/api/about"])
def test_another_host_name_gets_nothing(server: ConsoleServer, path: str):
    """Not even the page: DNS rebinding ends here."""
    answer = ask(server, path, {**TOKEN, "Host": f"evil.example:{server.guard.port}"})
    assert answer.status == 421


def test_two_host_names_get_nothing(server: ConsoleServer):
    """Whichever of them another program would believe."""
    port = server.guard.port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n".encode()
        )
        assert connection.recv(64).startswith(b"HTTP/1.1 421 ")


def test_an_order_is_carried_out(server: ConsoleServer, world: CliWorld):
    """With token, from here, as JSON."""
    origin = f"http://127.0.0.1:{server.guard.port}"
    answer = ask(
        server,
        f"/api/releases/{RELEASE}/abort",
        {**ORDER, "Origin": origin, "Sec-Fetch-Site": "same-origin"},
        body='{"why": "bad day"}',
    )
    assert answer.status == 200
    assert world.release.record().phase is Phase.ABORTING


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 401),
        ({**TOKEN, "Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({**ORDER, "Origin": "https://evil.example"}, 403),
        ({**ORDER, "Origin": "http://127.0.0.1:1"}, 403),
        ({**ORDER, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**ORDER, "Host": "evil.example"}, 421),
        ({**ORDER, "Content-Length": "100000"}, 413),
    ],
)
def test_orders_from_elsewhere_change_nothing(
    server: ConsoleServer, world: CliWorld, headers: dict[str, str], status: int
):
    """Whatever is missing, the release stays as it was."""
    before = world.release.record()
    answer = ask(server, f"/api/releases/{RELEASE}/abort", headers, body='{"why": ""}')
    assert answer.status == status
    assert world.release.record() == before


def test_an_order_cannot_be_given_by_reading(server: ConsoleServer, world: CliWorld):
    """A link that is followed changes nothing."""
    assert ask(server, f"/api/releases/{RELEASE}/abort", TOKEN).status == 404
    assert world.release.record().phase is Phase.SHIFTING


@pytest.mark.parametrize("path", ["/", "/api/about", "/nope", "/static/console.css"])
def test_every_answer_is_locked_down(server: ConsoleServer, path: str):
    """Errors and files too."""
    answer = ask(server, path, TOKEN)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Python" not in answer.headers["Server"]


def test_nobody_else_may_read_an_answer(server: ConsoleServer):
    """No header opens it to other origins."""
    answer = ask(server, "/api/about", TOKEN)
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_what_did_not_change_is_not_sent_again(server: ConsoleServer):
    """A tab that has it already hears so."""
    tag = ask(server, "/api/releases", TOKEN).headers["ETag"]
    answer = ask(server, "/api/releases", {**TOKEN, "If-None-Match": tag})
    assert (answer.status, said(answer)) == (304, b"")
    assert ask(server, "/api/releases", {**TOKEN, "If-None-Match": '"old"'}).status == 200


def test_a_fault_is_told_in_the_terminal_and_not_in_the_browser(
    server: ConsoleServer, world: CliWorld, capfd: pytest.CaptureFixture[str]
):
    """The console goes on, and the page says where to look."""

    def broken(_: str) -> None:
        raise ZeroDivisionError("inside")

    world.release.store.load = broken  # type: ignore[method-assign, assignment]
    answer = ask(server, f"/api/releases/{RELEASE}", TOKEN)
    assert answer.status == 500
    assert b"inside" not in said(answer)
    assert "ZeroDivisionError: inside" in capfd.readouterr().err
    assert ask(server, "/", {}).status == 200


def test_errors_are_json(server: ConsoleServer):
    """Also those of the door."""
    assert "each run has its own" in json.loads(said(ask(server, "/api/about", {})))["error"]


def test_after_the_block_nobody_listens(world: CliWorld):
    """The port is free again at once."""
    answers = Answers(Reader(world.deployed()))
    with serving(ConsoleServer(port=0, token="t", answers=answers)) as running:
        port = running.guard.port
    with serving(ConsoleServer(port=port, token="t", answers=answers)) as again:
        assert again.guard.port == port


def test_files_of_the_page_refer_to_nothing_outside():
    """It works without a network, and its policy would forbid more."""
    for name in ("index.html", "console.js", "api.js", "dialog.js", "morph.js", "console.css"):
        found = static_file(f"/static/{name}")
        assert found is not None
        text = found.body.decode()
        assert "://" not in text
        assert "innerHTML" not in text
