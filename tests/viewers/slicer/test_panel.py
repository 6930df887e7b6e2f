"""The module in a real window, worked by mouse and keyboard, with a server in a process of its own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from RadLoopLib.exam import write_cine, write_label_map
from RadLoopLib.scene import add_cine

from heart_phantom import heart, measurements

PICTURES = os.environ.get("RADLOOP_PICTURES")  # a folder where pictures are kept to be looked at


@pytest.fixture
def hearts(tmp_path):
    """A server of two known hearts; gives its address and folder."""
    for name, n_frames in (("heart_01", 10), ("heart_02", 8)):
        cine, labels = heart(n_frames, rv_gone_at=None)
        (tmp_path / f"{name}.nii.gz").write_bytes(write_cine(cine))
        (tmp_path / f"{name}.label.nii.gz").write_bytes(write_label_map(labels))
        (tmp_path / f"{name}.json").write_text(json.dumps(measurements(labels, name, cine.times_ms)))
    program = Path(__file__).parent / "small_server.py"
    process = subprocess.Popen([sys.executable, str(program), str(tmp_path)], stdout=subprocess.PIPE, text=True)
    yield f"http://127.0.0.1:{process.stdout.readline().strip()}", tmp_path
    process.kill()
    process.wait()


class Window:
    """The module's widget in a window, and what a person does with it."""

    def __init__(self, core, app):
        import RadLoop
        from PySide6 import QtCore, QtTest, QtWidgets

        from qt_shim import STAND_INS

        self.core, self.app, self._test, self._left = core, app, QtTest.QTest, QtCore.Qt.LeftButton
        self.view = core.scene.AddNode(_red_view())
        self.window = STAND_INS["qMRMLWidget"]()
        self.window.setLayout(QtWidgets.QVBoxLayout())
        self.module = RadLoop.RadLoopWidget(self.window)
        self.module.setup()
        self.turns = 0
        self.module.timer.connect("timeout()", self._turned)
        self.module.enter()
        self.panel, self.ui = self.module.panel, self.module.panel.ui
        self.desk = self.panel.desk
        self.window.resize(460, 1090)
        self.window.show()
        app.processEvents()

    def close(self):
        self.module.exit()
        self.module.cleanup()
        for widget in vars(self.ui).values():
            if hasattr(widget, "forget"):
                widget.forget()
        self.window.close()

    def click(self, button):
        """Inside an event loop, as in an application: a question that comes of it needs one."""
        from PySide6 import QtCore

        assert button.isEnabled(), button.name
        loop = QtCore.QEventLoop()

        def press():
            self._test.mouseClick(button, self._left)
            loop.quit()

        QtCore.QTimer.singleShot(0, press)
        loop.exec()

    def choose(self, row):
        """Click on a row of the list of cases."""
        table = self.ui.caseTable
        table.scrollToItem(table.item(row, 0))
        where = table.visualItemRect(table.item(row, 0)).center()
        self._test.mouseClick(table.viewport(), self._left, pos=where)
        self.settle()

    def type(self, field, text):
        field.setFocus()
        field.selectAll()
        self._test.keyClicks(field, text)

    def wait(self, until=None, seconds=20):
        end = time.monotonic() + seconds
        while self.desk.busy if until is None else not until():
            assert time.monotonic() < end, self.ui.messageLabel.text
            self.app.processEvents()
            time.sleep(0.005)
        self.settle()

    def _turned(self):
        self.turns += 1

    def settle(self):
        """Three turns of the panel's timer, however long a busy machine takes for them."""
        until, end = self.turns + 3, time.monotonic() + 20
        while self.turns < until:
            assert time.monotonic() < end
            self.app.processEvents()
            time.sleep(0.01)

    def answer(self, yes):
        """Press Yes or No in the question that comes next; gives a list that will hold its text."""
        from PySide6 import QtCore, QtWidgets

        asked = []

        def press():
            box = self.app.activeModalWidget()
            if box is None:  # not asked yet
                QtCore.QTimer.singleShot(20, press)
                return
            asked.append(box.text)
            which = QtWidgets.QMessageBox.Yes if yes else QtWidgets.QMessageBox.No
            self._test.mouseClick(box.button(which), self._left)

        QtCore.QTimer.singleShot(20, press)
        return asked

    def connect(self, url):
        self.type(self.ui.serverAddress.lineEdit(), url)
        self.click(self.ui.connectButton)
        self.wait()

    def analysed(self, url):
        self.connect(url)
        self.click(self.ui.analyseButton)
        self.wait()
        assert self.desk.shown is not None, self.ui.messageLabel.text
        return self.desk.shown

    def look_at_slice(self, k):
        """As the wheel over the red view does."""
        import numpy as np

        affine = np.array(self.desk.shown.exam.ijk_to_ras)
        along = affine[:3, :2] / np.linalg.norm(affine[:3, :2], axis=0)
        x, y, z = (affine @ (30, 30, k, 1))[:3]
        self.view.SetSliceToRASByNTP(*np.cross(along[:, 0], along[:, 1]), *along[:, 0], x, y, z, 0)
        self.settle()

    def table(self):
        view = self.ui.measurementTable
        header = [view.horizontalHeaderItem(c).text() for c in range(view.columnCount)]
        rows = [[view.item(r, c).text() for c in range(view.columnCount)] for r in range(view.rowCount)]
        return {row[0]: dict(zip(header[1:], row[1:], strict=True)) for row in rows}

    def picture(self, name):
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.window.grab().save(str(Path(PICTURES) / name))


