"""Does the model find the ejection fraction of hearts that it was never shown? Ten phantoms, EF known.

    python benchmarks/phantom_ef.py [--first-seed 300] [--hearts 10]

The network is trained on patients only, never on phantoms. Prints true and found EF, and how many lie within 5 points.
"""

import argparse

from radloop.heart import measure
from radloop.models import load_bundle
from radloop.synthesis import make_phantom


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first-seed", type=int, default=300)
    parser.add_argument("--hearts", type=int, default=10)
    options = parser.parse_args()
    bundle = load_bundle("cine_heart")
    near = 0
    for seed in range(options.first_seed, options.first_seed + options.hearts):
        phantom = make_phantom(seed)
        found = measure(bundle.predict(phantom.cine).label, phantom.cine, image=str(seed)).lv_ef
        error = None if found is None else found - phantom.truth["lv_ef"]
        near += error is not None and abs(error) <= 5
        shown = "not found" if error is None else f"{found:5.1f} %   {error:+5.1f}"
        print(f"seed {seed}: true {phantom.truth['lv_ef']:5.1f} %   found {shown}", flush=True)
    print(f"{near} of {options.hearts} within 5 points")


if __name__ == "__main__":
    main()
