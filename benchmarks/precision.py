"""What would bfloat16 change? Seconds and answers of a sample cine, in it and in single precision, side by side.

python benchmarks/precision.py [IMAGE]
"""

import sys
import time
from pathlib import Path

import torch

from radloop import places
from radloop.heart import measure
from radloop.images import read_cine
from radloop.learning.agreement import dice_of_structures
from radloop.models import load_bundle


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else places.sample_data() / "normal.nii.gz"
    cine = read_cine(path)
    bundle = load_bundle("cine_heart")
    labels = {}
    for precision in ("bfloat16", "float32"):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            bundle.predict(cine)
            began = time.perf_counter()
            labels[precision] = bundle.predict(cine).label
            seconds = time.perf_counter() - began
        ef = measure(labels[precision], cine, image=path.name).lv_ef
        print(f"{precision}: {seconds:.2f} s on {torch.get_num_threads()} threads, LV EF {ef:.2f} %")
    agreement = dice_of_structures(labels["bfloat16"], labels["float32"])
    print("Dice between the two: " + ", ".join(f"{k.upper()} {v:.4f}" for k, v in agreement.items()))


if __name__ == "__main__":
    main()