def _red_view():
    import slicer

    view = slicer.vtkMRMLSliceNode()
    view.SetName("Red")
    view.SetLayoutName("Red")
    view.SetSingletonTag("Red")
    return view


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    from qt_shim import install

    return install(tmp_path_factory.mktemp("settings"))


@pytest.fixture
def window(core, app):
    import qt

    qt.QSettings().clear()
    window = Window(core, app)
    yield window
    window.close()


def test_before_anything_the_panel_says_what_comes_first(window):
    ui = window.ui
    assert ui.researchLabel.text == "For research, not a medical device."
    for button in (ui.analyseButton, ui.openLabelButton, ui.analyseSceneButton, ui.submitButton, ui.markFrameButton):
        assert not button.isEnabled()
    assert ui.analyseButton.toolTip == "Connect to a server first."
    assert ui.submitHint.text == "Analyse a cine or open a label first."
    assert ui.serverAddress.currentText == "http://127.0.0.1:8000"
    window.picture("panel_empty.png")


def test_from_connecting_to_a_submitted_label(window, hearts):
    url, folder = hearts
    window.connect(url.removeprefix("http://"))
    ui = window.ui
    assert ui.messageLabel.text == f"Connected to {url}: heart model 3."
    assert [ui.caseTable.item(n, 0).text() for n in range(2)] == ["heart_01", "heart_02"]
    window.click(ui.analyseButton)
    assert ui.cancelButton.isVisible()
    window.wait()
    assert not ui.cancelButton.isVisible()

    said = json.loads((folder / "heart_01.json").read_text())
    assert float(window.table()["LV ejection fraction"]["Model"]) == pytest.approx(said["lv_ef"], abs=0.01)
    assert "The most basal slice may lie in the atrium." in ui.warningsLabel.text
    assert (ui.edButton.text, ui.esButton.text) == ("ED: frame 1", "ES: frame 6")

    window.click(ui.esButton)
    assert window.desk.shown.frame_index == 5
    assert ui.frameLabel.text == "Frame 6 of 10 (ES); not reviewed."
    window.look_at_slice(2)
    assert ui.frameLabel.text == "Frame 6 of 10 (ES), slice 3 of 6; not reviewed."
    window.click(ui.markSliceButton)
    assert ui.frameLabel.text.endswith("reviewed: slice 3.")

    ui.seek.setFocus()
    ui.seek.setValue(3)
    ui.editor.stroke("LV", (3, slice(10, 20), slice(10, 40)))
    window.settle()
    assert "changed: slice 4" in ui.frameLabel.text
    assert "Corrected" in window.table()["LV ejection fraction"]
    assert not ui.submitButton.isEnabled()
    assert ui.submitHint.text == "Say who you are: a label carries its author."
    window.type(ui.author, "N. N.")
    asked = window.answer(yes=True)
    window.click(ui.markKeyFramesButton)
    assert asked == ["Have you looked at every slice of frames 1 and 6? They will count as truth."]
    window.picture("panel_review.png")
    window.click(ui.submitButton)
    window.wait()
    assert ui.messageLabel.text.startswith("Submitted heart_01")
    assert ui.reviewedLabel.text.endswith("Submitted.")
    assert ui.caseTable.item(0, 1).text() == "submitted"
    kept = json.loads((folder / "heart_01.final.json").read_text())
    assert kept["author"] == "N. N."
    assert kept["reviewed"]["4"] == [4]
    assert kept["from_version"] == "3"

    window.click(ui.openLabelButton)
    window.wait()
    assert window.desk.shown.exam.review.as_submitted() == kept["reviewed"]
    assert "Submitted" in window.table()["LV ejection fraction"]


