"""How long after "analyse" are contours on the screen, beyond the model's own time?

    python benchmarks/analyse_to_contours.py VIEWER [--exams 4]

``VIEWER`` is a data folder where ``radloop viewer install`` put the viewer. Makes exams of ten slices and thirty
frames, 256 x 216 pixels, as DICOM, serves them, and opens one after the other from the study list in a real Chromium
(software rendering). The model's own time is what ``/infer`` takes for the same exam right afterwards, when its
pictures are at hand; everything else counts as beyond it: reading the DICOM objects, sending, drawing, and that the
viewer is started and fetches all images at the same time. The last figure is without any of that: "Analyse again" in a
panel that is open, answered from the server's memory.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import requests
from whole_cine import large_cine

from radloop.cli.own_server import own_server
from radloop.dicom.make import make_study


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("viewer", type=Path)
    parser.add_argument("--exams", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        studies, data = Path(scratch) / "studies", Path(scratch) / "data"
        patients = [f"Exam{n}" for n in range(1, options.exams + 1)]
        for patient in patients:
            make_study(large_cine(), studies / patient, seed=patient, patient=patient)
        data.mkdir()
        (data / "viewer").symlink_to((options.viewer / "viewer").resolve(strict=True))
        with own_server(studies, Path(scratch)) as url:
            program = Path(__file__).with_suffix(".mjs")
            done = subprocess.run(
                ["node", str(program), url, json.dumps(patients)], stdout=subprocess.PIPE, text=True, check=True
            )
            rows = json.loads(done.stdout)
            print(f"10 slices, 30 frames, 256 x 216 pixels; {os.cpu_count()} cores; seconds")
            beyond, again = [], [row["again"] for row in rows]
            for patient, row in zip(patients, rows, strict=True):
                began = time.perf_counter()
                where = {"image": row["image"], "output": "json"}
                requests.post(f"{url}/infer/cine_heart", params=where, timeout=600).raise_for_status()
                model = time.perf_counter() - began
                whole = row["contours"] - row["asked"]
                beyond.append(whole - model)
                print(
                    f"  {patient}: asked to contours {whole:.2f}, the model {model:.2f}, beyond it {beyond[-1]:.2f}"
                    f" (the server's {row['server'] - model:.2f}, after its answer"
                    f" {row['contours'] - row['answered']:.2f}); click on Heart to contours {row['contours']:.2f};"
                    f" again, the server knowing the answer: {row['again']:.2f}"
                )
            print(f"median: beyond the model {statistics.median(beyond):.2f}, again {statistics.median(again):.2f}")


if __name__ == "__main__":
    main()
