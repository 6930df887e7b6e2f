"""A little server of known hearts, in a process of its own: for what a random network's labels cannot show.

Speaks the part of MONAI Label's API that the module uses. ``python small_server.py FOLDER`` serves the pairs
``X.nii.gz``, ``X.label.nii.gz``, ``X.json`` in a folder, prints its port, and keeps submitted labels beside them.
Where the folder has a file ``cases``, that is the answer of ``/radloop/cases``.
"""

import json
import sys
import uuid
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

FOLDER = Path(sys.argv[1])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        images = sorted(p.name.removesuffix(".json") for p in FOLDER.glob("*.json") if ".final" not in p.name)
        if url.path == "/info/":
            self._json({"name": "small", "models": {"cine_heart": {"version": "3"}}})
        elif url.path == "/datastore/":
            finals = {image: {"final": {}} if (FOLDER / f"{image}.final.json").exists() else {} for image in images}
            self._json({"objects": {image: {"labels": finals[image]} for image in images}})
        elif url.path == "/radloop/cases" and (FOLDER / "cases").exists():
            self._answer((FOLDER / "cases").read_bytes(), "application/json")
        elif url.path == "/datastore/image":
            self._answer((FOLDER / f"{query['image']}.nii.gz").read_bytes())
        elif url.path == "/datastore/label":
            self._answer((FOLDER / f"{query['label']}.final.nii.gz").read_bytes())
        elif url.path == "/datastore/label/info":
            self._answer((FOLDER / f"{query['label']}.final.json").read_bytes(), "application/json")
        else:
            self._json({"detail": "Not Found"}, 404)

    def do_POST(self):
        self._form()
        image = parse_qs(urlsplit(self.path).query)["image"][0]
        boundary = uuid.uuid4().hex.encode()
        body = b"--%s\r\nContent-Disposition: form-data; name=params\r\n\r\n%s\r\n" % (
            boundary,
            (FOLDER / f"{image}.json").read_bytes(),
        )
        body += b'--%s\r\nContent-Disposition: form-data; name=image; filename="a.nii.gz"\r\n\r\n%s\r\n--%s--\r\n' % (
            boundary,
            (FOLDER / f"{image}.label.nii.gz").read_bytes(),
            boundary,
        )
        self._answer(body, f"multipart/form-data; boundary={boundary.decode()}")

    def do_PUT(self):
        form = self._form()
        image = parse_qs(urlsplit(self.path).query)["image"][0]
        (FOLDER / f"{image}.final.nii.gz").write_bytes(form["label"])
        (FOLDER / f"{image}.final.json").write_bytes(form["params"])
        self._json({"image": image, "label": image})

    def _form(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = BytesParser().parsebytes(head + body).get_payload()
        return {p.get_param("name", header="Content-Disposition"): p.get_payload(decode=True) for p in parts}

    def _json(self, value, status=200):
        self._answer(json.dumps(value).encode(), "application/json", status)

    def _answer(self, body, content_type="application/octet-stream", status=200):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