def test_why_a_study_cannot_be_used_stands_below_the_list(window, hearts):
    url, folder = hearts
    sentence = "A phase is missing next to sax-cine-007.dcm: slice 2 of 7 has 5 phases where the others have 6."
    other = {"series": "1.2.840.7", "description": "SAX <cine>", "sentence": sentence}
    (folder / "cases").write_text(json.dumps({"cases": [], "others": [other]}))
    window.connect(url)
    ui = window.ui
    assert ui.messageLabel.text.endswith("1 study cannot be used: the list of hearts says why.")
    rows = [[ui.caseTable.item(n, c).text() for c in range(3)] for n in range(ui.caseTable.rowCount)]
    assert rows == [["heart_01", "new", ""], ["heart_02", "new", ""], ["1.2.840.7", "cannot be used", ""]]
    assert ui.filmTable.rowCount == 0
    assert not ui.caseHint.isVisible()
    window.choose(2)
    assert ui.caseHint.isVisible()
    assert ui.caseHint.text == f"SAX <cine>: {sentence}"
    assert ui.analyseButton.toolTip == ui.caseHint.text
    assert not ui.analyseButton.isEnabled()
    assert not ui.openLabelButton.isEnabled()
    window.picture("panel_cannot_be_used.png")
    window.choose(0)
    assert not ui.caseHint.isVisible()
    window.click(ui.analyseButton)
    window.wait()
    assert window.desk.shown is not None, ui.messageLabel.text
    assert ui.caseTable.item(2, 0).text() == "1.2.840.7"  # still the last, now that a case has another state


def test_marks_after_a_question_are_made_only_after_yes(window, hearts):
    shown = window.analysed(hearts[0])
    asked = window.answer(yes=False)
    window.click(window.ui.markAllButton)
    assert asked == ["Have you looked at every slice of all 10 frames? They will count as truth."]
    assert shown.exam.review.as_submitted() == {}
    window.answer(yes=True)
    window.click(window.ui.markKeyFramesButton)
    assert shown.exam.review.as_submitted() == {"1": "all", "6": "all"}
    shown.go_to(0)
    window.click(window.ui.unmarkButton)
    assert shown.exam.review.as_submitted() == {"6": "all"}


def test_nothing_reviewed_is_submitted_only_after_yes(window, hearts):
    url, folder = hearts
    window.analysed(url)
    window.type(window.ui.author, "N. N.")
    asked = window.answer(yes=False)
    window.click(window.ui.submitButton)
    assert "nobody has looked at" in asked[0]
    assert not (folder / "heart_01.final.json").exists()
    window.answer(yes=True)
    window.click(window.ui.submitButton)
    window.wait()
    assert json.loads((folder / "heart_01.final.json").read_text())["reviewed"] == {}


def test_an_edit_is_followed_by_undo(window, hearts):
    shown = window.analysed(hearts[0])
    shown.go_to(4)
    window.ui.editor.stroke("RV", (2, slice(0, 5), slice(0, 5)))
    window.settle()
    assert "changed: slice 3" in window.ui.frameLabel.text
    window.ui.editor.logic.Undo()
    window.settle()
    assert window.ui.frameLabel.text == "Frame 5 of 10; not reviewed."


def test_nobody_is_sent_a_cine_without_being_asked(window, core, hearts):
    window.connect(hearts[0])
    cine, _ = heart(4)
    browser = add_cine(core.scene, core.sequences, "private", cine, None)
    window.ui.cineSelector.setCurrentNode(browser)
    assert window.desk.browser is browser
    asked = window.answer(yes=False)
    window.click(window.ui.analyseSceneButton)
    assert asked[0].startswith(f"Send “private” to {hearts[0]}?")
    assert not window.desk.busy


