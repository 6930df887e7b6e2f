"""From connecting to submitting, without a panel: Slicer's real core on one side, a real server on the other."""

import shutil
import socket
import subprocess
import time

import numpy as np
import pytest
from RadLoopLib.client import Strange, address
from RadLoopLib.desk import Desk
from RadLoopLib.exam import read_cine, read_label_map
from RadLoopLib.scene import ShownExam, add_cine, browsers_of
from slicer.util import arrayFromVolume

from core_scene import CoreScene, paint
from heart_phantom import heart


@pytest.fixture
def desk(core):
    desk = Desk(core.scene, core.sequences)
    yield desk
    desk.close()


def wait(desk, seconds=60, until=None):
    """Poll as the panel does, until nothing is under way (or until something is so)."""
    end = time.monotonic() + seconds
    while desk.busy if until is None else not until():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)
        desk.poll()
    return desk.message


def connected(desk, url):
    desk.connect(url)
    wait(desk)
    assert desk.server is not None, desk.message
    return desk


def browsers(core):
    return browsers_of(core.scene)


def test_connect_and_list(desk, server):
    desk.connect(server.url.removeprefix("http://") + "/")
    assert desk.busy  # it does not wait for the server
    assert "Connected to http://127.0.0.1" in wait(desk)
    assert not desk.is_fault
    assert [row.image for row in desk.cases if row.may_be_cine] == ["heart_01", "heart_02"]
    assert [row.image for row in desk.cases if row.may_be_film] == ["film_clouded"]
    assert {row.state for row in desk.cases} == {"new"}


def test_a_study_that_cannot_be_used_is_listed_last_with_its_reason(desk, installed, studies, tmp_path_factory):
    """Beside the hearts a DICOM study that lacks one phase of one slice."""
    from real_server import CHECKOUT, PYTHON, RealServer, environment

    folder = tmp_path_factory.mktemp("faulty")
    shutil.copy(studies / "heart_01.nii.gz", folder)
    made = [
        PYTHON,
        "-m",
        "radloop",
        "dicom",
        "make",
        CHECKOUT / "sample-data" / "normal.nii.gz",
        "-o",
        folder / "study",
    ]
    subprocess.run([*map(str, made)], env=environment(installed), check=True)
    lost = sorted((folder / "study").glob("sax-*.dcm"))[7]
    lost.unlink()
    running = RealServer(installed, folder, tmp_path_factory.mktemp("faulty-server"))
    try:
        until = time.monotonic() + 60
        while len(connected(desk, running.url).cases) < 2 and time.monotonic() < until:
            time.sleep(0.2)  # the archive is looked through beside the answering
        heart, refused = desk.cases
        assert (heart.image, heart.why_not) == ("heart_01", "")
        assert (refused.state, refused.may_be_cine, refused.may_be_film) == ("cannot be used", True, False)
        assert "A phase is missing next to study/sax-cine-" in refused.why_not
        assert desk.message.endswith(" 1 study cannot be used: the list of hearts says why.")
        desk.analyse_image(refused.image)  # as a script may
        assert wait(desk) in refused.why_not
        assert desk.is_fault
        desk.note_state("heart_01", "analysed")
        assert [row.image for row in desk.cases] == [heart.image, refused.image]
    finally:
        running.stop()


@pytest.mark.parametrize("image", ["heart_01", "heart_02"])
def test_the_scene_shows_what_the_server_answered(desk, core, server, studies, image):
    connected(desk, server.url)
    desk.analyse_image(image)
    wait(desk, until=lambda: desk.browser is not None)
    assert desk.shown is None  # the cine is there while the model is still at work
    message = wait(desk)
    assert "Analysed" in message, message

    cine = read_cine((studies / f"{image}.nii.gz").read_bytes())
    figures, label = desk.server.infer("cine_heart", {"image": image}, {}, _ticket())
    expected = read_label_map(label)
    shown = desk.shown
    assert shown.exam.measurements == figures
    for t in (0, 4, 2):
        shown.go_to(t)
        assert (arrayFromVolume(shown.volume) == cine.voxels[t]).all()
        assert (shown.frame(t) == expected.voxels[t]).all()
    rows = {shown.table.GetCellText(n, 0): shown.table.GetCellText(n, 1) for n in range(shown.table.GetNumberOfRows())}
    assert float(rows["LV ejection fraction"]) == pytest.approx(figures["lv_ef"], abs=0.01)
    colour = shown.segmentation.GetSegmentation().GetSegment("LV").GetColor()
    said = next(d for d in server.json("/info/")["models"]["cine_heart"]["label_details"] if d["name"] == "LV")
    assert np.allclose(colour, np.array(said["colour"]) / 255)
    assert {row.image: row.state for row in desk.cases}[image] == "analysed"


