"""The panel: what a person presses becomes a call of the desk, and what the desk knows is drawn. Nothing else."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .desk import Desk
from .drawing import Drawing
from .film_panel import TAB as FILMS
from .film_panel import FilmPanel
from .pressing import agreed, on_press
from .scene import browsers_of, has_exam, is_cine, show_only
from .views import show_cine, show_plot

_SERVERS = "RadLoop/servers"
_AUTHOR = "RadLoop/author"
_EDITOR = "RadLoop"  # tag of the editor's parameter node: not shared with the Segment Editor module
_FIRST_SERVER = "http://127.0.0.1:8000"
_MOST_SERVERS = 10


class Panel:
    """``ui`` has the widgets of RadLoop.ui as attributes."""

    def __init__(self, ui: Any, scene: Any) -> None:
        self.ui, self.scene = ui, scene
        self.desk = Desk(scene, slicer.modules.sequences.logic())
        self.drawing = Drawing(ui, self.desk)
        self.films = FilmPanel(ui, scene, self.desk)
        self._worked_on: tuple[Any, Any] = (None, None)
        self._observed: tuple[Any, int] | None = None
        self._edited = False
        for address in slicer.util.settingsValue(_SERVERS, _FIRST_SERVER).split("\n"):
            ui.serverAddress.addItem(address)
        ui.author.text = slicer.util.settingsValue(_AUTHOR, "")
        ui.cineSelector.nodeTypes = ["vtkMRMLSequenceBrowserNode"]
        ui.cineSelector.noneEnabled = True
        ui.cineSelector.addEnabled = ui.cineSelector.removeEnabled = False
        ui.cineSelector.setMRMLScene(scene)
        self._set_up_editor()
        for button, act in (
            (ui.connectButton, self._connect),
            (ui.analyseButton, lambda: self.desk.analyse_image(self._case().image)),
            (ui.openLabelButton, lambda: self.desk.open_label(self._case().image, ui.labelTag.currentText)),
            (ui.analyseSceneButton, self._analyse_scene),
            (ui.cancelButton, self.desk.cancel),
            (ui.edButton, lambda: self._go_to_key_frame(0)),
            (ui.esButton, lambda: self._go_to_key_frame(1)),
            (ui.markSliceButton, self._mark_slice),
            (ui.markFrameButton, lambda: self._mark([self._shown().frame_index])),
            (ui.unmarkButton, self._unmark),
            (ui.markKeyFramesButton, self._mark_key_frames),
            (ui.markAllButton, self._mark_all),
            (ui.submitButton, self._submit),
        ):
            on_press(button, act, self.desk)
        ui.caseTable.connect("itemSelectionChanged()", self.draw)
        ui.cineSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._choose)
        ui.author.connect("textChanged(QString)", lambda *_: self._author_changed())
        ui.tabs.connect("currentChanged(int)", lambda *_: self._turned())
        self.desk.changed = self.draw
        self.draw()

    # What happens

    def poll(self) -> None:
        """Called by a timer: take up results and edits, show progress."""
        self.desk.poll()
        self.films.desk.poll()
        if self._edited and self.desk.shown is not None:
            self._edited = False
            if self.desk.shown.take_up_edits():
                self.drawing.exam()
        self.drawing.progress()
        if self.desk.shown is not None and self.drawing.slice_index() != self.drawing.slice_drawn:
            self.drawing.frame()

    def close_scene(self) -> None:
        self._release()
        self.films.close_scene()
        self.desk.close()

    def scene_opened(self) -> None:
        """Go on with an exam and a film that came with a saved scene."""
        if self.desk.browser is None:
            self.desk.choose(next((browser for browser in browsers_of(self.scene) if has_exam(browser)), None))
        self.films.desk.scene_opened()
        if self.desk.browser is None and self.films.desk.shown is not None:
            self.ui.tabs.currentIndex = FILMS

    def enter(self) -> None:
        self.ui.editor.installKeyboardShortcuts()
        self._give_to_editor()

    def exit(self) -> None:
        self.ui.editor.setActiveEffect(None)
        self.ui.editor.uninstallKeyboardShortcuts()

    def close(self) -> None:
        self.desk.changed = lambda: None
        self._release()
        self.ui.editor.setMRMLSegmentEditorNode(None)
        self.films.desk.close()
        self.desk.close()

    # What a person presses

    def _connect(self) -> None:
        typed = self.ui.serverAddress.currentText
        self.desk.connect(typed, self.ui.token.text)  # which is not kept: settings lie on the disk in the clear
        known = [self.ui.serverAddress.itemText(n) for n in range(self.ui.serverAddress.count)]
        known = [typed, *(address for address in known if address != typed)][:_MOST_SERVERS]
        qt.QSettings().setValue(_SERVERS, "\n".join(known))
        self.ui.serverAddress.clear()
        for address in known:
            self.ui.serverAddress.addItem(address)

    def _analyse_scene(self) -> None:
        browser, server = self.desk.browser, self.desk.server
        if server is not None and agreed(
            _("Send “{name}” to {server}? It is lent for this analysis and not added to the server's cases.").format(
                name=browser.GetName(), server=server.url
            )
        ):
            self.desk.analyse_scene(browser)

    def _go_to_key_frame(self, which: int) -> None:
        frame_index = self._shown().exam.key_frames()[which]
        if frame_index is not None:
            self._shown().go_to(frame_index)

    def _mark(self, frame_indices: Any, slice_index: int | None = None) -> None:
        self._shown().mark(frame_indices, slice_index)
        self.draw()

    def _mark_slice(self) -> None:
        slice_index = self.drawing.slice_index()
        if slice_index is not None:
            self._mark([self._shown().frame_index], slice_index)

    def _unmark(self) -> None:
        self._shown().unmark(self._shown().frame_index)
        self.draw()

    def _mark_key_frames(self) -> None:
        frames = [t for t in self._shown().exam.key_frames() if t is not None]
        numbers = " and ".join(str(t + 1) for t in frames)
        if agreed(
            _("Have you looked at every slice of frames {numbers}? They will count as truth.").format(numbers=numbers)
        ):
            self._mark(frames)

    def _mark_all(self) -> None:
        review = self._shown().exam.review
        if agreed(
            _("Have you looked at every slice of all {n} frames? They will count as truth.").format(n=review.n_frames)
        ):
            self._mark(range(review.n_frames))

    def _submit(self) -> None:
        shown, author = self._shown(), self.ui.author.text.strip()
        if self.desk.server is None:
            raise ValueError(_("Connect to a server first."))
        here, elsewhere = self.desk.server.url, self.desk.is_from_elsewhere()
        shown.take_up_edits(all_frames=True)
        questions = []
        if not shown.exam.review.any_reviewed:
            questions.append(_("Nothing is marked or changed. Submit the label as one that nobody has looked at?"))
        if shown.exam.image is None:
            add = _("Add “{name}” to the cases of {here}, with this label?")
            questions.append(add.format(name=shown.browser.GetName(), here=here))
        if elsewhere:
            moved = _("This exam came from {there}. Submit it to {here}?")
            questions.append(moved.format(there=shown.exam.server, here=here))
        if all(agreed(question) for question in questions):
            self.desk.submit(author, elsewhere=elsewhere)

    def _author_changed(self) -> None:
        qt.QSettings().setValue(_AUTHOR, self.ui.author.text.strip())
        self.drawing.submit()
        self.films.draw()

    def _turned(self) -> None:
        """Another tab is in front: its picture comes into the views."""
        if self.ui.tabs.currentIndex == FILMS:
            self.films.show()
        elif self.desk.browser is not None:
            show_only(self.scene, self.desk.browser)
            self._show()

    def _choose(self, browser: Any) -> None:
        if browser is not self.desk.browser:
            self.desk.choose(browser)

    # What is there

    def _shown(self) -> Any:
        if self.desk.shown is None:
            raise ValueError(_("There is no analysed cine to do this with."))
        return self.desk.shown

    def _case(self) -> Any:
        chosen = self.drawing.cases.chosen
        if chosen is None:
            raise ValueError(_("Choose a case first."))
        return chosen

    # What is worked on

    def draw(self) -> None:
        if (self.desk.browser, self.desk.shown) != self._worked_on:
            self._take_over()
        self.drawing.everything()
        self.films.draw()

    def _take_over(self) -> None:
        """Another cine is worked on from now on, or the same with other labels."""
        browser, shown = self.desk.browser, self.desk.shown
        self._release()
        self._worked_on = (browser, shown)
        for widget in (self.ui.seek, self.ui.play):
            widget.setMRMLSequenceBrowserNode(browser)
        self._show()
        if shown is not None:
            shown.on_edit = self._note_edit
            tag = shown.browser.AddObserver("ModifiedEvent", lambda *_: self.drawing.frame())
            self._observed = (shown.browser, tag)
            self._give_to_editor()

    def _show(self) -> None:
        if is_cine(self.desk.browser):
            show_cine(self.desk.browser)
        if self.desk.shown is not None:
            show_plot(self.desk.shown.chart)

    def _release(self) -> None:
        if self._observed is not None:
            self._observed[0].RemoveObserver(self._observed[1])
            self._observed = None
        self._worked_on = (None, None)
        self._edited = False
        self.ui.editor.setSegmentationNode(None)
        self.ui.editor.setSourceVolumeNode(None)
        self.ui.measurementTable.setMRMLTableNode(None)
        for widget in (self.ui.seek, self.ui.play):
            widget.setMRMLSequenceBrowserNode(None)

    def _note_edit(self) -> None:
        self._edited = True

    # The editor

    def _set_up_editor(self) -> None:
        editor = self.ui.editor
        editor.setMRMLScene(self.scene)
        editor.segmentationNodeSelectorVisible = False
        editor.sourceVolumeNodeSelectorVisible = False
        editor.switchToSegmentationsButtonVisible = False
        editor.addRemoveSegmentButtonsVisible = False  # always the same three, on every frame
        editor.maximumNumberOfUndoStates = 10

    def _give_to_editor(self) -> None:
        shown, editor = self.desk.shown, self.ui.editor
        if shown is None:
            return
        node = self.scene.GetSingletonNode(_EDITOR, "vtkMRMLSegmentEditorNode")
        if node is None:
            node = slicer.vtkMRMLSegmentEditorNode()
            node.SetSingletonTag(_EDITOR)
            node = self.scene.AddNode(node)
        editor.setMRMLSegmentEditorNode(node)
        editor.setSegmentationNode(shown.segmentation)
        editor.setSourceVolumeNode(shown.volume)
