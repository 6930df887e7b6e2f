"""schemathesis over the whole OpenAPI document of a server that asks for tokens: no answer may be 500, none 503
without saying when to come back, and none of a status that the document does not name.

    python tests/server/fuzz.py --cases 2000 [--seed 1]

starts a server of its own on throw-away data. Half of the cases name things that are there (a model, images, a study),
so that requests get further than to "there is no such image".
"""

import argparse
import contextlib
import itertools
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

LONGEST_S = 120
ROUND = settings(
    max_examples=2,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer("multipart/related")
def _objects(_: Any, value: Any) -> bytes:
    """Whatever was drawn, in place of DICOM objects."""
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def fuzz(
    base: str, token: str, known: dict[str, str], *, cases: int, number: int, say: Callable[[str], object]
) -> tuple[Counter[int], list[str]]:
    """Send at least ``cases`` requests, round by round through every operation, half of them well formed.

    ``known``: values of parameters that name what is there. Returns how often each status came, and what was wrong.
    """
    headers = {"Authorization": f"Bearer {token}"}
    document = requests.get(f"{base}/openapi.json", headers=headers, timeout=LONGEST_S).json()
    found = [result.ok() for result in schemathesis.openapi.from_dict(document).get_all_operations()]
    statuses: Counter[int] = Counter()
    wrong: list[str] = []

    def send(case: Any, real: bool) -> None:
        if real:
            for place in (case.path_parameters, case.query):
                # What is removed has to be somebody else's.
                names = {name: value for name, value in known.items() if place and name in place}
                place.update({n: "spare" if case.method == "DELETE" else v for n, v in names.items()})
        try:
            answer = case.call(base_url=base, headers=headers, timeout=LONGEST_S)
        except requests.Timeout:
            wrong.append(f"no answer in {LONGEST_S} s: {case.as_curl_command()[:2000]}")
            return
        statuses[answer.status_code] += 1
        late = answer.status_code == 503 and not any(name.lower() == "retry-after" for name in answer.headers)
        if answer.status_code in (500, 502) or late:
            wrong.append(f"{answer.status_code} {case.as_curl_command()[:2000]}")
        elif str(answer.status_code) not in document["paths"][case.operation.path][case.method.lower()]["responses"]:
            wrong.append(f"{answer.status_code} is not in the document: {case.as_curl_command()[:2000]}")

    while statuses.total() < cases:
        for operation, mode in itertools.product(found, (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):
            one = given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())(send)
            with contextlib.suppress(Unsatisfiable):  # nothing about this operation can be malformed
                seed(number)(ROUND(one))()
        say(f"{statuses.total()} cases, {len(found)} operations, {len(wrong)} wrong")
        number += 1
    return statuses, wrong


def throw_away(folder: Path) -> tuple[Path, dict[str, str]]:
    """Studies to be fuzzed on, and the names of what is in them."""
    import nibabel as nib
    import numpy as np
    import pydicom

    from radloop.dicom.make import make_study
    from radloop.synthesis import make_phantom

    studies = folder / "studies"
    heart = make_phantom(3, ef=55, frames=4, matrix=(48, 40), spacing_mm=(4.5, 16))
    written = make_study(heart.cine, studies / "study", seed="fuzz", beside=False)
    for name in ("heart", "spare"):
        nib.save(nib.Nifti1Image(heart.cine.voxels, np.diag([4.5, 4.5, 16, 1])), studies / f"{name}.nii.gz")
    one = pydicom.dcmread(written[0], stop_before_pixels=True)
    series, study, instance = str(one.SeriesInstanceUID), str(one.StudyInstanceUID), str(one.SOPInstanceUID)
    names = {"image": series, "label": "heart", "id": "spare", "model": "cine_heart", "strategy": "first"}
    return studies, names | {"method": "dice", "study": study, "series": series, "instance": instance, "numbers": "1"}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    given_ = options.parse_args()
    from radloop.cli.own_server import own_server
    from radloop.store import Store
    from radloop.store.tokens import Tokens

    os.environ["RADLOOP_ACCESS"] = "true"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        studies, known = throw_away(folder)
        with Store(folder / "data") as store:
            _, token = Tokens(store.database).create("fuzz", "admin", days=1)
        with own_server(studies, folder) as base:
            statuses, wrong = fuzz(base, token, known, cases=given_.cases, number=given_.seed, say=print)
        log = (folder / "server.log").read_text()
    print(
        f"\n{sum(statuses.values())} cases: " + ", ".join(f"{n} x {status}" for status, n in sorted(statuses.items()))
    )
    print("\n".join(wrong) if wrong else "no 500, no 503 without Retry-After, no status that the document has not got")
    if "Traceback" in log:
        print("the server's log has a traceback:", log[log.index("Traceback") :][:3000])
    return 1 if wrong or "Traceback" in log else 0


if __name__ == "__main__":
    sys.exit(main())
