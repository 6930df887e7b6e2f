"""Every kind of bad file, through every route that takes files: each must be answered 4xx, in a sentence that names
the fault, and none may hang the server, bring a result or an answer of the 500s.

    python tests/server/bad_files.py

starts a server of its own on throw-away data and prints a line for each request.
"""

import gzip
import io
import struct
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import nibabel as nib
import numpy as np

SHAPE = (32, 28, 3, 4)
LONGEST_S = 30
PICTURE_ROUTES = ("image", "infer", "session", "label")

# Where the fields of a NIfTI-1 header are, and how they are packed.
DIM, DATATYPE, PIXDIM, VOX_OFFSET, SCALE = (40, "<8h"), (70, "<h"), (76, "<8f"), (108, "<f"), (112, "<2f")
QFORM, SFORM, QUATERN, SROW, MAGIC = (252, "<h"), (254, "<h"), (256, "<6f"), (280, "<12f"), (344, "4s")


@dataclass(frozen=True)
class Bad:
    kind: str
    name: str
    content: bytes
    routes: tuple[str, ...] = PICTURE_ROUTES


def voxels(seed: int = 0) -> np.ndarray:
    """(x, y, z, t) int16."""
    return np.random.default_rng(seed).integers(0, 900, SHAPE, dtype=np.int16)


def nifti(data: np.ndarray | None = None, *, spacing: tuple[float, ...] = (1.5, 1.5, 8.0)) -> bytes:
    image = nib.Nifti1Image(voxels() if data is None else data, np.diag([*spacing, 1.0]))
    return bytes(image.to_bytes())


def changed(field: tuple[int, str], *values: Any, base: bytes | None = None) -> bytes:
    whole = bytearray(base or nifti())
    struct.pack_into(field[1], whole, field[0], *values)
    return bytes(whole)


def dim(*sizes: int) -> bytes:
    return gzip.compress(changed(DIM, *(*sizes, 1, 1, 1, 1, 1, 1, 1)[:8]))


