"""``radloop infer`` of a classifier as a process: the table, the heat maps, and what is refused."""

import csv
import json
import os
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
from compressed_objects import compress
from PIL import Image
from pydicom.encaps import encapsulate, generate_frames

from radloop.dicom.make_film import make_film

MODEL = "cxr_classifier"


def shade(brightness, rows=60, columns=50):
    wave = 30 * np.sin(np.arange(rows) / 5)[:, None] * np.ones(columns)
    return np.clip(brightness + wave, 0, 255).astype(np.uint8)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    save(folder / "dark.png", shade(70))
    save(folder / "ward" / "bright.jpg", shade(160))
    save(folder / "ward" / "aside.png", np.concatenate([shade(20)[:, :25], shade(220)[:, 25:]], axis=1))
    for n in range(40):  # more than a batch
        save(folder / "many" / f"{n:02d}.png", shade(40 + 4 * n, columns=40 + n))
    whole = (folder / "dark.png").read_bytes()
    (folder / "torn.png").write_bytes(whole[: len(whole) // 2])
    (folder / "notes.txt").write_text("no film")
    (folder / ".hidden.png").write_bytes(b"x")
    return folder


@pytest.fixture(scope="module")
def table(films, tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    done = tiny.run("infer", MODEL, films, "-o", out, check=False)
    return done, list(csv.DictReader((out / "predictions.csv").open()))


def test_a_folder_gives_one_table_and_the_others_go_on(table):
    done, rows = table
    assert done.returncode == 2
    assert list(rows[0]) == ["file", "label", "abstained", "reason", "dark", "bright"]
    by_file = {row["file"]: row for row in rows}
    assert by_file.keys() == {"dark.png", "torn.png", "ward/bright.jpg", "ward/aside.png"} | {
        f"many/{n:02d}.png" for n in range(40)
    }
    assert (by_file["dark.png"]["label"], by_file["ward/bright.jpg"]["label"]) == ("dark", "bright")
    errors = [line for line in done.stderr.splitlines() if not line.startswith("classifying")]
    assert errors == ["torn.png: is truncated: its pixels end too early."]
    assert "43 classified" in done.stdout
    assert "1 failed" in done.stdout


def test_probabilities_sum_to_one_and_labels_follow_the_threshold(table):
    _, rows = table
    answered = [row for row in rows if row["label"]]
    assert len(answered) == 42
    for row in answered:
        assert float(row["dark"]) + float(row["bright"]) == pytest.approx(1, abs=2e-6)
        assert (row["label"] == "bright") == (float(row["bright"]) >= 0.6)


def test_an_abstention_and_an_unreadable_file_show_no_class(table):
    by_file = {row["file"]: row for row in table[1]}
    aside, torn = by_file["ward/aside.png"], by_file["torn.png"]
    assert (aside["label"], aside["abstained"], aside["dark"], aside["bright"]) == ("", "true", "", "")
    assert "brighter on the right" in aside["reason"]
    assert (torn["label"], torn["dark"], torn["reason"]) == ("", "", "error: is truncated: its pixels end too early.")


def test_batched_equals_one_by_one(films, table, tiny, tmp_path):
    by_file = {row["file"]: row for row in table[1]}
    for name in ("many/07.png", "many/39.png", "ward/bright.jpg"):
        tiny.run("infer", MODEL, films / name, "-o", tmp_path)
        [alone] = csv.DictReader((tmp_path / "predictions.csv").open())
        assert {**alone, "file": name} == by_file[name]


def test_one_film_in_words_and_as_json_with_its_heat_map(films, tiny, tmp_path):
    done = tiny.run("infer", MODEL, films / "dark.png", "-o", tmp_path, "--heat-map")
    assert "calibrated for sets in which 50 % are bright" in done.stdout
    assert "Research use only" in done.stdout
    found = nib.load(tmp_path / "dark.png.heatmap.nii.gz")
    assert found.shape == (50, 60, 1)
    assert Image.open(tmp_path / "dark.png.heatmap.png").size > (300, 300)
    said = tiny.run("infer", MODEL, films / "dark.png", "-o", tmp_path, "--json")
    answer = json.loads(said.stdout)
    assert (answer["label"], answer["prior"], answer["threshold"], said.stderr) == ("dark", 0.5, 0.6, "")


def test_an_abstained_film_gets_no_heat_map_and_its_reason_is_told(films, tiny, tmp_path):
    done = tiny.run("infer", MODEL, films / "ward" / "aside.png", "-o", tmp_path, "--heat-map")
    assert "no answer: This is no film" in done.stdout
    assert "bright  " not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["predictions.csv"]


def test_a_lateral_view_is_abstained_from_by_its_header_alone(tiny, tmp_path):
    make_film(tmp_path / "film.dcm", shade(160), spacing_mm=1)
    lateral = pydicom.dcmread(tmp_path / "film.dcm")
    lateral.ViewPosition = "LL"
    lateral.save_as(tmp_path / "film.dcm")
    done = tiny.run("infer", MODEL, tmp_path, "-o", tmp_path / "out")
    [row] = csv.DictReader((tmp_path / "out" / "predictions.csv").open())
    assert (row["label"], row["abstained"], row["bright"]) == ("", "true", "")
    assert "lateral" in row["reason"]
    assert "1 without answer" in done.stdout


def test_a_variant_answers_with_its_own_classes(films, tiny, tmp_path):
    tiny.run("infer", MODEL, films / "dark.png", "-o", tmp_path, "--variant", "other")
    [row] = csv.DictReader((tmp_path / "predictions.csv").open())
    assert row["label"] == "dim"
    refused = tiny.run("infer", MODEL, films / "dark.png", "-o", tmp_path / "no", "--variant", "nosuch", check=False)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "adult, other" in refused.stderr


def test_several_files_are_called_as_they_were_given(films, tiny, tmp_path):
    shutil.copytree(films / "ward", tmp_path / "ward")
    shutil.copy(films / "dark.png", tmp_path)
    tiny.run("infer", MODEL, "dark.png", "ward", "-o", "out", cwd=tmp_path)
    rows = csv.DictReader((tmp_path / "out" / "predictions.csv").open())
    assert [row["file"] for row in rows] == ["dark.png", "ward/aside.png", "ward/bright.jpg"]


@pytest.mark.parametrize("name", ["torn.png", "notes.txt", "absent.png"])
def test_one_file_that_cannot_be_used_is_one_line_and_nothing_is_written(name, films, tiny, tmp_path):
    done = tiny.run("infer", MODEL, films / name, "-o", tmp_path / "out", check=False)
    assert (done.returncode, len(done.stderr.splitlines()), done.stdout) == (2, 1, "")
    assert name in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_refused(tiny, tmp_path):
    (tmp_path / "films").mkdir()
    done = tiny.run("infer", MODEL, tmp_path / "films", "-o", tmp_path / "out", check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "holds no images" in done.stderr


def test_models_and_doctor_know_the_classifier(tiny):
    [row] = json.loads(tiny.run("models", "--json").stdout)["models"]
    assert (row["name"], row["variants"]) == (MODEL, ["adult", "other"])
    findings = json.loads(tiny.run("doctor", "--json", check=False).stdout)["findings"]
    assert [f["ok"] for f in findings if f["name"].startswith("bundle")] == [True, True]


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5"])
def test_pixels_that_no_decoder_takes_are_one_line_too(syntax, tiny, tmp_path):
    make_film(tmp_path / "film.dcm", shade(160), spacing_mm=1)
    compress(tmp_path / "film.dcm", syntax)
    broken = pydicom.dcmread(tmp_path / "film.dcm")
    frame = next(generate_frames(broken.PixelData, number_of_frames=1))
    broken.PixelData = encapsulate([frame[: len(frame) // 4 * 2]])
    broken.save_as(tmp_path / "film.dcm")
    done = tiny.run("infer", MODEL, tmp_path / "film.dcm", "-o", tmp_path / "out", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "film.dcm: is damaged or cut short: its pixels cannot be read.\n"


def test_names_in_no_encoding_are_written_with_their_bytes_as_numbers(tiny, tmp_path):
    save(tmp_path / "films" / "plain.png", shade(160))
    Path(os.fsdecode(os.fsencode(tmp_path / "films") + b"/fr\xfch.png")).write_bytes(
        (tmp_path / "films" / "plain.png").read_bytes()
    )
    tiny.run("infer", MODEL, tmp_path / "films", "-o", tmp_path / "out")
    rows = csv.DictReader((tmp_path / "out" / "predictions.csv").open(encoding="utf-8"))
    assert sorted((row["file"], row["label"]) for row in rows) == [("fr\\xfch.png", "bright"), ("plain.png", "bright")]


def test_heat_maps_stay_in_the_folder_for_results_and_are_no_films_of_a_second_run(films, tiny, tmp_path):
    shutil.copytree(films / "ward", tmp_path / "ward")
    (tmp_path / "desk").mkdir()
    for _ in range(2):
        tiny.run(
            "infer", MODEL, "../ward", "../ward/bright.jpg", "-o", "../ward/out", "--heat-map", cwd=tmp_path / "desk"
        )
    rows = csv.DictReader((tmp_path / "ward" / "out" / "predictions.csv").open())
    assert [row["file"] for row in rows] == ["../ward/aside.png", "../ward/bright.jpg", "../ward/bright.jpg"]
    maps = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.heatmap.*")}
    assert maps == {f"ward/out/ward/bright.jpg.heatmap.{kind}" for kind in ("nii.gz", "png")}
