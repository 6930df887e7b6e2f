"""What is told of requests: the audit table, the log, and counts. Never a name, a query, or what a file holds."""

import gzip
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from radloop.dicom.make import make_study
from radloop.store import Store
from radloop.store.audit import Audit, AuditRow
from radloop.synthesis import make_phantom

PATIENT = "Mustermann"
SECRET = "Erika geb. Gabler"


@pytest.fixture(scope="module")
def watched(
    serve: Callable[..., Any],
    cine_file: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
    radloop: Callable[..., Any],
) -> Iterator[tuple[Any, dict[str, str]]]:
    """A server with a DICOM study of a patient with a name, and a token's header."""
    folder = tmp_path_factory.mktemp("watched")
    studies = folder / "studies"
    heart = make_phantom(3, ef=55, frames=3, matrix=(40, 40), spacing_mm=(5, 16))
    make_study(heart.cine, studies / "study", seed="watched", patient=PATIENT, beside=False)
    cine_file(studies / "cine.nii.gz")
    token = radloop("token", "create", "anna", "--role", "admin", "--data", folder / "data").stdout.strip()
    with serve(studies, folder, access="true") as server:
        server.wait_ready()
        yield server, {"Authorization": f"Bearer {token}"}


def rows(server: Any) -> list[AuditRow]:
    with Store(server.data) as store:
        assert Audit(store.database).verify().fault is None
        return list(Audit(store.database).rows())


def test_who_did_what_to_which_id_with_which_version(watched: tuple[Any, dict[str, str]]) -> None:
    server, anna = watched
    with server.http(headers=anna) as http:
        image = nib.load(server.studies / "cine.nii.gz")
        label = gzip.compress(nib.Nifti1Image(np.zeros(image.shape, np.uint8), image.affine).to_bytes())
        infer = http.post("/infer/cine_heart", params={"image": "cine", "output": "json"}).raise_for_status().json()
        version = infer["model_version"]
        for _ in range(3):
            http.get("/datastore/image", params={"image": "cine"}).raise_for_status()
        sent = {"files": {"label": ("l.nii.gz", label)}, "data": {"params": f'{{"from_version": "{version}"}}'}}
        http.put("/datastore/label", params={"image": "cine"}, **sent).raise_for_status()
        http.delete("/datastore/label", params={"id": "cine"}).raise_for_status()
        http.delete("/datastore/image", params={"id": "nosuch"})
        http.get("/info/")
        http.get("/dicom-web/studies", params={"PatientName": f"{PATIENT}*"}).raise_for_status()
        server.http().delete("/datastore/image", params={"id": "cine"})
    told = [(row.who, row.did, row.id, row.model_version, row.status) for row in rows(server)]
    assert told[0][1] == "token made"
    assert told[0][0].startswith("terminal:")
    assert told[1:] == [
        ("anna", "analysed", "cine", version, 200),
        ("anna", "image read", "cine", "", 200),  # once, though three times fetched
        ("anna", "label submitted", "cine", version, 200),
        ("anna", "label removed", "cine", "", 200),
        ("anna", "image removed", "", "", 404),
        ("anna", "archive searched", "", "", 200),
    ]


def test_no_name_and_no_query_is_told_anywhere(watched: tuple[Any, dict[str, str]]) -> None:
    server, anna = watched
    with server.http(headers=anna) as http:
        picture = (server.studies / "cine.nii.gz").read_bytes()
        for query in ("/info/", "/datastore/image", "/dicom-web/studies", "/infer/cine_heart", "/nosuch"):
            http.get(query, params={"image": SECRET, "PatientName": SECRET, "x": SECRET})
        named = (f"{PATIENT}.nii.gz", picture)
        http.post("/infer/cine_heart", params={"output": "json"}, files={"file": named}).raise_for_status()
        lent = http.put("/session/", files={"files": named}).json()["session_id"]
        asked = {"session_id": lent, "image": PATIENT, "output": "json"}
        http.post("/infer/cine_heart", params=asked).raise_for_status()
        http.delete(f"/session/{lent}")
        http.get("/datastore/image", params={"image": PATIENT})
        http.delete("/datastore/label", params={"id": PATIENT})
        http.get(f"/session/{SECRET}")
        http.get(f"/dicom-web/studies/{SECRET}/metadata")
        http.put("/datastore/image", params={"image": SECRET}, files={"file": (f"{SECRET}.nii.gz", picture)})
        http.put("/datastore/image", params={"image": "x"}, files={"file": (f"{SECRET}.nii.gz", picture[:300])})
        http.post("/infer/cine_heart", data={"params": SECRET}, files={"file": (f"{SECRET}.dcm", b"DICM" * 99)})
        http.put("/datastore/image/info", params={"image": "cine"}, data={"info": f'{{"name": "{SECRET}"}}'})
        http.post("/activelearning/first", json={"client_id": SECRET})
        http.post("/login", data={"name": SECRET, "token": SECRET, "next": f"/{SECRET}"})
        http.post("/auth/token", data={"username": SECRET, "password": SECRET})
        http.get("/datastore/label", params={"label": "cine", "tag": SECRET})
        study = http.get("/dicom-web/studies").json()[0]
        assert PATIENT in str(study)
        http.get(f"/dicom-web/studies/{study['0020000D']['Value'][0]}/metadata").raise_for_status()
        served = http.get("/logs/", params={"text": True, "lines": 0}).text
        counts = http.get("/metrics").text
    token = anna["Authorization"].partition(" ")[2]
    everything = {
        "the log": server.log,
        "/logs/": served,
        "/metrics": counts,
        "the audit table": "\n".join(map(str, rows(server))),
    }
    for where, text in everything.items():
        assert text, where
        for word in (PATIENT, "Erika", "Gabler", token, lent, "PatientName"):
            assert word not in text, f"{word} in {where}"
    assert "GET /dicom-web/studies/{study}/metadata 200 anna" in server.log


