"""``radloop train`` and ``radloop choose`` on a user's own films, in each layout, with the tiny classifier."""

import csv
import functools
import json
import re
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
from PIL import Image

MODEL = "cxr_classifier"
CLASSES = ("faint", "middling", "strong")


def film(brightness, seed):
    random = np.random.default_rng(seed)
    return np.clip(random.normal(brightness + random.normal(0, 12), 20, (60, 50)), 0, 255).astype(np.uint8)


def films(count):
    """(class, pixels): three classes by brightness, the first ``count`` of each."""
    return [(name, film(60 + 60 * k, 100 * k + n)) for k, name in enumerate(CLASSES) for n in range(count)]


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """The same films in three layouts; in the first, two films make a patient."""
    root = tmp_path_factory.mktemp("sets")
    rows = []
    for n, (name, pixels) in enumerate(films(24)):
        for place in (root / "indexed" / "films" / f"{n}.png", root / "folders" / name / f"{n}.png"):
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(place)
        rows.append((f"films/{n}.png", name, f"patient {n // 2}"))
    with (root / "indexed" / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label", "patient"), *rows])
    everything = films(24)
    arrays = {}
    for part, chosen in (("train", slice(0, None, 2)), ("val", slice(1, None, 2))):
        arrays[f"{part}_images"] = np.stack([pixels for _, pixels in everything[chosen]])
        arrays[f"{part}_labels"] = np.array([[CLASSES.index(name)] for name, _ in everything[chosen]])
    np.savez(root / "films.npz", **arrays)
    return root


@pytest.fixture(scope="module")
def trained(sets, tiny, tmp_path_factory):
    """``trained(layout)``: what was said, the folder of the report, the data folder with the new version; done once."""

    @functools.cache
    def train(layout):
        folder = tmp_path_factory.mktemp("trained")
        named = ["--classes", ",".join(CLASSES)] if layout == "films.npz" else []
        asked = ("train", MODEL, sets / layout, "--epochs", 5, "-o", folder, "--data", folder / "data", "--json")
        return json.loads(tiny.run(*asked, *named).stdout), folder, folder / "data"

    return train


@pytest.mark.parametrize("layout", ["indexed", "folders", "films.npz"])
def test_three_classes_in_each_layout_become_a_version(layout, trained):
    result, folder, data = trained(layout)
    assert (result["version"], result["parent"], result["classes"]) == ("0.0.1+1", "0.0.1", list(CLASSES))
    assert result["part"] == ("val" if layout == "films.npz" else "test")
    assert result["summary"]["auc"] > 0.95
    assert result["linear_auc"] is not None
    html = (folder / "report.html").read_text()
    assert html.count("<svg") == 5  # split, curves, confusion, ROC, reliability
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:|/|[a-z]+\.)""", html)
    assert ("No patient is known" in html) == (layout != "indexed")
    assert not list((data / "training" / MODEL).iterdir())


def test_the_version_answers_once_it_is_published_with_classes_of_its_own(sets, tiny, trained, tmp_path):
    data = trained("folders")[2]
    tiny.run("models", "publish", MODEL, "0.0.1+1", "--data", data)
    Image.fromarray(film(190, 7)).save(tmp_path / "new.png")
    answer = tiny.run("infer", MODEL, tmp_path / "new.png", "-o", tmp_path / "out", "--json", data=data)
    said = json.loads(answer.stdout)
    assert (said["label"], said["model_version"], said["classes"]) == ("strong", "0.0.1+1", list(CLASSES))
    assert "strong" in tiny.run("models", "history", MODEL, "--data", data).stdout
    judged = tiny.run(
        "evaluate", MODEL, sets / "indexed", "--version", "0.0.1+1", "--data", data, "-o", tmp_path / "again", "--json"
    )
    assert json.loads(judged.stdout)["summary"]["auc"] > 0.95


def started(tiny, data, *arguments, pace="0.2"):
    """A training under way: the process, once its third epoch is there."""
    process = subprocess.Popen(
        tiny.command("train", MODEL, *arguments, "--data", data),
        env=tiny.environment | {"TINY_EPOCH_S": pace},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever was started in the background by a shell hands on that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    until = time.monotonic() + 120
    while epochs(data) < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    return process


def epochs(data):
    return max((len(file.read_text().splitlines()) - 1 for file in data.rglob("history.csv")), default=0)


def test_training_that_is_killed_goes_on_where_it_ended(sets, tiny, tmp_path):
    data = tmp_path / "data"
    arguments = (sets / "folders", "--epochs", 40, "-o", tmp_path)
    process = started(tiny, data, *arguments)
    process.kill()
    process.wait()
    time.sleep(1.5)  # what it had started ends with it
    before = epochs(data)
    time.sleep(1)
    assert 3 <= epochs(data) == before < 40
    done = tiny.run("train", MODEL, *arguments, "--data", data, "--json")
    assert json.loads(done.stdout)["version"] == "0.0.1+1"
    assert json.loads(done.stdout)["stopped"] is False


def test_ctrl_c_keeps_the_best_so_far(sets, tiny, tmp_path):
    data = tmp_path / "data"
    process = started(tiny, data, sets / "folders", "--epochs", 500, "-o", tmp_path, "--json")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    result = json.loads(out)
    assert (result["stopped"], result["version"]) == (True, "0.0.1+1")
    assert result["summary"]["auc"] > 0.9
    assert "Training was stopped" in (tmp_path / "report.html").read_text()


def test_names_of_files_and_classes_are_text_and_never_markup(tiny, tmp_path):
    names = ("a<b>&", 'x"$y$')
    for k, name in enumerate(names):
        (tmp_path / "set" / name).mkdir(parents=True)
        for n in range(16):  # some bright ones are called dark, so that mistakes are shown
            brightness = 60 + 60 * (k if n > 3 else 1 - k)
            Image.fromarray(film(brightness, 50 * k + n)).save(tmp_path / "set" / name / f"<script>{n}.png")
    tiny.run("train", MODEL, tmp_path / "set", "--epochs", 2, "-o", tmp_path, "--data", tmp_path / "data")
    html = (tmp_path / "report.html").read_text()
    assert "<script" not in html
    assert "a<b>" not in html
    assert "a&lt;b&gt;&amp;" in html


def test_choose_compares_networks_and_names_one(sets, tiny, tmp_path):
    asked = ("choose", MODEL, sets / "folders", "--seconds", 1, "--data", tmp_path)
    chosen = [("--network", "classic"), ("--network", "resnet18")]
    flat = [word for pair in chosen for word in pair]
    found = json.loads(tiny.run(*asked, *flat, "--json").stdout)
    assert {row["network"] for row in found["networks"]} == {"classic", "resnet18"}
    assert found["take"] in ("classic", "resnet18")
    assert not any(row["differs_from_best"] for row in found["networks"])  # they are the same
    told = tiny.run(*asked, *flat).stdout  # at once, from what is there
    assert "no difference" in told
    assert f"radloop train {MODEL}" in told


@pytest.mark.parametrize(
    ("layout", "words"),
    [("nosuch", "no such file"), ("empty", "holds neither"), ("one", "all films are"), ("index", "not there: b.png")],
)
def test_what_cannot_be_trained_on_is_one_line(layout, words, tiny, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "one" / "only").mkdir(parents=True)
    Image.fromarray(film(90, 0)).save(tmp_path / "one" / "only" / "a.png")
    (tmp_path / "index").mkdir()
    shutil.copy(tmp_path / "one" / "only" / "a.png", tmp_path / "index")
    (tmp_path / "index" / "index.csv").write_text("file,label,patient\na.png,x,p\nb.png,y,q\n")
    for command in ("train", "evaluate", "choose"):
        done = tiny.run(command, MODEL, tmp_path / layout, "--data", tmp_path / "data", check=False, cwd=tmp_path)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
        assert words in done.stderr