def test_a_server_that_is_away_is_told_and_nothing_is_lost(window, hearts):
    from troubled_line import TroubledLine

    line = TroubledLine(hearts[0])
    shown = window.analysed(line.url)
    window.click(window.ui.markFrameButton)
    window.type(window.ui.author, "N. N.")
    line.down_bytes = 0
    window.click(window.ui.submitButton)
    window.wait()
    assert "went away" in window.ui.messageLabel.text or "broke" in window.ui.messageLabel.text
    assert window.ui.reviewedLabel.text == "Reviewed: frame 1. Not submitted yet."
    window.picture("panel_server_away.png")
    line.down_bytes = None
    window.click(window.ui.submitButton)
    window.wait()
    assert not shown.exam.unsent
    line.close()


def test_another_address_gets_the_label_only_after_yes(window, hearts):
    from troubled_line import TroubledLine

    url, folder = hearts
    line = TroubledLine(url)
    window.analysed(line.url)
    window.click(window.ui.markFrameButton)
    window.type(window.ui.author, "N. N.")
    window.connect(url)
    asked = window.answer(yes=False)
    window.click(window.ui.submitButton)
    assert asked == [f"This exam came from {line.url}. Submit it to {url}?"]
    assert not window.desk.busy
    window.answer(yes=True)
    window.click(window.ui.submitButton)
    window.wait()
    assert (folder / "heart_01.final.json").exists()
    line.close()


def test_progress_moves_and_cancel_works(window, hearts):
    from troubled_line import TroubledLine

    line = TroubledLine(hearts[0])
    window.connect(line.url)
    line.bytes_per_s = 100_000
    window.click(window.ui.analyseButton)
    window.wait(until=lambda: 5 < window.ui.progressBar.value < 100)
    assert window.ui.messageLabel.text == "Fetching the cine"
    window.picture("panel_progress.png")
    window.click(window.ui.cancelButton)
    assert window.ui.messageLabel.text == "Cancelled."
    assert window.ui.analyseButton.isEnabled()
    line.close()


def test_the_address_and_the_author_are_remembered(window, core, app, hearts):
    window.connect(hearts[0])
    window.type(window.ui.author, "N. N.")
    second = Window(core, app)
    assert second.ui.serverAddress.currentText == hearts[0]
    assert second.ui.author.text == "N. N."
    second.close()


def test_closing_the_scene_in_the_middle_of_a_request(window, core, hearts):
    from troubled_line import TroubledLine

    line = TroubledLine(hearts[0])
    window.connect(line.url)
    line.bytes_per_s = 0
    window.click(window.ui.analyseButton)
    window.settle()
    core.scene.Clear()
    window.settle()
    assert not window.desk.busy
    assert window.desk.shown is None
    assert window.ui.frameLabel.text == ""
    line.close()


def test_closing_and_opening_a_scene_goes_on_where_it_was(window, core, hearts, tmp_path):
    shown = window.analysed(hearts[0])
    shown.go_to(2)
    window.click(window.ui.markFrameButton)
    assert core.scene.WriteToMRB(str(tmp_path / "exam.mrb"))
    core.scene.Clear()
    window.settle()
    assert not window.ui.markFrameButton.isEnabled()
    assert core.scene.ReadFromMRB(str(tmp_path / "exam.mrb"))
    window.settle()
    assert window.desk.shown is not None
    assert window.ui.reviewedLabel.text == "Reviewed: frame 3. Not submitted yet."


def test_deleting_nodes_by_hand_does_not_break_the_panel(window, core, hearts):
    shown = window.analysed(hearts[0])
    core.scene.RemoveNode(shown.sequence)
    window.settle()
    assert window.desk.shown is None
    core.scene.RemoveNode(window.desk.browser)
    window.settle()
    assert window.desk.browser is None
    window.click(window.ui.analyseButton)
    window.wait()
    assert window.desk.shown is not None


def test_a_script_can_do_without_the_panel(core, app):
    import RadLoop

    assert RadLoop.RadLoopLogic().desk().scene is core.scene


def test_the_self_test_of_the_module_runs(core, app):
    import RadLoop

    RadLoop.RadLoopTest().runTest()
