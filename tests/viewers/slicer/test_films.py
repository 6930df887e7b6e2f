"""Chest films without a panel: Slicer's real core on one side, a real server on the other."""

import itertools
import json
import socket
import urllib.request

import numpy as np
import pytest
import vtk
from RadLoopLib.client import Refused, Server, Ticket
from RadLoopLib.desk import Desk
from RadLoopLib.exam import Cine
from RadLoopLib.film import answer_of
from RadLoopLib.film.words import answer_words, calibration_words, remark_words
from RadLoopLib.film_desk import FilmDesk
from RadLoopLib.scene import ShownFilm, add_film
from slicer.util import arrayFromVolume

from core_scene import CoreScene
from film_phantom import COLUMNS, ROWS, UID, film, heat_of, oblique_film
from test_desk import wait


class Room:
    """A desk for films in a scene, with the job that it shares with hearts."""

    def __init__(self, core):
        self.desk = Desk(core.scene, core.sequences)
        self.films = FilmDesk(core.scene, self.desk)

    def connect(self, url):
        self.desk.connect(url)
        wait(self.desk)
        assert self.desk.server is not None, self.desk.message
        return self

    def analyse(self, image):
        self.films.analyse_image(image)
        wait(self.desk)
        wait(self.desk)
        return self.films.shown

    def submit(self, *words, **options):
        self.films.submit(*words, **options)
        return wait(self.desk)


@pytest.fixture
def room(core, film_server):
    room = Room(core)
    yield room.connect(film_server.url)
    room.desk.close()


def matrix(volume):
    found = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(found)
    return np.array([[found.GetElement(r, c) for c in range(4)] for r in range(4)])


def heat_maps(core):
    nodes = [core.scene.GetNthNode(n) for n in range(core.scene.GetNumberOfNodes())]
    return [node for node in nodes if node.GetAttribute("RadLoop.heat_map")]


def kept_of(server, image):
    with urllib.request.urlopen(f"{server.url}/datastore/label/info?label={image}&tag=final", timeout=30) as answer:
        return json.load(answer)


def test_a_server_without_a_heart_model_is_of_use_too(room):
    assert room.desk.message.endswith(": chest X-ray model 0.0.1.")
    assert room.films.classes == ("dark", "bright")
    with pytest.raises(ValueError, match="has no model “cine_heart”"):
        room.desk.analyse_image("cine")
    offered = {row.image for row in room.desk.cases if row.may_be_film}
    assert offered == {"dark", "bright", "aside", "turned", "colours", "upright", UID, f"{UID}.1"}


@pytest.mark.parametrize(
    ("image", "pixels", "label", "spacing"),
    [
        ("dark", film(70), "dark", (1, 1)),
        ("bright", film(160), "bright", (1, 1)),
        ("upright", film(70), "dark", None),
        (UID, film(160), "bright", (0.3, 0.4)),
        (f"{UID}.1", 255 - film(160), "bright", (0.3, 0.4)),
    ],
    ids=["png", "grey in colour", "nifti", "dicom", "monochrome1"],
)
def test_film_and_heat_map_lie_on_one_another(room, image, pixels, label, spacing):
    shown = room.analyse(image)
    assert not room.desk.is_fault, room.desk.message
    volume, heat_map = shown.volume, shown.heat_map
    assert (arrayFromVolume(volume)[0] == pixels).all()
    assert np.allclose(arrayFromVolume(heat_map)[0], heat_of(pixels), atol=1e-6)
    affine = oblique_film().ijk_to_ras if spacing is None else np.diag([-spacing[0], -spacing[1], 1, 1])
    assert np.allclose(matrix(volume), affine, atol=1e-5)
    assert (matrix(heat_map) == matrix(volume)).all()
    answer = shown.film.answer
    assert (answer.label, list(answer.probabilities)) == (label, ["dark", "bright"])
    assert sum(answer.probabilities.values()) == pytest.approx(1)
    assert answer_words(answer).startswith(f"The model says: {label} (")


