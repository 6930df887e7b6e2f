"""What every answer says to a browser: what a page may load, from where, and what may be done with it."""

import base64
import hashlib
import re

ANSWER_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # For answers that are no pages; the viewer and the login page bring their own.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
HSTS = "max-age=31536000"


def viewer_policy(page: str) -> str:
    """The content policy of the viewer's page: this server only, and of inline scripts those that stand in it.

    cornerstone starts workers from blobs; its decoders, and what opens a SEG, make functions of text and compile
    WebAssembly (tried without: the stock viewer opens no SEG); React and the panel set styles of their own.
    """
    scripts = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in scripts
    )
    return (
        f"default-src 'self'; script-src 'self' 'unsafe-eval' {hashes}; worker-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; font-src 'self' data:; "
        "connect-src 'self' blob: data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    )
