"""The panel: what a person presses becomes a call of the desk, and what the desk knows is drawn. Nothing else."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from .client import Fault
from .desk import Desk
from .exam.words import frame_words, reviewed_words, warning_words
from .scene import ShownExam, browsers_of, is_cine, slice_shown
from .views import red_slice, show_in_views

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
        self._drawn: dict[str, Any] = {}
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
            (ui.markSliceButton, lambda: self._mark([self._shown().frame_index], self._slice_index())),
            (ui.markFrameButton, lambda: self._mark([self._shown().frame_index])),
            (ui.unmarkButton, self._unmark),
            (ui.markKeyFramesButton, self._mark_key_frames),
            (ui.markAllButton, self._mark_all),
            (ui.submitButton, self._submit),
        ):
            button.connect("clicked(bool)", lambda *_, act=act: self._do(act))
        ui.caseTable.connect("itemSelectionChanged()", self.draw)
        ui.cineSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._choose)
        ui.author.connect("textChanged(QString)", lambda *_: self._author_changed())
        self.desk.changed = self.draw
        self.draw()

    # What happens

    def poll(self) -> None:
        """Called by a timer: take up results and edits, show progress."""
        self.desk.poll()
        if self._edited and self.desk.shown is not None:
            self._edited = False
            if self.desk.shown.take_up_edits():
                self._draw_exam()
        self._draw_progress()
        if self.desk.shown is not None and self._slice_index() != self._drawn.get("slice"):
            self._draw_frame()

    def close_scene(self) -> None:
        self._release()
        self.desk.close()

    def scene_opened(self) -> None:
        """Go on with an exam that came with a saved scene."""
        if self.desk.browser is None:
            exams = (browser for browser in browsers_of(self.scene) if ShownExam.find(browser) is not None)
            self.desk.choose(next(exams, None))

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
        self.desk.close()

    # What a person presses

    def _do(self, act: Any) -> None:
        """Whatever cannot be done is said in the panel, in the sentence that it came with."""
        try:
            act()
        except (Fault, ValueError) as fault:
            self.desk.say(str(fault), is_fault=True)

    def _connect(self) -> None:
        typed = self.ui.serverAddress.currentText
        self.desk.connect(typed)
        known = [self.ui.serverAddress.itemText(n) for n in range(self.ui.serverAddress.count)]
        known = [typed, *(address for address in known if address != typed)][:_MOST_SERVERS]
        qt.QSettings().setValue(_SERVERS, "\n".join(known))
        self.ui.serverAddress.clear()
        for address in known:
            self.ui.serverAddress.addItem(address)

    def _analyse_scene(self) -> None:
        browser, server = self.desk.browser, self.desk.server
        if server is not None and self._agreed(
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

    def _unmark(self) -> None:
        self._shown().unmark(self._shown().frame_index)
        self.draw()

    def _mark_key_frames(self) -> None:
        frames = [t for t in self._shown().exam.key_frames() if t is not None]
        numbers = " and ".join(str(t + 1) for t in frames)
        if self._agreed(
            _("Have you looked at every slice of frames {numbers}? They will count as truth.").format(numbers=numbers)
        ):
            self._mark(frames)

    def _mark_all(self) -> None:
        review = self._shown().exam.review
        if self._agreed(
            _("Have you looked at every slice of all {n} frames? They will count as truth.").format(n=review.n_frames)
        ):
            self._mark(range(review.n_frames))

    def _submit(self) -> None:
        shown, server = self._shown(), self.desk.server
        shown.take_up_edits(all_frames=True)
        if not shown.exam.review.any_reviewed and not self._agreed(
            _("Nothing is marked or changed. Submit the label as one that nobody has looked at?")
        ):
            return
        if (
            shown.exam.image is None
            and server is not None
            and not self._agreed(
                _("Add “{name}” to the cases of {server}, with this label?").format(
                    name=shown.browser.GetName(), server=server.url
                )
            )
        ):
            return
        self.desk.submit(self.ui.author.text.strip())

    def _author_changed(self) -> None:
        qt.QSettings().setValue(_AUTHOR, self.ui.author.text.strip())
        self._draw_submit()

    def _choose(self, browser: Any) -> None:
        if browser is not self.desk.browser:
            self.desk.choose(browser)

    def _agreed(self, question: str) -> bool:
        return bool(slicer.util.confirmYesNoDisplay(question, windowTitle="RadLoop"))

    # What is there

    def _shown(self) -> Any:
        if self.desk.shown is None:
            raise ValueError(_("There is no analysed cine to do this with."))
        return self.desk.shown

    def _case(self) -> Any:
        row = self.ui.caseTable.currentRow()
        if not 0 <= row < len(self.desk.cases):
            raise ValueError(_("Choose a case first."))
        return self.desk.cases[row]

    def _slice_index(self) -> int | None:
        view, shown = red_slice(self.scene), self._shown()
        return slice_shown(view, shown.exam.ijk_to_ras, shown.exam.review.n_slices) if view is not None else None

    # Drawing

    def draw(self) -> None:
        ui, desk = self.ui, self.desk
        ui.messageLabel.text = desk.message
        ui.messageLabel.styleSheet = "color: #c0392b;" if desk.is_fault else ""
        ui.messageLabel.visible = bool(desk.message)
        self._draw_cases()
        connected, free = desk.server is not None, not desk.busy
        chosen = 0 <= ui.caseTable.currentRow() < len(desk.cases)
        ui.connectButton.enabled = free
        ui.analyseButton.enabled = connected and free and chosen
        ui.openLabelButton.enabled = connected and free and ui.labelTag.count > 0
        ui.analyseSceneButton.enabled = connected and free and is_cine(desk.browser)
        why_not = "" if connected else _("Connect to a server first.")
        ui.analyseButton.toolTip = why_not or ("" if chosen else _("Choose a case first."))
        ui.openLabelButton.toolTip = why_not or ("" if ui.labelTag.count else _("No label of this case was submitted."))
        ui.analyseSceneButton.toolTip = why_not or ("" if is_cine(desk.browser) else _("Choose a cine of the scene."))
        if ui.cineSelector.currentNode() is not desk.browser:
            ui.cineSelector.setCurrentNode(desk.browser)
        self._draw_progress()
        if desk.shown is not self._drawn.get("shown"):
            self._take_over()
        self._draw_exam()

    def _draw_cases(self) -> None:
        ui, cases = self.ui, self.desk.cases
        if self._drawn.get("cases") != cases:
            self._drawn["cases"] = list(cases)
            before = ui.caseTable.currentRow()
            ui.caseTable.setRowCount(len(cases))
            for n, row in enumerate(cases):
                frames = "" if row.n_frames is None else str(row.n_frames)
                for column, text in enumerate((row.image, row.state, frames)):
                    ui.caseTable.setItem(n, column, qt.QTableWidgetItem(text))
            if before < 0 and cases:
                ui.caseTable.selectRow(0)
        row = ui.caseTable.currentRow()
        tags = cases[row].labels if 0 <= row < len(cases) else ()
        if self._drawn.get("tags") != tags:
            self._drawn["tags"] = tags
            ui.labelTag.clear()
            for tag in tags:
                ui.labelTag.addItem(tag)

    def _draw_progress(self) -> None:
        ui, ticket = self.ui, self.desk.ticket
        ui.progressRow.visible = ticket is not None
        if ticket is not None:
            # Nobody knows how long a model takes: then the bar only moves.
            ui.progressBar.maximum = 0 if ticket.fraction is None else 100
            ui.progressBar.value = round(100 * (ticket.fraction or 0))
            ui.progressBar.format = ticket.text
            if ui.messageLabel.text != ticket.text:
                ui.messageLabel.text, ui.messageLabel.styleSheet = ticket.text, ""
                ui.messageLabel.visible = bool(ticket.text)

    def _take_over(self) -> None:
        """Another exam is worked on from now on."""
        shown = self.desk.shown
        self._release()
        self._drawn["shown"] = shown
        for widget in (self.ui.seek, self.ui.play):
            widget.setMRMLSequenceBrowserNode(self.desk.browser)
        if shown is not None:
            shown.on_edit = self._note_edit
            tag = shown.browser.AddObserver("ModifiedEvent", lambda *_: self._draw_frame())
            self._observed = (shown.browser, tag)
            self._give_to_editor()
            show_in_views(shown)

    def _release(self) -> None:
        if self._observed is not None:
            self._observed[0].RemoveObserver(self._observed[1])
            self._observed = None
        self._drawn["shown"] = None
        self._edited = False
        self.ui.editor.setSegmentationNode(None)
        self.ui.editor.setSourceVolumeNode(None)
        self.ui.measurementTable.setMRMLTableNode(None)
        for widget in (self.ui.seek, self.ui.play):
            widget.setMRMLSequenceBrowserNode(None)

    def _note_edit(self) -> None:
        self._edited = True

    def _draw_exam(self) -> None:
        ui, shown = self.ui, self.desk.shown
        for button in (ui.edButton, ui.esButton, ui.markFrameButton, ui.unmarkButton, ui.markKeyFramesButton):
            button.enabled = shown is not None
        ui.markAllButton.enabled = shown is not None
        if shown is not None:
            ui.measurementTable.setMRMLTableNode(shown.table)
            for button, name, t in zip((ui.edButton, ui.esButton), ("ED", "ES"), shown.exam.key_frames(), strict=True):
                button.text = name if t is None else _("{name}: frame {n}").format(name=name, n=t + 1)
                button.enabled = t is not None
            ui.markKeyFramesButton.enabled = None not in shown.exam.key_frames()
        ui.warningsLabel.text = warning_words(shown.exam) if shown else ""
        ui.reviewedLabel.text = reviewed_words(shown.exam) if shown else ""
        self._draw_frame()
        self._draw_submit()

    def _draw_frame(self) -> None:
        ui, shown = self.ui, self.desk.shown
        slice_index = self._slice_index() if shown is not None else None
        self._drawn["slice"] = slice_index
        ui.frameLabel.text = frame_words(shown.exam, shown.frame_index, slice_index) if shown else ""
        ui.markSliceButton.enabled = slice_index is not None
        ui.markSliceButton.toolTip = "" if slice_index is not None else _("The red view shows no slice of the cine.")

    def _draw_submit(self) -> None:
        ui, desk = self.ui, self.desk
        reason = ""
        if desk.shown is None:
            reason = _("Analyse a cine or open a label first.")
        elif desk.server is None:
            reason = _("Connect to {server} to submit.").format(server=desk.shown.exam.server)
        elif not ui.author.text.strip():
            reason = _("Say who you are: a label carries its author.")
        ui.submitButton.enabled = not reason and not desk.busy
        ui.submitHint.text = reason
        ui.submitHint.visible = bool(reason)

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