def test_a_photograph_of_a_film_is_turned_as_its_file_says(room):
    """The server's heat map is on the turned picture; Slicer's own reader would not turn it."""
    shown = room.analyse("turned")
    pixels = arrayFromVolume(shown.volume)[0]
    assert pixels.shape == (COLUMNS, ROWS)
    assert pixels[8:14, -8:-5].min() > 200  # the mark is at the upper right now
    assert np.allclose(arrayFromVolume(shown.heat_map)[0], heat_of(pixels), atol=1e-6)


def flips():
    for order, signs in itertools.product([(0, 1), (1, 0)], itertools.product([1, -1], repeat=2)):
        axes = np.zeros((4, 4))
        for column, (axis, sign) in enumerate(zip(order, signs, strict=True)):
            axes[axis, column] = sign * (0.5, 0.7)[column]
        axes[2, 2] = axes[3, 3] = 1
        axes[:3, 3] = 11, -7, 5
        yield pytest.param(axes, id="".join("xy"[a] + "-+"[s > 0] for a, s in zip(order, signs, strict=True)))


@pytest.mark.parametrize("affine", list(flips()))
def test_a_film_of_the_scene_gets_its_heat_map_however_it_lies(room, core, affine, film_server):
    volume = add_film(core.scene, "My film (1)", Cine(film(70)[None, None], affine, None))
    before = film_server.json("/datastore/?output=all")["objects"].keys()
    room.films.analyse_scene(volume)
    wait(room.desk)
    shown = room.films.shown
    assert shown is not None, room.desk.message
    assert shown.volume is volume
    heat_map = shown.heat_map
    assert (matrix(heat_map) == matrix(volume)).all()
    assert np.allclose(arrayFromVolume(heat_map)[0], heat_of(film(70)), atol=1e-6)
    assert film_server.json("/datastore/?output=all")["objects"].keys() == before  # it was only lent


def test_a_film_shown_as_a_negative_is_sent_as_it_is_shown(room, core):
    volume = add_film(core.scene, "negative", Cine(255 - film(160)[None, None], np.diag([-1.0, -1, 1, 1]), None))
    volume.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeInvertedGrey")
    room.films.analyse_scene(volume)
    wait(room.desk)
    assert np.allclose(arrayFromVolume(room.films.shown.heat_map)[0], heat_of(film(160)), atol=1e-6)


def test_what_is_no_film_is_refused_in_a_sentence(room, core):
    several = add_film(core.scene, "several", Cine(np.zeros((1, 3, 40, 40), np.uint8), np.eye(4), None))
    colours = core.scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "colours")
    picture = vtk.vtkImageData()
    picture.SetDimensions(40, 40, 1)
    picture.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    colours.SetAndObserveImageData(picture)
    empty = core.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    labels = core.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    labels.SetAndObserveImageData(several.GetImageData())
    for volume, sentence in (
        (several, "several has 3 slices; a radiograph is one picture."),
        (colours, "colours is a colour picture; a radiograph is grey."),
        (empty, "empty has no picture."),
        (labels, "labels is a label map; a radiograph is needed."),
        (room.analyse("dark").heat_map, "dark heat map is a heat map; choose its film."),
    ):
        with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
            room.films.analyse_scene(volume)
    assert not room.desk.busy


@pytest.mark.parametrize(
    ("image", "said"),
    [("colours", "colours is a colour picture"), ("cine", "cine has 4 frames"), ("nobody", "nobody")],
)
def test_a_servers_image_that_is_no_film_leaves_nothing_behind(room, core, image, said):
    before = core.scene.GetNumberOfNodes()
    assert room.analyse(image) is None
    assert room.desk.is_fault
    assert said in room.desk.message
    assert "\n" not in room.desk.message
    assert core.scene.GetNumberOfNodes() == before


def test_an_abstention_has_neither_class_nor_probability_anywhere(room, core):
    shown = room.analyse("aside")
    assert shown.film.answer.abstained
    assert shown.film.answer.label is None
    assert shown.film.answer.probabilities == {}
    assert heat_maps(core) == []
    words = "\n".join(said(shown.film.answer) for said in (answer_words, calibration_words, remark_words))
    assert "The model gives no answer." in words
    assert "brighter on the right" in words
    assert "%" not in words
    assert not any(name in words.split() for name in ("dark", "bright"))


