"""What the desk knows, drawn in the panel's widgets. Every grey button says why it is grey."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from .case_list import CaseList
from .client import HEART
from .desk import Desk
from .exam.words import frame_words, reviewed_words, warning_words
from .scene import is_cine, slice_shown
from .views import red_slice


class Drawing:
    """``everything`` when the desk has changed; its parts when only they have.

    slice_drawn : the slice that the panel speaks of.
    """

    def __init__(self, ui: Any, desk: Desk) -> None:
        self.ui, self.desk = ui, desk
        self.slice_drawn: int | None = None
        self.cases = CaseList(ui.caseTable, lambda row: row.may_be_cine)
        self._labels_drawn: tuple[str, ...] = ()

    def slice_index(self) -> int | None:
        """Of the slice in the red view, if it shows one of the exam's."""
        view, shown = red_slice(self.desk.scene), self.desk.shown
        if view is None or shown is None:
            return None
        return slice_shown(view, shown.exam.ijk_to_ras, shown.exam.review.n_slices)

    def everything(self) -> None:
        ui, desk = self.ui, self.desk
        ui.messageLabel.text = desk.message
        ui.messageLabel.styleSheet = "color: #c0392b;" if desk.is_fault else ""
        ui.messageLabel.visible = bool(desk.message)
        self.cases.fill(desk.cases)
        self._labels()
        why_not = desk.why_not(HEART)
        connected, free = not why_not, not desk.busy
        chosen = self.cases.chosen
        fault = _("Choose a case first.") if chosen is None else chosen.why_not
        ui.caseHint.text = chosen.why_not if chosen is not None else ""
        ui.caseHint.visible = bool(ui.caseHint.text)
        ui.connectButton.enabled = free
        ui.analyseButton.enabled = connected and free and not fault
        ui.openLabelButton.enabled = connected and free and ui.labelTag.count > 0
        ui.analyseSceneButton.enabled = connected and free and is_cine(desk.browser)
        ui.analyseButton.toolTip = why_not or fault
        ui.openLabelButton.toolTip = why_not or ("" if ui.labelTag.count else _("No label of this case was submitted."))
        ui.analyseSceneButton.toolTip = why_not or ("" if is_cine(desk.browser) else _("Choose a cine of the scene."))
        if ui.cineSelector.currentNode() is not desk.browser:
            ui.cineSelector.setCurrentNode(desk.browser)
        self.progress()
        self.exam()

    def _labels(self) -> None:
        ui, chosen = self.ui, self.cases.chosen
        tags = chosen.labels if chosen is not None else ()
        if self._labels_drawn != tags:
            self._labels_drawn = tags
            ui.labelTag.clear()
            for tag in tags:
                ui.labelTag.addItem(tag)

    def progress(self) -> None:
        ui, ticket = self.ui, self.desk.ticket
        ui.progressRow.visible = ticket is not None
        if ticket is not None:
            # Nobody knows how long a model takes: then the bar only moves.
            ui.progressBar.maximum = 0 if ticket.fraction is None else 100
            ui.progressBar.value = round(100 * (ticket.fraction or 0))
            if ui.messageLabel.text != ticket.text:
                ui.messageLabel.text, ui.messageLabel.styleSheet = ticket.text, ""
                ui.messageLabel.visible = bool(ticket.text)

    def exam(self) -> None:
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
        self.frame()
        self.submit()

    def frame(self) -> None:
        ui, shown = self.ui, self.desk.shown
        self.slice_drawn = slice_index = self.slice_index()
        ui.frameLabel.text = frame_words(shown.exam, shown.frame_index, slice_index) if shown else ""
        ui.markSliceButton.enabled = slice_index is not None
        ui.markSliceButton.toolTip = "" if slice_index is not None else _("The red view shows no slice of the cine.")

    def submit(self) -> None:
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