def test_a_film_and_a_heart_of_one_server_by_the_shipped_models(desk, core, server):
    from RadLoopLib.film_desk import FilmDesk

    films = FilmDesk(core.scene, connected(desk, server.url))
    assert "heart model" in desk.message
    assert "chest X-ray model" in desk.message
    films.analyse_image("film_clouded")
    wait(desk)
    answer = films.shown.film.answer
    assert answer is not None, desk.message
    assert sum(answer.probabilities.values()) == (0 if answer.abstained else pytest.approx(1))
    assert set(answer.classes) == {"normal", "pneumonia"} == set(films.classes)
    assert (films.shown.heat_map is None) == answer.abstained
    desk.analyse_image("heart_01")
    wait(desk)
    assert desk.shown is not None, desk.message
    assert films.shown.film.answer is answer


def test_only_the_labels_of_the_chosen_exam_are_seen(desk, server):
    def seen(exam):
        return bool(exam.segmentation.GetDisplayNode().GetVisibility())

    connected(desk, server.url)
    desk.analyse_image("heart_01")
    wait(desk)
    first = desk.shown
    assert seen(first)
    desk.analyse_image("heart_02")
    wait(desk, until=lambda: desk.browser is not first.browser)
    assert not seen(first)  # as soon as another cine is there, and before it has labels
    wait(desk)
    assert (seen(first), seen(desk.shown)) == (False, True)
    second = desk.shown
    desk.choose(first.browser)
    assert (seen(first), seen(second)) == (True, False)


def test_submit_and_open_again(desk, core, server):
    connected(desk, server.url)
    desk.analyse_image("heart_01")
    wait(desk)
    shown = desk.shown
    version = shown.exam.measurements["model_version"]
    shown.go_to(3)
    paint(core.editor(shown), "LV", (1, slice(20, 24), slice(20, 24)))
    shown.take_up_edits()
    shown.mark([0])
    shown.mark([5], 2)
    edited = shown.labels().voxels
    desk.submit("N. N.")
    assert wait(desk) == "Submitted heart_01 with 3 frames reviewed."
    assert not shown.exam.unsent
    kept = server.json("/datastore/label/info?label=heart_01&tag=final")
    assert kept["reviewed"] == {"1": "all", "4": [2], "6": [3]}
    assert (kept["author"], kept["from_version"], kept["assumed_reviewed"]) == ("N. N.", version, False)

    again = connected(Desk(core.scene, core.sequences), server.url)
    assert {row.image: (row.state, row.labels) for row in again.cases}["heart_01"] == ("submitted", ("final",))
    again.open_label("heart_01", "final")
    assert wait(again).startswith("Opened the label “final” by N. N.")
    assert (again.shown.labels().voxels == edited).all()
    assert again.shown.exam.review.as_submitted() == kept["reviewed"]
    assert again.shown.exam.from_version == version
    assert not again.shown.exam.unsent
    assert len(browsers(core)) == 1  # the cine was there already; nothing unsent stood in the way


def test_analysing_alone_reviews_nothing(desk, server):
    connected(desk, server.url)
    desk.analyse_image("heart_02")
    wait(desk)
    for t in range(6):
        desk.shown.go_to(t)
    desk.submit("N. N.")
    assert wait(desk) == "Submitted heart_02 with no frame reviewed."
    assert server.json("/datastore/label/info?label=heart_02&tag=final")["reviewed"] == {}


def test_a_cine_of_the_scene_is_lent_and_only_added_with_its_label(desk, core, server):
    connected(desk, server.url)
    cine, _ = heart(5, 3, (40, 48))
    browser = add_cine(core.scene, core.sequences, "My cine (1)", cine, None)
    desk.choose(browser)
    desk.analyse_scene(browser)
    wait(desk)
    assert desk.shown is not None, desk.message
    assert desk.shown.browser is browser
    assert "My_cine_1" not in server.json("/datastore/?output=all")["objects"]
    desk.shown.mark([0, 1])
    desk.submit("N. N.")
    assert wait(desk) == "Submitted My_cine_1 with 2 frames reviewed."
    assert "My_cine_1" in server.json("/datastore/?output=all")["objects"]
    assert server.json("/datastore/label/info?label=My_cine_1&tag=final")["reviewed"] == {"1": "all", "2": "all"}
    desk.submit("N. N.")  # again: it is one case, not two
    wait(desk)
    assert sum(row.image.startswith("My_cine") for row in desk.cases) == 1