def test_a_server_that_says_too_much_of_an_abstention_is_not_repeated():
    said = {"abstained": True, "reason": "No film.", "prediction": {"a": 0.9, "b": 0.1}, "label": "a", "positive": "a"}
    answer = answer_of({**said, "classes": ["a", "b"], "heat_map": True, "threshold": 0.5, "prior": 0.5})
    assert (answer.probabilities, answer.label, answer.positive, answer.heat_map) == ({}, None, None, False)


@pytest.mark.parametrize(
    "said", [{}, [], None, {"abstained": False}, {"abstained": False, "prediction": {}, "label": "a"}]
)
def test_what_is_no_answer_is_told(said):
    with pytest.raises(ValueError, match="cannot be read"):
        answer_of(said)


def test_an_answer_replaces_the_one_before_with_its_heat_map(room, core):
    first = room.analyse("dark")
    old = first.heat_map.GetID()
    again = room.analyse("dark")
    assert again.volume is first.volume
    assert [node.GetID() for node in heat_maps(core)] == [again.heat_map.GetID()]
    assert old != again.heat_map.GetID() or core.scene.GetNodeByID(old) is again.heat_map


def test_the_heat_map_lies_in_front_with_its_opacity(room, core):
    layers = core.scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    shown = room.analyse("dark")
    shown.lay_out(0.3)
    assert layers.GetBackgroundVolumeID() == shown.volume.GetID()
    assert layers.GetForegroundVolumeID() == shown.heat_map.GetID()
    assert layers.GetForegroundOpacity() == pytest.approx(0.3)
    room.analyse("aside").lay_out(0.3)
    assert layers.GetForegroundVolumeID() is None


def test_a_class_is_submitted_with_history_and_seen_again(room, core, film_server, tmp_path):
    shown = room.analyse("dark")
    assert shown.film.submitted is None
    assert room.submit("bright", "anna") == "Submitted dark as “bright”."
    assert room.submit("dark", "ben") == "Submitted dark as “dark”."
    info = kept_of(film_server, "dark")
    assert (info["label"], info["author"], info["from_version"]) == ("dark", "ben", "0.0.1")
    assert {row.image: row.state for row in room.desk.cases}["dark"] == "submitted"
    folder = film_server._folder / "data/labels/dark"
    assert sorted(json.loads(file.read_text())["label"] for file in folder.glob("*.json")) == ["bright", "dark"]

    other = CoreScene(tmp_path / "other")
    later = Room(other).connect(film_server.url)
    found = later.analyse("dark")
    assert (found.film.submitted.label, found.film.submitted.author) == ("dark", "ben")
    assert {row.image: row.state for row in later.desk.cases}["dark"] == "submitted"


def test_what_is_no_class_of_the_model_is_refused_by_the_server(room):
    before = room.analyse("bright").film
    message = room.submit("fracture", "anna")
    assert room.desk.is_fault
    assert "fracture" in message
    assert room.films.shown.film == before


def test_a_film_of_the_scene_is_added_with_its_class(room, core, film_server):
    volume = add_film(core.scene, "Ward film", Cine(film(160)[None, None], np.diag([-0.2, -0.2, 1, 1]), None))
    room.films.analyse_scene(volume)
    wait(room.desk)
    assert room.submit("bright", "anna") == "Submitted Ward_film as “bright”."
    assert kept_of(film_server, "Ward_film")["label"] == "bright"
    assert room.films.is_known(volume)
    assert room.submit("dark", "anna") == "Submitted Ward_film as “dark”."  # again: it is one film, not two
    assert sum(row.image.startswith("Ward") for row in room.desk.cases) == 1


def test_a_film_goes_on_in_a_saved_scene(room, core, tmp_path):
    room.analyse("upright")
    room.submit("bright", "anna")
    shown = room.films.shown
    assert core.scene.WriteToMRB(str(tmp_path / "film.mrb"))
    other = CoreScene(tmp_path / "other")
    assert other.scene.ReadFromMRB(str(tmp_path / "film.mrb"))
    later = Room(other)
    later.films.scene_opened()
    assert later.films.shown.film == shown.film
    in_plane = [0, 1, 3]  # of a left-handed grid Slicer turns the slices round, of which there is one
    assert np.allclose(matrix(later.films.shown.volume)[:, in_plane], matrix(shown.volume)[:, in_plane], atol=1e-4)
    assert (arrayFromVolume(later.films.shown.volume) == arrayFromVolume(shown.volume)).all()
    assert np.allclose(arrayFromVolume(later.films.shown.heat_map), arrayFromVolume(shown.heat_map), atol=1e-6)
    assert np.allclose(matrix(later.films.shown.heat_map), matrix(later.films.shown.volume), atol=1e-6)


