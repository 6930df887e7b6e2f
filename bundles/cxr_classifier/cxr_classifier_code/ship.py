"""Makes the end of a training a variant of the bundle: its weights into ``models``, its calibration into the metadata.

python -m cxr_classifier_code.ship RUN VARIANT [BUNDLE]
"""

import json
import shutil
import sys
from pathlib import Path


def ship(run: Path, variant: str, bundle: Path) -> None:
    about = bundle / "configs" / "metadata.json"
    metadata = json.loads(about.read_text())
    metadata.setdefault("classification", {})[variant] = json.loads((run / "calibration.json").read_text())
    shutil.copyfile(run / "model.pt", bundle / "models" / f"{variant}.pt")
    about.write_text(json.dumps(metadata, indent=4, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    ship(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3] if len(sys.argv) > 3 else "."))