def test_labels_of_several_people_at_once_each_have_their_author(
    watched: tuple[Any, dict[str, str]], radloop: Callable[..., Any]
) -> None:
    server, anna = watched
    people = {"anna": anna}
    for name in ("bert", "carl"):
        made = radloop("token", "create", name, "--role", "annotator", "--data", server.data).stdout.strip()
        people[name] = {"Authorization": f"Bearer {made}"}
    image = nib.load(server.studies / "cine.nii.gz")
    label = gzip.compress(nib.Nifti1Image(np.ones(image.shape, np.uint8), image.affine).to_bytes())
    before = len(rows(server))

    def submit(n: int) -> tuple[str, int]:
        name = list(people)[n % 3]
        sent = {"files": {"label": ("l.nii.gz", label)}, "params": {"image": "cine", "tag": f"tag{n}"}}
        with server.http(headers=people[name]) as http:
            assert http.get("/datastore/", params={"output": "all"}).json()["objects"].keys() >= {"cine"}
            return name, http.put("/datastore/label", **sent).status_code

    with ThreadPoolExecutor(12) as pool:
        done = list(pool.map(submit, range(24)))
    assert {status for _, status in done} == {200}
    labels = server.http(headers=anna).get("/datastore/", params={"output": "all"}).json()["objects"]["cine"]["labels"]
    assert [labels[f"tag{n}"]["info"]["author"] for n in range(24)] == [name for name, _ in done]
    added = [row.who for row in rows(server)[before:] if row.did == "label submitted"]
    assert sorted(added) == sorted(name for name, _ in done)


def test_counts_for_a_monitoring_system(watched: tuple[Any, dict[str, str]]) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    server, anna = watched
    with server.http(headers=anna) as http:
        http.get("/nosuch/1234")
        server.http().get("/info/")
        answer = http.get("/metrics")
        queue = http.get("/info/").json()["queue"]
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    values = {(sample.name, *sorted(sample.labels.items())): sample.value for sample in samples}
    assert values[("radloop_images",)] == 2
    assert (server.data / "jobs").is_dir()  # what runs beside requests was started, too
    assert values[("radloop_workers_ready",)] == queue["workers_ready"] == 1
    assert values[("radloop_disk_full",)] == 0
    assert values[("radloop_disk_free_bytes",)] > 0
    assert values[("radloop_queue_expected_wait_seconds",)] == queue["expected_wait_s"] == 0
    refused = ("radloop_requests_total", ("method", "GET"), ("route", "/info/"), ("status", "401"))
    assert values[refused] == 1
    routes = {sample.labels["route"] for sample in samples if "route" in sample.labels}
    assert "(other)" in routes
    assert not [route for route in routes if "1234" in route]


def test_an_audit_table_changed_by_hand_is_said_so(
    watched: tuple[Any, dict[str, str]], radloop: Callable[..., Any], tmp_path: Path
) -> None:
    import sqlite3

    server, _ = watched
    copy = tmp_path / "copy"
    radloop("store", "backup", copy, "--data", server.data)
    right = radloop("audit", "verify", "--data", copy)
    assert "all as they were written" in right.stdout
    last = right.stdout.split()[-1]
    exported = radloop("audit", "export", "--data", copy).stdout
    assert exported.startswith("number,at,who,did,id,model_version,status,previous,hash")
    assert last in exported
    with sqlite3.connect(copy / "store.sqlite", isolation_level=None) as file:
        file.execute("DROP TRIGGER audit_update")
        file.execute("UPDATE audit SET who = 'changed by hand' WHERE number = 1")
    file.close()
    wrong = radloop("audit", "verify", "--data", copy, check=False)
    assert wrong.returncode == 2
    assert "row 1 is not as it was written" in wrong.stderr