def nifti_kinds() -> Iterator[Bad]:
    plain, zipped = nifti(), gzip.compress(nifti())

    def gz(kind: str, content: bytes) -> Bad:
        return Bad(kind, "heart.nii.gz", content)

    yield gz("nothing in it", b"")
    yield gz("one byte", b"\x1f")
    yield gz("words", b"no picture at all\n" * 50)
    yield gz("zeros", bytes(5000))
    yield gz("noise", np.random.default_rng(1).bytes(20_000))
    yield gz("cut in the middle", zipped[: len(zipped) // 2])
    yield gz("cut in the gzip header", zipped[:7])
    yield gz("cut before the checksum", zipped[:-6])
    yield gz("a wrong gzip checksum", zipped[:-8] + b"\0\1\2\3" + zipped[-4:])
    yield gz("flipped bits in the middle", zipped[:2000] + bytes(b ^ 0xFF for b in zipped[2000:2040]) + zipped[2040:])
    yield gz("gzip of gzip", gzip.compress(zipped))
    yield gz("gzip of nothing", gzip.compress(b""))
    yield gz("gzip of words", gzip.compress(b"words\n" * 500))
    yield Bad("cut, not packed", "heart.nii", plain[:3000])
    yield Bad("a header and no voxels", "heart.nii", plain[:352])
    yield Bad("half a header", "heart.nii", plain[:200])
    yield gz("another magic", gzip.compress(changed(MAGIC, b"XXXX")))
    yield gz("a header whose voxels are elsewhere", gzip.compress(changed(MAGIC, b"ni1\0")))
    yield gz("another header size", gzip.compress(struct.pack("<i", 347) + plain[4:]))
    yield gz("no dimensions", dim(0, 32, 28))
    yield gz("nine dimensions", dim(9, 32, 28))
    yield gz("minus one dimension", dim(-1, 32, 28))
    yield gz("a negative size", dim(4, 32, -28, 3, 4))
    yield gz("no slices", dim(4, 32, 28, 0, 4))
    yield gz("no frames", dim(4, 32, 28, 3, 0))
    yield gz("one dimension", dim(1, 32))
    yield gz("five dimensions", gzip.compress(nifti(np.random.default_rng(0).random((32, 28, 3, 4, 2), np.float32))))
    yield gz("tiny pictures", gzip.compress(nifti(voxels()[:8, :8])))
    yield gz("more voxels than there are bytes", dim(4, 32, 28, 3, 5))
    yield gz("a promise of terabytes", dim(4, 30000, 30000, 3000, 300))
    yield gz("the largest promise", dim(7, *[32767] * 7))
    yield gz("256 MB of zeros in a small file", gzip.compress(nifti(np.zeros((512, 512, 16, 32), np.int16)), 9))
    yield gz("a gigabyte behind the voxels", bomb())
    yield gz("complex voxels", gzip.compress(nifti(voxels().astype(np.complex64))))
    yield gz("colours", gzip.compress(changed(DATATYPE, 128)))
    yield gz("an unknown voxel type", gzip.compress(changed(DATATYPE, 77)))
    yield gz("no voxel type", gzip.compress(changed(DATATYPE, 0)))
    yield gz("bits for voxels", gzip.compress(changed(DATATYPE, 1)))
    yield gz("voxels that begin beyond the end", gzip.compress(changed(VOX_OFFSET, 1e9)))
    yield gz("voxels that begin nowhere", gzip.compress(changed(VOX_OFFSET, float("nan"))))
    yield gz("voxels that begin before the file", gzip.compress(changed(VOX_OFFSET, -400.0)))
    yield gz("an intercept without end", gzip.compress(changed(SCALE, 1.0, float("inf"))))
    yield gz("nothing but NaN", gzip.compress(nifti(np.full(SHAPE, np.nan, np.float32))))
    yield gz("a voxel without end", gzip.compress(nifti(np.where(voxels() == voxels().max(), np.inf, 1).astype("f4"))))
    yield gz("all the same", gzip.compress(nifti(np.full(SHAPE, 7, np.int16))))
    sheared = np.zeros((3, 4))
    sheared[:, 0] = sheared[:, 1] = sheared[:, 2] = 1
    yield gz("axes that do not span space", gzip.compress(changed(SROW, *sheared.ravel(), base=changed(SFORM, 1))))
    yield gz("an affine of NaN", gzip.compress(changed(SROW, *[float("nan")] * 12, base=changed(SFORM, 1))))
    yield gz(
        "slices along the first axis", gzip.compress(nifti(voxels().transpose(2, 0, 1, 3).copy(), spacing=(9, 1, 1)))
    )
    yield Bad("Analyze 7.5", "heart.nii", changed(MAGIC, b"\0\0\0\0"))


def bomb() -> bytes:
    """A small picture, then a gigabyte of zeros, in one megabyte: reading must stop where the picture ends.

    The picture itself is bad as well, so that nobody has to say whether what follows it matters.
    """
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6) as file:
        file.write(nifti(np.full(SHAPE, 5, np.int16)))
        for _ in range(64):
            file.write(bytes(16 << 20))
    return packed.getvalue()


def nrrd(*lines: str, data: bytes | None = None, first: str = "NRRD0004") -> bytes:
    return "\n".join((first, *lines, "", "")).encode() + (voxels().tobytes("F") if data is None else data)


def nrrd_kinds() -> Iterator[Bad]:
    sizes, space = "sizes: 32 28 3 4", "space: left-posterior-superior"
    whole = ("type: int16", "dimension: 4", sizes, "encoding: raw", "endian: little")

    def bad(kind: str, *lines: str, **more: Any) -> Bad:
        return Bad(f"NRRD, {kind}", "heart.nrrd", nrrd(*lines, **more))

    yield bad("nothing behind the magic", data=b"")
    yield bad("another version", *whole, first="NRRD9999")
    yield bad("no voxel type", *whole[1:])
    yield bad("an unknown voxel type", "type: quaternion", *whole[1:])
    yield bad("blocks for voxels", "type: block", "block size: 12", *whole[1:])
    yield bad("no sizes", whole[0], whole[1], *whole[3:])
    yield bad("sizes that are words", whole[0], whole[1], "sizes: a b c d", *whole[3:])
    yield bad("fewer sizes than dimensions", whole[0], whole[1], "sizes: 32 28", *whole[3:])
    yield bad("a negative size", whole[0], whole[1], "sizes: 32 -28 3 4", *whole[3:])
    yield bad("a promise of terabytes", whole[0], whole[1], "sizes: 30000 30000 3000 300", *whole[3:])
    yield bad("an unknown encoding", *whole[:3], "encoding: morse", whole[4])
    yield bad("voxels cut short", *whole, data=b"\0" * 100)
    yield bad("gzip that is none", *whole[:3], "encoding: gzip", whole[4])
    yield bad("voxels in a file of the server", *whole, "data file: /etc/passwd", data=b"")
    yield bad("voxels in a list of files", *whole, "data file: LIST\n../../store.sqlite", data=b"")
    nan = "space directions: (nan,0,0) (0,1,0) (0,0,8) none"
    yield bad("directions of NaN", *whole, space, nan, "space origin: (0,0,0)")
    flat = "space directions: (1,0,0) (1,0,0) (1,0,0) none"
    yield bad("directions that do not span space", *whole, space, flat, "space origin: (0,0,0)")
    yield Bad("NRRD, a line without end", "heart.nrrd", b"NRRD0004\n" + b"x" * 3_000_000)


def other_kinds() -> Iterator[Bad]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../heart.nii", nifti())
    for kind, content in (
        ("a zip archive", archive.getvalue()),
        ("a PDF", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"),
        ("a web page", b"<!doctype html><script>alert(1)</script>" * 20),
        ("JSON", b'{"image": "heart"}'),
        ("a program", b"\x7fELF\2\1\1" + bytes(400)),
        ("a pickle", b"\x80\4\x95\x1e\0\0\0\0\0\0\0\x8c\5posix\x94\x8c\6system\x94\x93\x94\x8c\2id\x94\x85\x94R\x94."),
        ("a PNG", b"\x89PNG\r\n\x1a\n" + bytes(200)),
        ("an SQLite file", b"SQLite format 3\0" + bytes(200)),
    ):
        yield Bad(kind, "heart.nii.gz", content)
    for name in ("heart.py", "heart", "heart.nii.gz.exe", "model.pt"):
        yield Bad(f"a good cine called {name}", name, gzip.compress(nifti()), ("image", "label"))


def label_kinds() -> Iterator[Bad]:
    def bad(kind: str, data: np.ndarray, **more: Any) -> Bad:
        return Bad(f"label, {kind}", "label.nii.gz", gzip.compress(nifti(data, **more)), ("label",))

    good = np.zeros(SHAPE, np.uint8)
    good[10:20, 10:20] = 3
    yield bad("a value that is none", np.where(good == 3, 4, 0).astype(np.uint8))
    yield bad("a negative value", -good.astype(np.int16))
    yield bad("half a value", good / 2)
    yield bad("another size", good[:-1])
    yield bad("other frames", good[..., :3])
    yield bad("elsewhere in space", good, spacing=(3.0, 3.0, 8.0))


def dicom_kinds() -> Iterator[Bad]:
    from radloop.dicom.make import make_study
    from radloop.images import Cine

    with tempfile.TemporaryDirectory() as folder:
        cine = Cine(voxels()[..., :1], np.diag([1.5, 1.5, 8.0, 1.0]))
        whole = make_study(cine, Path(folder), seed="bad files", beside=False)[0].read_bytes()

    def bad(kind: str, content: bytes) -> Bad:
        return Bad(f"DICOM, {kind}", "image.dcm", content, ("infer", "session", "objects"))

    yield bad("nothing but the preamble", whole[:132])
    yield bad("cut in the header", whole[:400])
    yield bad("cut in the pixels", whole[:-500])
    bare = whole[: whole.rindex(b"\xe0\x7f\x10\x00")]  # as an object it is a good one
    yield Bad("DICOM, no pixels", "image.dcm", bare, ("infer", "session"))
    yield bad("noise behind the preamble", whole[:132] + np.random.default_rng(2).bytes(4000))
    rows = whole.index(b"\x28\x00\x10\x00US")
    yield bad("no rows", whole[: rows + 8] + b"\0\0" + whole[rows + 10 :])
    yield bad("more rows than pixels", whole[: rows + 8] + b"\xff\xff" + whole[rows + 10 :])
    yield bad("pixels said to be JPEG", whole.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.4.50\0", 1))
    yield bad("a UID with letters", whole.replace(b"2.25.", b"2.xx."))


def every_kind() -> list[Bad]:
    return [*nifti_kinds(), *nrrd_kinds(), *other_kinds(), *label_kinds(), *dicom_kinds()]


def send(http: httpx.Client, bad: Bad, route: str) -> httpx.Response:
    """Give the server a bad file; ``heart`` is an image that it has."""
    upload = (bad.name, bad.content)
    if route == "image":
        return http.put("/datastore/image", params={"image": "bad"}, files={"file": upload})
    if route == "label":
        return http.put("/datastore/label", params={"image": "heart"}, files={"label": upload})
    if route == "infer":
        return http.post("/infer/cine_heart", params={"output": "json"}, files={"file": upload})
    if route == "session":
        made = http.put("/session/", files={"files": upload})
        if made.status_code != 200:
            return made
        session = made.json()["session_id"]
        answer = http.post("/infer/cine_heart", params={"session_id": session, "output": "json"})
        http.delete(f"/session/{session}")
        return answer
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\n%s\r\n--b--\r\n" % bad.content
    as_dicom = {"content-type": 'multipart/related; type="application/dicom"; boundary=b'}
    return http.post("/dicom-web/studies", content=body, headers=as_dicom)


def fault_of(answer: httpx.Response, route: str) -> str:
    """What is wrong with the answer; "" where it is right."""
    if not 400 <= answer.status_code < 500:
        return f"status {answer.status_code}"
    if route == "objects" and answer.status_code == 409:
        return "" if answer.json().get("00081198") else "no object is named"
    sentence = answer.json().get("detail")
    if not isinstance(sentence, str) or len(sentence) < 15 or "Traceback" in sentence or "/tmp" in sentence:
        return f"no plain sentence: {sentence!r}"
    return ""


def try_all(http: httpx.Client, kinds: list[Bad], say: Callable[[str], object], *, every_route: bool) -> list[str]:
    """Send each kind through its routes, or through one of them in turn. Returns what went wrong."""
    wrong = []
    for number, bad in enumerate(kinds):
        for route in bad.routes if every_route else [bad.routes[number % len(bad.routes)]]:
            began = time.monotonic()
            try:
                answer = send(http, bad, route)
            except httpx.TimeoutException:
                wrong.append(f"{bad.kind} as {route}: no answer in {LONGEST_S} s")
                continue
            told = answer.json().get("detail", "") if answer.content[:1] == b"{" else answer.text
            say(f"{answer.status_code} {time.monotonic() - began:5.2f} s  {route:<8} {bad.kind:<40} {str(told)[:110]}")
            if fault := fault_of(answer, route):
                wrong.append(f"{bad.kind} as {route}: {fault}")
    return wrong


def main() -> int:
    from radloop.cli.own_server import own_server

    kinds = every_kind()
    with tempfile.TemporaryDirectory() as folder:
        studies = Path(folder) / "studies"
        studies.mkdir()
        (studies / "heart.nii.gz").write_bytes(gzip.compress(nifti()))
        with own_server(studies, Path(folder)) as url, httpx.Client(base_url=url, timeout=LONGEST_S) as http:
            wrong = try_all(http, kinds, print, every_route=True)
            alive = http.get("/readyz").status_code == 200
    print(f"\n{len(kinds)} kinds of bad files, {sum(len(bad.routes) for bad in kinds)} requests")
    print("\n".join(wrong) if wrong else "every one was answered 4xx with the fault named")
    return 0 if not wrong and alive else 1


if __name__ == "__main__":
    sys.exit(main())
