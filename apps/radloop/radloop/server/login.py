"""``/login`` for browsers, which then send a cookie, and ``/auth/`` for MONAI Label's clients. Both take a name and
its token."""

import base64
import hashlib
import html
from string import Template
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from radloop.answers.service import AccessAsked, AccessToken, LoggedIn, Problem
from radloop.refusal import Refusal
from radloop.server.access import COOKIE, Doorkeeper
from radloop.server.deeds import Person, current
from radloop.store.tokens import ROLES

COOKIE_S = 12 * 3600
"""A working day: after it the page asks again, however long the token lives."""

Short = Annotated[str, Form(max_length=200)]


def router(door: Doorkeeper, *, secure: bool) -> APIRouter:
    """``secure``: the browser speaks TLS, and sends the cookie over nothing else."""
    routes = APIRouter(tags=["Access"])

    async def person_of(name: str, secret: str) -> Person | None:
        """The person of a name and a token that belong together."""
        person = await door.person(secret.strip())
        if person is None or (person.token is not None and person.name != name.strip()):
            return None
        deed = current()
        deed.who, deed.known = person.name, person.token is not None
        return person

    @routes.get("/login", response_class=HTMLResponse)
    async def login_page(request: Request, next: Annotated[str, Query(max_length=2000)] = "/ohif/") -> HTMLResponse:
        """A form for name and token; who is logged in already can log out."""
        person: Person | None = request.state.person
        return _page(next, who=person.name if person and person.token else "", asks=door.tokens is not None)

    @routes.post(
        "/login",
        response_class=HTMLResponse,
        response_model=None,
        responses={303: {"description": "Logged in; on to ``next``"}},
    )
    async def log_in(
        name: Short = "", token: Short = "", next: Annotated[str, Form(max_length=2000)] = "/ohif/"
    ) -> Response:
        """Keep the token in a cookie that no script can read."""
        if await person_of(name, token) is None:
            return _page(next, wrong=True, status=401)
        answer = RedirectResponse(_inside(next), status_code=303)
        # Lax: a link from elsewhere opens the viewer; what changes anything is asked with other methods than GET.
        answer.set_cookie(COOKIE, token.strip(), max_age=COOKIE_S, httponly=True, secure=secure, samesite="lax")
        return answer

    @routes.post(
        "/logout",
        response_class=RedirectResponse,
        response_model=None,
        status_code=303,
        responses={303: {"description": "On to the login page"}},
    )
    async def log_out() -> Response:
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, secure=secure, samesite="lax")
        return answer

    @routes.get("/auth/")
    async def auth() -> AccessAsked:
        """Whether a token is needed; MONAI Label's clients ask first."""
        return AccessAsked(enabled=door.tokens is not None)

    @routes.post("/auth/token", responses={401: {"model": Problem, "description": "Name and token do not fit"}})
    async def auth_token(username: Short = "", password: Short = "") -> AccessToken:
        """For a name and its token (as ``password``), the token again, as these clients want it."""
        if await person_of(username, password) is None:
            raise Refusal("WRONG_TOKEN", WRONG, http_status=401)
        return AccessToken(access_token=password.strip())

    @routes.get("/auth/token/valid")
    async def auth_token_valid(request: Request) -> LoggedIn:
        """Who the token belongs to, and what it may do."""
        person: Person = request.state.person
        return LoggedIn(
            username=person.name,
            name=person.name,
            roles=list(ROLES[: ROLES.index(person.role) + 1]),
            expires=person.token.expires if person.token else None,
        )

    return routes


WRONG = "Name and token do not belong together, or the token has expired or was revoked."


def _inside(address: str) -> str:
    """Where to go on: a path of this server, never another server's address."""
    parts = urlsplit(address)
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return address if inside and address.isprintable() and "\\" not in address else "/ohif/"


def _page(next: str, *, who: str = "", wrong: bool = False, asks: bool = True, status: int = 200) -> HTMLResponse:
    if not asks:
        body = "<p>This server asks nobody for a token.</p>"
    elif who:
        body = Template(LOGGED_IN).substitute(who=html.escape(who))
    else:
        said = f'<p role="alert">{WRONG}</p>' if wrong else ""
        body = Template(FORM).substitute(said=said, next=html.escape(_inside(next)))
    headers = {"content-security-policy": POLICY}
    return HTMLResponse(Template(PAGE).substitute(style=STYLE, body=body), status_code=status, headers=headers)


STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:24em;margin:12vh auto;padding:0 1em;"
    "color:#16202b;background:#f4f6f8}"
    "label{display:block;margin-top:1em}input,button{font:inherit;width:100%;padding:.5em;box-sizing:border-box;"
    "border:1px solid #7a8794;border-radius:4px}button{margin-top:1.5em;background:#14507d;color:#fff;border:0}"
    "[role=alert]{color:#a3121f}footer{margin-top:3em;font-size:.85em;color:#4a5662}"
)
_digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>radloop</title>
<meta name="viewport" content="width=device-width"><style>$style</style>
<h1>radloop</h1>$body
<footer>Research use only. Not a medical device.</footer></html>
"""
FORM = """<form method="post" action="/login">$said
<label>Name <input name="name" autocomplete="username" autocapitalize="none" required autofocus></label>
<label>Token <input name="token" type="password" autocomplete="current-password" required></label>
<input type="hidden" name="next" value="$next"><button>Log in</button></form>
<p>Tokens are made by whoever runs this server.</p>"""
LOGGED_IN = """<p>You are logged in as <b>$who</b>. <a href="/ohif/">To the viewer</a></p>
<form method="post" action="/logout"><button>Log out</button></form>"""
