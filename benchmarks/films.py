"""How fast films are answered: one by a running server, and many at once against one after the other.

python benchmarks/films.py FOLDER [-n 64]     FOLDER holds radiographs of any kind
"""

import argparse
import platform
import tempfile
import time
from pathlib import Path
from statistics import median

import requests
import torch

from radloop.chest import find_films, read_film
from radloop.cli.infer_films import Film, batches
from radloop.cli.own_server import own_server
from radloop.tasks.film import classify_films
from radloop.tasks.served import served_bundle

MODEL = "cxr_classifier"


def one_request(folder: Path, films: list[Path]) -> list[float]:
    """Milliseconds of each request for a film that comes along, JSON only; the first is left out."""
    took = []
    with tempfile.TemporaryDirectory() as scratch, own_server(folder, Path(scratch)) as url, requests.Session() as http:
        for film in films:
            began = time.perf_counter()
            answer = http.post(
                f"{url}/infer/{MODEL}", params={"output": "json"}, files={"file": (film.name, film.read_bytes())}
            )
            took.append(1000 * (time.perf_counter() - began))
            answer.raise_for_status()
    return took[1:]


def images_a_second(films: list[Path]) -> tuple[float, float]:
    """One call after the other, and in batches as ``radloop infer`` goes through a folder; both from the files."""
    bundle, _ = served_bundle(MODEL)
    bundle.classify([read_film(films[0])])
    began = time.perf_counter()
    for film in films:
        classify_films(bundle, [(film.name, read_film(film))])
    middle = time.perf_counter()
    for batch in batches([Film(film, film.name) for film in films]):
        classify_films(bundle, [(film.name, content) for film, content in batch])  # type: ignore[misc]
    return len(films) / (middle - began), len(films) / (time.perf_counter() - middle)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-n", type=int, default=64, help="films of the folder that are used")
    asked = parser.parse_args()
    films = find_films(asked.folder)[: asked.n]
    alone, together = images_a_second(films)
    took = one_request(asked.folder, films[:20])
    print(f"{len(films)} films, {torch.get_num_threads()} threads, {platform.processor() or platform.machine()}")
    print(f"one request to a running server   {median(took):6.1f} ms (longest {max(took):.1f})")
    print(f"one call after the other          {alone:6.1f} images a second")
    print(f"many at once                      {together:6.1f} images a second ({together / alone:.2f} times)")


if __name__ == "__main__":
    main()
