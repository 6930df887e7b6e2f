"""What travels between module and server, and the thread that it travels in."""

import socket
import threading
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st
from RadLoopLib.client import Cancelled, Job, NotReached, Refused, Server, Strange, Ticket
from RadLoopLib.client.multipart import Part, decode, encode
from RadLoopLib.client.wire import Request, exchange

parts = st.builds(Part, st.binary(max_size=200), st.none() | st.sampled_from(["a.nii.gz", "with space.nii", "ü.json"]))
forms = st.dictionaries(st.sampled_from(["params", "image", "label", "file"]), parts, min_size=1)


@given(forms)
def test_a_form_is_read_as_it_was_written(form):
    body, content_type = encode(form)
    assert decode(body, content_type.partition("boundary=")[2]) == form


@given(forms)
def test_others_read_our_forms_too(form):
    body, content_type = encode(form)
    message = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    names = [part.get_param("name", header="Content-Disposition") for part in message.get_payload()]
    assert names == list(form)


@given(forms, st.data())
def test_a_form_that_is_cut_is_never_taken_for_a_whole_one(form, data):
    body, content_type = encode(form)
    cut = data.draw(st.integers(0, len(body) - 5))
    with pytest.raises(Strange, match="cut short"):
        decode(body[:cut], content_type.partition("boundary=")[2])


def test_a_job_gives_what_it_found_or_raises_what_it_met():
    def fails(_):
        raise KeyError("a fault of ours is not hidden")

    assert Job(lambda ticket: ticket.text).result() == ""
    with pytest.raises(KeyError):
        Job(fails).result()


def test_a_cancelled_job_gives_nothing_even_when_it_was_done():
    go = threading.Event()
    job = Job(lambda _: go.wait(10) and "late")
    job.cancel()
    go.set()
    with pytest.raises(Cancelled):
        job.result()


def test_https_where_there_is_none_is_told():
    def answer(listening):
        connection, _ = listening.accept()
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        with pytest.raises(NotReached) as fault:
            Server(f"https://127.0.0.1:{listening.getsockname()[1]}").models(Ticket())
    assert "\n" not in str(fault.value)


def test_the_token_goes_with_every_request_and_its_lack_is_said():
    class Guarded(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            known = self.headers["Authorization"] == "Bearer radloop_abc-1"
            body = b'{"models": {"cine_heart": {}}}' if known else b'{"detail": "A token is needed."}'
            self.send_response(200 if known else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as guarded:
        threading.Thread(target=guarded.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{guarded.server_port}"
        assert Server(url, " radloop_abc-1\n").models(Ticket())
        for wrong in ("", "radloop_other"):
            with pytest.raises(Refused, match="A token is needed"):
                Server(url, wrong).models(Ticket())
        guarded.shutdown()


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        (
            b'{"cases": [], "others": [{"series": "1.2", "description": "", "sentence": "It is CT."}]}',
            {"1.2": "It is CT."},
        ),
        (b'{"cases": [], "others": [{"series": "b", "description": "", "sentence": "One that is an image."}]}', {}),
        (b'{"cases": [], "others": null}', {}),
        (b'{"cases": []}', {}),  # an older server
        (b'{"cases": [], "others": [{"series": "1.2"}]}', None),
        (b'{"cases": [], "others": "none"}', None),
    ],
)
def test_what_is_no_case_comes_after_the_cases_with_the_reason(said, refused):
    class Listing(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            body = said if self.path.startswith("/radloop") else b'{"objects": {"b": {}, "a": {}}}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Listing) as listing:
        threading.Thread(target=listing.serve_forever, daemon=True).start()
        asked = Server(f"http://127.0.0.1:{listing.server_port}")
        try:
            if refused is None:
                with pytest.raises(Strange, match="cannot be read"):
                    asked.cases(Ticket())
            else:
                rows = asked.cases(Ticket())
                assert [row.image for row in rows] == ["a", "b", *refused]
                assert {row.image: row.why_not for row in rows if row.why_not} == refused
        finally:
            listing.shutdown()


@pytest.mark.parametrize("token", ["two words", "a\nHost: evil.example", "tökén"])
def test_what_cannot_be_a_token_is_sent_nowhere(token):
    with pytest.raises(Strange, match="copied whole"):
        Server("http://127.0.0.1:8000", token)


def test_a_server_that_closes_at_once_is_heard_to_the_end():
    """It reads the head of a request, answers and closes: whatever we send beyond would cost the rest of its answer."""
    heads, answer = [], b"x" * 200_000

    class Curt(BaseHTTPRequestHandler):
        def do_GET(self):
            heads.append(dict(self.headers))
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Curt) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        for _ in range(50):
            assert exchange(url, Request("GET", "/", {}), Ticket()).body == answer
        server.shutdown()
    assert not [head for head in heads if {"Transfer-Encoding", "Content-Length"} & head.keys()]