def test_work_that_was_not_sent_is_never_replaced(desk, core, server):
    connected(desk, server.url)
    desk.analyse_image("heart_01")
    wait(desk)
    first = desk.shown
    desk.analyse_image("heart_01")
    paint(core.editor(first), "RV", (1, slice(0, 4), slice(0, 4)))  # while the model is at work again
    edited = first.labels().voxels.copy()
    wait(desk)
    assert desk.shown is not first
    assert len(browsers(core)) == 2
    assert (ShownExam.find(first.browser).labels().voxels == edited).all()
    second = desk.browser
    assert not desk.shown.exam.unsent
    desk.choose(first.browser)
    assert desk.shown.exam.unsent
    desk.analyse_image("heart_01")  # a third: the first is still not sent
    wait(desk)
    assert desk.browser is not second
    desk.choose(second)
    assert not desk.shown.exam.unsent


def test_cancel_is_at_once_and_leaves_the_scene_as_it_was(desk, core, line):
    connected(desk, line.url)
    line.bytes_per_s = 0
    desk.analyse_image("heart_01")
    wait(desk, until=lambda: line.open_connections > 0)
    job = desk._job
    desk.cancel()
    assert not desk.busy
    assert desk.message == "Cancelled."
    end = time.monotonic() + 5
    while not job.done and time.monotonic() < end:
        time.sleep(0.01)
    assert job.done  # the thread has let go of the silent server
    desk.poll()
    assert browsers(core) == []
    line.bytes_per_s = None
    desk.analyse_image("heart_01")
    assert "Analysed" in wait(desk)


def test_a_slow_line_shows_how_far_it_is(desk, line):
    connected(desk, line.url)
    line.bytes_per_s = 60_000
    seen = []
    desk.analyse_image("heart_01")
    wait(desk, until=lambda: seen.append(desk.ticket and (desk.ticket.text, desk.ticket.fraction)) or desk.browser)
    fractions = [f for text, f in filter(None, seen) if text == "Fetching the cine" and f]
    assert len(set(fractions)) > 2
    assert fractions == sorted(fractions)
    line.bytes_per_s = None
    wait(desk)


@pytest.mark.parametrize("down_bytes", [0, 400, 5000])
def test_a_cut_line_is_told_in_a_sentence(desk, core, line, down_bytes):
    connected(desk, line.url)
    line.down_bytes = down_bytes
    desk.analyse_image("heart_01")
    message = wait(desk)
    assert desk.is_fault
    assert message.startswith(("The connection to", "The server at"))
    assert "\n" not in message
    assert browsers(core) == []
    line.down_bytes = None
    desk.analyse_image("heart_01")
    assert "Analysed" in wait(desk)


@pytest.mark.parametrize(("up_bytes", "down_bytes"), [(300, None), (None, 0), (None, 60)])
def test_a_submission_that_was_cut_stays_unsent_and_goes_through_later(desk, core, line, server, up_bytes, down_bytes):
    connected(desk, line.url)
    desk.analyse_image("heart_01")
    wait(desk)
    desk.shown.mark([2])
    line.up_bytes, line.down_bytes = up_bytes, down_bytes
    desk.submit("N. N.")
    wait(desk)
    assert desk.is_fault
    assert desk.shown.exam.unsent
    line.up_bytes = line.down_bytes = None
    desk.submit("N. N.")
    assert wait(desk).startswith("Submitted heart_01")
    assert not desk.shown.exam.unsent
    assert server.json("/datastore/label/info?label=heart_01&tag=final")["reviewed"] == {"3": "all"}


def test_marks_made_while_a_submission_is_under_way_are_unsent(desk, line):
    connected(desk, line.url)
    desk.analyse_image("heart_01")
    wait(desk)
    desk.shown.mark([2])
    desk.submit("N. N.")
    desk.shown.mark([3])
    wait(desk)
    assert not desk.is_fault
    assert desk.shown.exam.unsent


