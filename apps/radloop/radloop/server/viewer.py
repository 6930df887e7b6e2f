"""The OHIF viewer under ``/ohif/``: prepared files, our plugin, and one page for every address inside it."""

import gzip
import mimetypes
import re
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from radloop.refusal import Refusal
from radloop.server.headers import viewer_policy
from radloop.server.viewer_install import prepared

TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".woff2": "font/woff2"}
HASHED = re.compile(r"(^|\.)[0-9a-f]{16}\.(js|wasm|woff2?)$")
"""Names that change with their content: a browser may keep those files for ever."""


def router(data: Path, plugin: Path) -> APIRouter:
    """Serve the viewer that ``viewer_install`` prepared in ``data``, with the plugin's built files."""
    routes = APIRouter(include_in_schema=False)

    @cache
    def policy(viewer: Path) -> str:
        return viewer_policy(gzip.decompress((viewer / "index.html.gz").read_bytes()).decode())

    @routes.api_route("/ohif", methods=["GET", "HEAD"])
    def without_slash(request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/ohif/{query}")

    @routes.api_route("/ohif/{path:path}", methods=["GET", "HEAD"])
    def file(path: str, request: Request) -> Response:
        if path == "app-config.js" or path.startswith("plugin/"):
            return _plain(plugin, path.removeprefix("plugin/"))
        viewer = prepared(data)
        if viewer is None and not Path(path).suffix:
            return HTMLResponse(NOT_INSTALLED, status_code=503)
        if viewer is None:
            raise Refusal("NO_SUCH_FILE", "The viewer is not installed yet.", http_status=404)
        # What has no suffix is an address inside the viewer, and the page finds its way. A missing file must
        # stay missing: a page in place of a script hangs the viewer.
        answer = _compressed(viewer, path if Path(path).suffix else "index.html", request)
        answer.headers["content-security-policy"] = policy(viewer)  # of the page, and of workers each script its own
        return answer

    return routes


def _plain(folder: Path, path: str) -> Response:
    file = _inside(folder, path)
    return FileResponse(file, media_type=_type(path), headers={"cache-control": "no-cache"})


def _compressed(viewer: Path, path: str, request: Request) -> Response:
    """A file that is kept as ``.gz``, sent as it is to whoever takes gzip."""
    file = _inside(viewer, path + ".gz")
    kept = "public, max-age=31536000, immutable" if HASHED.search(path) else "no-cache"
    headers = {"cache-control": kept, "vary": "accept-encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(file.read_bytes()), media_type=_type(path), headers=headers)
    return FileResponse(file, media_type=_type(path), headers={**headers, "content-encoding": "gzip"})


def _inside(folder: Path, path: str) -> Path:
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        raise Refusal("NO_SUCH_FILE", f"The viewer has no file {path.removesuffix('.gz')}.", http_status=404)
    return file


def _type(path: str) -> str:
    suffix = Path(path).suffix
    return TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")


NOT_INSTALLED = """<!doctype html><meta charset="utf-8"><title>radloop</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 34em; margin: 15vh auto; padding: 0 1em">
<h1 style="font-weight: 600">The viewer is not installed yet</h1>
<p>Run <code>radloop viewer install</code> once (it needs Node's <code>npm</code> and the internet, or
<code>--from</code> a file), then reload this page. The server itself is running.</p>
"""
