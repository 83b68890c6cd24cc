from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydantic import SecretStr

from farandole.api.errors import DataError
from farandole.data.s3_settings import S3Settings
from farandole.data.s3_store import S3Store
from farandole.data.store import NotFound, StoreFull, StoreUnavailable, open_store
from tests.support.servers import free_port

SECRET = "the-secret-itself"
WRITER = "x-amz-meta-farandole-writer"


@dataclass
class Answer:
    """What the scripted server says to one request; `cut` closes the connection instead."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    cut: bool = False


Said = Callable[[str, dict[str, str]], Answer]


def error(status: int, code: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>because</Message></Error>".encode()
    return Answer(status, body, {"Content-Type": "application/xml"})


@contextmanager
def scripted(answers: list[Answer | Said]) -> Iterator[str]:
    """Serve the answers one a request, the last of them for ever, and give host:port."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = answers.pop(0) if len(answers) > 1 else answers[0]
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = said if isinstance(said, Answer) else said(self.command, headers)
            self.close_connection = True
            if answer.cut:
                return
            self.send_response(answer.status)
            length = len(answer.body) if answer.length is None else answer.length
            for name, value in {"Content-Length": str(length), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=[0.01], daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def store(host: str, **more: Any) -> S3Store:
    usual: dict[str, Any] = {
        "endpoint": f"http://{host}",
        "access_key": "somebody",
        "secret_key": SecretStr(SECRET),
        "retries": 1,
    }
    return S3Store("bucket", "runs", S3Settings(**usual | more))


def found(writer: str) -> Answer:
    headers = {WRITER: writer, "ETag": '"1"', "Last-Modified": "Mon, 23 Nov 2026 07:00:00 GMT"}
    return Answer(headers=headers)


@pytest.mark.parametrize(
    "status, code, message",
    [
        (403, "InvalidAccessKeyId", "does not know the access key 'somebody'; .*S3_ACCESS_KEY"),
        (403, "SignatureDoesNotMatch", "not the one of the access key 'somebody'; .*S3_SECRET_KEY"),
        (403, "AccessDenied", "'somebody' has no right to do this; ask for .* under s3://bucket/"),
        (403, "RequestTimeTooSkewed", "the clock of this machine is off"),
        (400, "ExpiredToken", "the temporary key 'somebody' has expired"),
        (400, "AuthorizationHeaderMalformed", "not in the region 'us-east-1'; .*S3_REGION"),
        (404, "NoSuchBucket", "no such bucket at 127.0.0.1:.*; create it, or correct"),
        (400, "SomethingElse", r"because \(SomethingElse\)"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(status: int, code: str, message: str) -> None:
    with scripted([error(status, code)]) as host:
        attempts: list[Callable[[], Any]] = [
            lambda: store(host).get("a"),
            lambda: store(host).put("a", b"1"),
            lambda: store(host).put_if_absent("a", b"1"),
            lambda: list(store(host).list("a")),
        ]
        for attempt in attempts:
            with pytest.raises(
                DataError, match=f"s3://bucket/runs/a was refused: .*{message}"
            ) as e:
                attempt()
            assert SECRET not in str(e.value)


def test_a_refusal_without_a_body_is_asked_about_again() -> None:
    answers: list[Answer | Said] = [Answer(403), error(403, "SignatureDoesNotMatch")]
    with scripted(answers) as host, pytest.raises(DataError, match="FARANDOLE_S3_SECRET_KEY"):
        store(host).exists("a")


def test_a_request_without_a_key_is_called_so() -> None:
    with scripted([error(403, "AccessDenied")]) as host:
        anonymous = store(host, access_key="", secret_key=SecretStr(""))
        attempts: list[Callable[[], Any]] = [
            lambda: anonymous.get("a"),
            lambda: anonymous.put_if_absent("a", b""),
        ]
        for attempt in attempts:
            with pytest.raises(DataError, match="a request without a key has no right"):
                attempt()


@pytest.mark.parametrize("code", ["XMinioStorageFull", "QuotaExceeded"])
def test_a_full_server_says_so(code: str) -> None:
    with scripted([error(507, code)]) as host:
        for attempt in [store(host).put, store(host).put_if_absent]:
            with pytest.raises(StoreFull, match=r"disk or quota is full.*free some space"):
                attempt("a", b"1")


def test_a_busy_server_is_asked_again() -> None:
    answers: list[Answer | Said] = [error(503, "SlowDown"), Answer(body=b"content")]
    with scripted(answers) as host:
        assert store(host).get("a") == b"content"


def test_a_server_that_stays_busy_is_temporary_trouble() -> None:
    with scripted([error(503, "SlowDown")]) as host, pytest.raises(StoreUnavailable, match="busy"):
        store(host).get("a")


def test_a_body_that_breaks_off_is_read_again_from_its_beginning() -> None:
    answers: list[Answer | Said] = [Answer(body=b"con", length=7), Answer(body=b"content")]
    with scripted(answers) as host:
        assert store(host).get("a") == b"content"


def test_a_body_that_always_breaks_off_is_not_taken_for_whole() -> None:
    cut = Answer(body=b"con", length=7)
    with scripted([cut]) as host, pytest.raises(StoreUnavailable, match=r"connection to .* broke"):
        store(host).get("a")


def test_a_download_that_breaks_off_leaves_no_local_file(tmp_path: Path) -> None:
    answers: list[Answer | Said] = [found("x"), Answer(body=b"con", length=7)]
    with scripted(answers) as host, pytest.raises(StoreUnavailable):
        store(host).local("a", tmp_path)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_conditional_write_whose_answer_was_lost_is_known_as_ours() -> None:
    written: list[str] = []

    def take_and_cut(_: str, headers: dict[str, str]) -> Answer:
        written.append(headers[WRITER])
        return Answer(cut=True)

    answers: list[Answer | Said] = [
        take_and_cut,
        error(412, "PreconditionFailed"),
        lambda *_: found(written[0]),
    ]
    with scripted(answers) as host:
        assert store(host).put_if_absent("claim", b"mine")


def test_a_conditional_write_behind_another_writer_is_not_ours() -> None:
    answers: list[Answer | Said] = [error(412, "PreconditionFailed"), found("another")]
    with scripted(answers) as host:
        assert not store(host).put_if_absent("claim", b"mine")


def test_a_conditional_write_that_met_another_is_sent_again() -> None:
    seen: list[dict[str, str]] = []

    def take(_: str, headers: dict[str, str]) -> Answer:
        seen.append(headers)
        return Answer()

    answers: list[Answer | Said] = [error(409, "ConditionalRequestConflict"), take]
    with scripted(answers) as host:
        assert store(host, session_token=SecretStr("token")).put_if_absent("claim", b"mine")

    assert seen[0]["if-none-match"] == "*"
    assert seen[0]["x-amz-security-token"] == "token"
    signed = seen[0]["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    assert {"if-none-match", "x-amz-content-sha256", WRITER, "host"} <= set(signed)


def test_a_server_without_conditional_writes_is_named() -> None:
    refused = pytest.raises(DataError, match=r"no conditional writes \(If-None-Match\)")
    with scripted([error(501, "NotImplemented")]) as host, refused:
        store(host).put_if_absent("claim", b"mine")


def test_nobody_at_the_endpoint_is_temporary_trouble() -> None:
    host = f"127.0.0.1:{free_port()}"

    with pytest.raises(StoreUnavailable, match=rf"no S3 server answered at {host}.*S3_ENDPOINT"):
        store(host, retries=0).get("a")


def test_something_else_at_the_endpoint_is_named() -> None:
    page = Answer(404, b"<html>no</html>", {"Content-Type": "text/html"})
    with scripted([page]) as host, pytest.raises(DataError, match=r"not as S3 does.*S3_ENDPOINT"):
        store(host).get("a")


def test_a_server_without_tls_is_named() -> None:
    refused = pytest.raises(DataError, match=r"no TLS connection.*FARANDOLE_S3_SECURE=false")
    with scripted([Answer()]) as host, refused:
        store(host, endpoint=f"https://{host}", retries=0).get("a")


def test_a_key_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(DataError, match="expected a key in Unicode"):
        store("127.0.0.1:1").get("caf\udce9")


def test_settings_come_from_the_first_variable_that_is_set() -> None:
    environment = {
        "FARANDOLE_S3_ENDPOINT": "minio.example:9000",
        "AWS_ENDPOINT_URL": "https://other.example",
        "AWS_ACCESS_KEY_ID": "somebody",
        "FARANDOLE_S3_ACCESS_KEY": "",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "eu-west-3",
        "FARANDOLE_S3_SECURE": "false",
    }

    settings = S3Settings.read(environment)

    assert (settings.host, settings.encrypted) == ("minio.example:9000", False)
    assert (settings.access_key, settings.region) == ("somebody", "eu-west-3")
    assert SECRET not in repr(settings)
    assert SECRET not in settings.model_dump_json()


@pytest.mark.parametrize(
    "environment, message",
    [
        ({"AWS_ACCESS_KEY_ID": "somebody"}, "both halves of a key.*FARANDOLE_S3_SECRET_KEY"),
        ({"FARANDOLE_S3_SECURE": "maybe"}, "FARANDOLE_S3_SECURE: received 'maybe'"),
        ({"FARANDOLE_S3_RETRIES": "-1"}, "FARANDOLE_S3_RETRIES: received '-1'"),
    ],
)
def test_wrong_settings_are_named(environment: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        S3Settings.read(environment)


def test_a_bucket_is_opened_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted([Answer(body=b"content")]) as host:
        monkeypatch.setenv("FARANDOLE_S3_ENDPOINT", f"http://{host}")
        opened = open_store("s3://bucket/some/prefix/")

        assert opened.get("a") == b"content"
    assert opened.uri == "s3://bucket/some/prefix"
    assert open_store("s3://bucket").uri == "s3://bucket"


def test_a_missing_object_is_no_trouble() -> None:
    with scripted([error(404, "NoSuchKey")]) as host, pytest.raises(NotFound, match="'a'"):
        store(host).get("a")