def test_a_server_that_moved_gets_the_label_only_when_a_person_agrees(desk, line, server):
    connected(desk, line.url)
    desk.analyse_image("heart_02")
    wait(desk)
    desk.shown.mark([0])
    connected(desk, server.url)
    with pytest.raises(ValueError, match=f"came from {line.url}"):
        desk.submit("N. N.")
    desk.submit("N. N.", elsewhere=True)
    assert wait(desk).startswith("Submitted heart_02")
    assert not desk.is_from_elsewhere()
    assert not desk.shown.exam.unsent


def test_a_server_that_is_started_again_finds_everything_here(desk, server):
    connected(desk, server.url)
    desk.analyse_image("heart_01")
    wait(desk)
    desk.shown.mark([1])
    server.stop()
    try:
        desk.submit("N. N.")
        assert wait(desk).startswith("No server answers at http://127.0.0.1")
        assert desk.is_fault
        assert desk.shown.exam.unsent
    finally:
        server.start()
    desk.submit("N. N.")
    assert wait(desk).startswith("Submitted heart_01 with 1 frame reviewed")


def test_work_goes_on_in_a_scene_that_was_saved(desk, core, server, tmp_path):
    connected(desk, server.url)
    desk.analyse_image("heart_02")  # the left-handed one
    wait(desk)
    desk.shown.mark([4])
    expected = desk.shown.labels().voxels
    assert core.scene.WriteToMRB(str(tmp_path / "exam.mrb"))
    other = CoreScene(tmp_path / "other")
    assert other.scene.ReadFromMRB(str(tmp_path / "exam.mrb"))
    later = connected(Desk(other.scene, other.sequences), server.url)
    later.choose(browsers(other)[0])
    later.submit("N. N.")
    assert wait(later) == "Submitted heart_02 with 1 frame reviewed."
    later.open_label("heart_02", "final")  # Slicer turned the pictures round: they are fetched again
    assert wait(later).startswith("Opened")
    assert (later.shown.labels().voxels == expected).all()


def test_nobody_there(desk):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    desk.connect(str(port))
    assert wait(desk) == f"No server answers at http://127.0.0.1:{port}; is it running, and is the address right?"
    assert desk.is_fault


def test_another_kind_of_server(desk, tmp_path):
    import http.server
    import threading

    class Files(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files) as files:
        threading.Thread(target=files.serve_forever, daemon=True).start()
        desk.connect(f"http://127.0.0.1:{files.server_port}")
        message = wait(desk)
        files.shutdown()
    assert desk.is_fault
    assert "404" in message


def test_the_servers_own_sentence_reaches_the_person(desk, server):
    connected(desk, server.url)
    desk.analyse_image("nobody")
    message = wait(desk)
    assert desk.is_fault
    assert "nobody" in message
    assert message.count(".") >= 1
    assert "\n" not in message


def test_what_cannot_be_done_is_said(desk, core, server):
    with pytest.raises(ValueError, match="Connect to a server first"):
        desk.analyse_image("heart_01")
    connected(desk, server.url)
    with pytest.raises(ValueError, match="nothing to submit"):
        desk.submit("N. N.")
    desk.analyse_image("heart_01")
    with pytest.raises(ValueError, match="under way"):
        desk.analyse_image("heart_02")
    core.scene.Clear()
    wait(desk)


def test_a_cine_that_was_taken_away_meanwhile(desk, core, line):
    connected(desk, line.url)
    desk.analyse_image("heart_01")
    wait(desk, until=lambda: desk.browser is not None)
    core.scene.RemoveNode(desk.browser)
    assert wait(desk) == "The cine was taken out of the scene meanwhile."


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("8000", "http://127.0.0.1:8000"),
        (":8000", "http://127.0.0.1:8000"),
        (" localhost:8000/ ", "http://localhost:8000"),
        ("http://0.0.0.0:8000", "http://127.0.0.1:8000"),
        ("https://heart.example/radloop/", "https://heart.example/radloop"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_addresses_as_people_type_them(typed, meant):
    assert address(typed) == meant


@pytest.mark.parametrize("typed", ["", "ftp://heart", "http://", "one two", "host:port"])
def test_what_is_no_address(typed):
    with pytest.raises(Strange, match="is not an address"):
        address(typed)


def _ticket():
    from RadLoopLib.client import Ticket

    return Ticket()
