"""Who may do what: every route with every role, the login page, other hosts and origins, and what is never there."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from radloop.server import rules
from radloop.store.tokens import ROLES

NAMES = {"reader": "rolf", "annotator": "anna", "admin": "ada"}


@pytest.fixture(scope="module")
def guarded(
    serve: Callable[..., Any], studies: Path, tmp_path_factory: pytest.TempPathFactory, radloop: Callable[..., Any]
) -> Iterator[tuple[Any, dict[str, str]]]:
    """A server that asks for tokens, and a token of each role."""
    folder = tmp_path_factory.mktemp("guarded")
    tokens = {
        role: radloop("token", "create", name, "--role", role, "--data", folder / "data").stdout.strip()
        for role, name in NAMES.items()
    }
    with serve(studies, folder, access="true", origins="https://viewer.example", hosts="radloop.example") as server:
        server.wait_ready()
        yield server, tokens


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def operations(server: Any, token: str) -> list[tuple[str, str]]:
    paths = server.http().get("/openapi.json", headers=bearer(token)).json()["paths"]
    return [(method.upper(), path) for path, item in paths.items() for method in item]


def test_every_route_has_a_role_and_asks_for_it(guarded: tuple[Any, dict[str, str]]) -> None:
    server, tokens = guarded
    listed = operations(server, tokens["reader"])
    assert len(listed) > 40
    assert not [f"{method} {path}" for method, path in listed if f"{method} {path}" not in rules.RULES]
    http = server.http()
    for key, rule in rules.RULES.items():
        method, _, path = key.partition(" ")
        address = re.sub(r"\{[^}]*\}", "1.2.3", path)
        if rule.role is None:
            assert http.request(method, address).status_code not in (403, 404, 405), key
            continue
        assert http.request(method, address).status_code == 401, key
        assert http.request(method, address, headers=bearer("radloop_nonsense")).status_code == 401, key
        for role in ROLES:
            may = ROLES.index(role) >= ROLES.index(rule.role)
            if may and method != "GET":
                continue  # what is allowed is not done here
            answered = http.request(method, address, headers=bearer(tokens[role]))
            assert (answered.status_code in (401, 403, 405)) != may, f"{key} as {role}: {answered.status_code}"


def test_the_roles_are_what_they_are_meant_to_be() -> None:
    least = {key: rule.role for key, rule in rules.RULES.items()}
    assert least["GET /info/"] == least["POST /infer/{model}"] == least["GET /metrics"] == "reader"
    assert least["PUT /datastore/label"] == least["PUT /datastore/image"] == least["PUT /radloop/labels"] == "annotator"
    assert least["DELETE /datastore/image"] == least["DELETE /datastore/label"] == least["GET /logs/"] == "admin"
    assert {key for key, role in least.items() if role is None} == {
        "GET /healthz", "GET /readyz", "GET /login", "POST /login", "POST /logout", "GET /auth/", "POST /auth/token",
    }  # fmt: skip


def test_what_is_not_in_the_table_is_not_there(guarded: tuple[Any, dict[str, str]]) -> None:
    server, tokens = guarded
    http, admin = server.http(), bearer(tokens["admin"])
    for method, path in [
        ("POST", "/reload"),
        ("PUT", "/model/cine_heart"),
        ("DELETE", "/model/cine_heart"),
        ("GET", "/docs"),
        ("GET", "/proxy/dicom/qido/studies"),
        ("GET", "/static/app.py"),
    ]:
        assert http.request(method, path, headers=admin, files={"file": ("m.pt", b"x")}).status_code in (404, 405), path
    assert http.get("/reload").status_code == 401
    refused = http.put("/info/", headers=admin)
    assert refused.status_code == 405
    assert refused.headers["allow"] == "GET"


def test_code_is_no_image(guarded: tuple[Any, dict[str, str]]) -> None:
    server, tokens = guarded
    http, admin = server.http(), bearer(tokens["admin"])
    before = sorted(server.data.rglob("*.p*"))
    for name in ("m.py", "sitecustomize.py", "model.pt", "x.so", "x.nii.gz.py"):
        answer = http.put(
            "/datastore/image", params={"image": "code"}, files={"file": (name, b"import os")}, headers=admin
        )
        assert answer.status_code in (400, 415, 422), name
    assert sorted(server.data.rglob("*.p*")) == before
    assert not list(server.data.rglob("*.so"))


def test_a_browser_logs_in_once_and_sends_a_cookie(guarded: tuple[Any, dict[str, str]]) -> None:
    server, tokens = guarded
    browser = server.http(headers={"accept": "text/html,*/*"})
    sent_on = browser.get("/ohif/radloop", params={"StudyInstanceUIDs": "1.2"})
    assert sent_on.status_code == 303
    page = browser.get(sent_on.headers["location"])
    assert page.status_code == 200
    assert "http://" not in page.text.replace(server.base, "")
    assert "https://" not in page.text
    assert "script" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    wanted = re.search(r'name="next" value="([^"]*)"', page.text)[1].replace("&amp;", "&")
    assert wanted == "/ohif/radloop?StudyInstanceUIDs=1.2"

    origin = {"origin": server.base}
    form = {"name": "anna", "token": tokens["reader"], "next": wanted}
    wrong = browser.post("/login", data=form, headers=origin)
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    right = browser.post("/login", data=form | {"token": tokens["annotator"]}, headers=origin)
    assert (right.status_code, right.headers["location"]) == (303, wanted)
    cookie = right.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert browser.get("/info/").status_code == 200
    assert browser.get("/auth/token/valid").json()["username"] == "anna"
    assert "anna" in browser.get("/login").text
    for _ in range(20):  # also whoever is still sending hears the refusal
        foreign = {"origin": "http://evil.example"}
        elsewhere = browser.put("/session/", headers=foreign, files={"files": ("x.nii", b"x" * 100_000)})
        assert elsewhere.status_code == 403
    assert browser.post("/logout", headers=origin).status_code == 303
    assert browser.get("/info/", headers={"accept": "*/*"}).status_code == 401


@pytest.mark.parametrize(
    "next", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "a"]
)
def test_login_leads_nowhere_else(guarded: tuple[Any, dict[str, str]], next: str) -> None:
    server, tokens = guarded
    form = {"name": "ada", "token": tokens["admin"], "next": next}
    assert server.http().post("/login", data=form).headers["location"] == "/ohif/"
    assert "evil" not in server.http().get("/login", params={"next": next}).text


def test_names_and_tokens_belong_together_for_other_clients_too(guarded: tuple[Any, dict[str, str]]) -> None:
    server, tokens = guarded
    http = server.http()
    assert http.get("/auth/").json()["enabled"] is True
    ask = {"username": "rolf", "password": tokens["reader"], "grant_type": "password"}
    given = http.post("/auth/token", data=ask).json()
    assert given["token_type"] == "bearer"
    valid = http.get("/auth/token/valid", headers=bearer(given["access_token"])).json()
    assert (valid["username"], valid["roles"]) == ("rolf", ["reader"])
    for wrong in ({"username": "anna"}, {"password": "radloop_x"}, {"password": ""}, {"username": ""}):
        assert http.post("/auth/token", data=ask | wrong).status_code == 401


def test_tokens_end(guarded: tuple[Any, dict[str, str]], radloop: Callable[..., Any], tmp_path: Path) -> None:
    server, _ = guarded
    http = server.http()
    made = json.loads(radloop("token", "create", "bob", "--role", "reader", "--json", "--data", server.data).stdout)
    assert http.get("/info/", headers=bearer(made["token"])).status_code == 200
    short = radloop("token", "create", "bob", "--role", "reader", "--days", "0.00002", "--data", server.data)
    time.sleep(2)
    assert http.get("/info/", headers=bearer(short.stdout.strip())).status_code == 401
    assert "bob" in radloop("token", "revoke", made["id"], "--data", server.data).stdout
    time.sleep(2.1)  # as docs/operating.md says
    assert http.get("/info/", headers=bearer(made["token"])).status_code == 401
    again = radloop("token", "revoke", made["id"], "--data", server.data, check=False)
    assert again.returncode == 2
    listed = json.loads(radloop("token", "list", "--json", "--data", server.data).stdout)["tokens"]
    assert {one["name"]: one["usable"] for one in listed} == {"rolf": True, "anna": True, "ada": True, "bob": False}
    assert made["token"] not in json.dumps(listed)
    assert made["token"].encode() not in (server.data / "store.sqlite").read_bytes()


def test_other_hosts_and_origins(guarded: tuple[Any, dict[str, str]]) -> None:
    server, tokens = guarded
    http, reader = server.http(), bearer(tokens["reader"])
    for host, status in [
        ("evil.example", 400),
        ("radloop.example", 200),
        ("RADLOOP.example:8000", 200),
        ("localhost:1", 200),
        ("", 400),
        ("[::1", 400),
    ]:
        assert http.get("/info/", headers=reader | {"host": host}).status_code == status, host
    for origin, status in [
        ("http://evil.example", 403),
        ("null", 403),
        ("https://viewer.example.evil.example", 403),
        ("http://[", 403),
        (server.base, 200),
        ("https://viewer.example", 200),
    ]:
        answer = http.get("/info/", headers=reader | {"origin": origin})
        assert answer.status_code == status, origin
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == (origin if origin == "https://viewer.example" else None)
        assert "access-control-allow-credentials" not in answer.headers
    asked = {"origin": "https://viewer.example", "access-control-request-method": "PUT"}
    preflight = http.options("/datastore/label", headers=asked | {"access-control-request-headers": "authorization"})
    assert preflight.status_code == 200
    assert http.options("/datastore/label", headers=asked | {"origin": "https://evil.example"}).status_code == 403


def test_answers_tell_browsers_what_they_may(guarded: tuple[Any, dict[str, str]]) -> None:
    server, tokens = guarded
    http = server.http()
    for answer in (
        http.get("/info/", headers=bearer(tokens["reader"])),
        http.get("/info/"),
        http.get("/nosuch", headers=bearer(tokens["reader"])),
        http.get("/info/", headers={"host": "evil.example"}),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def started(**settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin", "RADLOOP_PORT": "0"}
    environment |= {f"RADLOOP_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "radloop", "serve"]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


def test_off_this_machine_only_with_tls_and_tokens(tmp_path: Path, radloop: Callable[..., Any]) -> None:
    home = str(tmp_path / "home")
    clear = started(host="0.0.0.0", home=home)
    assert clear.returncode == 2
    assert "--tls-cert" in clear.stderr
    for more in ({"host": "0.0.0.0", "behind_proxy": "true"}, {"behind_proxy": "true"}, {"access": "true"}):
        nobody = started(home=home, **more)
        assert nobody.returncode == 2
        assert "radloop token create" in nobody.stderr
    radloop("token", "create", "ada", "--role", "admin", "--days", "0.00001", "--data", home)
    time.sleep(1)
    assert "none was made yet" in started(home=home, access="true").stderr
    assert started(home=home, tls_cert="/nosuch.pem").returncode == 2
    assert started(home=home, tls_key=str(Path(__file__))).returncode == 2
    assert started(home=home, host="hospital.example").returncode == 2


def test_a_certificate_and_a_key_that_do_not_fit_are_refused_before_anything_is_served(tmp_path: Path) -> None:
    home, words = str(tmp_path / "home"), tmp_path / "words.pem"
    words.write_text("no certificate")
    for name in ("one", "other"):
        make_certificate(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
    one, other = str(tmp_path / "one.pem"), str(tmp_path / "other.key")
    for cert, key in ((one, other), (str(words), other), (one, str(words)), (one, None)):
        refused = started(home=home, tls_cert=cert, **({"tls_key": key} if key else {}))
        assert refused.returncode == 2, refused.stderr
        assert cert in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
        assert "serves" not in refused.stdout


def test_tls(serve: Callable[..., Any], studies: Path, tmp_path: Path, radloop: Callable[..., Any]) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(cert, key)
    token = radloop("token", "create", "ada", "--role", "admin", "--data", tmp_path / "data").stdout.strip()
    with serve(studies, tmp_path, tls_cert=str(cert), tls_key=str(key), host="0.0.0.0") as server:
        assert server.base.startswith("https://")
        http = server.http()
        assert http.get("/info/").status_code == 401
        answer = http.get("/info/", headers=bearer(token))
        assert answer.status_code == 200
        assert "max-age" in answer.headers["strict-transport-security"]
        logged_in = http.post("/login", data={"name": "ada", "token": token})
        assert "secure" in logged_in.headers["set-cookie"].lower()


def make_certificate(cert: Path, key: Path) -> None:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "radloop.example")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    cert.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