def test_nobody_there_and_nothing_is_lost(core, film_server):
    from troubled_line import TroubledLine

    line = TroubledLine(film_server.url)
    room = Room(core).connect(line.url)
    shown = room.analyse("dark")
    before = shown.film
    line.down_bytes = 0
    message = room.submit("bright", "anna")
    assert room.desk.is_fault
    assert message.startswith(("The connection to", "The server at"))
    assert shown.film == before
    assert shown.heat_map is not None
    line.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    room.desk.connect(str(port))
    assert wait(room.desk).startswith("No server answers at")
    room.desk.close()


def test_a_film_from_another_address_goes_there_only_when_a_person_agrees(room, core, film_server):
    from troubled_line import TroubledLine

    line = TroubledLine(film_server.url)
    room.connect(line.url)
    room.analyse("bright")
    room.connect(film_server.url)
    with pytest.raises(ValueError, match=f"came from {line.url}"):
        room.films.submit("bright", "anna")
    assert room.submit("bright", "anna", elsewhere=True).startswith("Submitted bright")
    line.close()


def test_a_film_that_was_taken_away_meanwhile(room, core):
    volume = add_film(core.scene, "film", Cine(film(70)[None, None], np.eye(4), None))
    room.films.analyse_scene(volume)
    core.scene.RemoveNode(volume)
    assert wait(room.desk) == "The film was taken out of the scene meanwhile."
    room.films.poll()
    assert room.films.shown is None
    assert heat_maps(core) == []


def test_one_thing_at_a_time(room):
    room.films.analyse_image("dark")
    with pytest.raises(ValueError, match="under way"):
        room.films.analyse_image("bright")
    wait(room.desk)


def test_a_heat_map_of_other_pixels_is_not_laid_over(room, core):
    volume = room.analyse("dark").volume
    shown = ShownFilm.find(volume)
    with pytest.raises(ValueError, match=r"The heat map \(40×30\) does not lie on the film \(50×60\)"):
        shown.take_answer(shown.film.answer, Cine(np.ones((1, 1, 30, 40), np.float32), np.eye(4), None))
    assert heat_maps(core) == []


def test_a_header_that_lies_about_its_negative_is_shown_right(core):
    """The server saw the picture as it was taken, and says so; Slicer's reader believes the header."""
    from RadLoopLib.film import Film

    volume = add_film(core.scene, "film", Cine(film(70)[None, None], np.eye(4), None))
    shown = ShownFilm.begin(volume, Film("film", "http://127.0.0.1:1"))
    said = {"abstained": True, "reason": "None.", "warnings": [{"code": "PHOTOMETRIC_WRONG", "text": "It lies."}]}
    shown.take_answer(answer_of(said), None)
    assert volume.GetDisplayNode().GetColorNode().GetID() == "vtkMRMLColorTableNodeInvertedGrey"
    assert "It lies." in remark_words(shown.film.answer)


def test_who_has_no_token_is_told(film_server, core, tmp_path):
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Guarded(BaseHTTPRequestHandler):
        def do_GET(self):
            body = b'{"detail": "A token is needed."}'
            self.send_response(401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_GET

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Guarded) as guarded:
        Thread(target=guarded.serve_forever, daemon=True).start()
        server = Server(f"http://127.0.0.1:{guarded.server_port}")
        for ask in (
            lambda: server.models(Ticket()),
            lambda: server.infer("cxr_classifier", {"image": "a"}, {}, Ticket()),
            lambda: server.put_label("a", "final", "label.json", b"{}", {}, Ticket()),
        ):
            with pytest.raises(Refused, match="A token is needed"):
                ask()
        guarded.shutdown()
