"""The part of the panel for chest films: what a person presses, and what is known, drawn."""

from __future__ import annotations

from typing import Any

import qt
from slicer.i18n import tr as _

from .case_list import CaseList
from .client import CHEST
from .errands import Errands
from .film.words import answer_words, calibration_words, percent, remark_words, submitted_words
from .film_desk import FilmDesk
from .pressing import agreed, on_press
from .scene import show_only
from .views import show_film

TAB = 1  # which tab of the panel this is


class FilmPanel:
    """``ui`` has the widgets of RadLoop.ui as attributes; those of this part are named film…"""

    def __init__(self, ui: Any, scene: Any, errands: Errands) -> None:
        self.ui, self.errands = ui, errands
        self.desk = FilmDesk(scene, errands)
        self._list = CaseList(ui.filmTable, lambda row: row.may_be_film)
        self._laid_out: tuple[Any, ...] = ()
        self._choices: tuple[Any, ...] = ()
        ui.filmSelector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        ui.filmSelector.noneEnabled = True
        ui.filmSelector.addEnabled = ui.filmSelector.removeEnabled = False
        ui.filmSelector.setMRMLScene(scene)
        for button, act in (
            (ui.filmAnalyseButton, self._analyse),
            (ui.filmAnalyseSceneButton, self._analyse_scene),
            (ui.filmSubmitButton, self._submit),
        ):
            on_press(button, act, errands)
        ui.filmTable.connect("itemSelectionChanged()", self.draw)
        ui.filmSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._choose)
        ui.filmOpacity.connect("valueChanged(int)", lambda *_: self._lay_out())
        ui.filmClass.connect("currentIndexChanged(int)", lambda *_: self._draw_submission())

    # What a person presses

    def _analyse(self) -> None:
        chosen = self._list.chosen
        if chosen is None:
            raise ValueError(_("Choose a film first."))
        self.desk.analyse_image(chosen.image)

    def _analyse_scene(self) -> None:
        volume, server = self.ui.filmSelector.currentNode(), self.errands.server
        if volume is None or server is None:
            return
        send = _("Send “{name}” to {server}? It is lent for this analysis and not added to the server's cases.")
        if self.desk.is_known(volume) or agreed(send.format(name=volume.GetName(), server=server.url)):
            self.desk.analyse_scene(volume)

    def _submit(self) -> None:
        shown, server = self.desk.shown, self.errands.server
        if shown is None or server is None:
            return
        questions = []
        if shown.film.image is None:
            add = _("Add “{name}” to the cases of {here}, with this class?")
            questions.append(add.format(name=shown.volume.GetName(), here=server.url))
        elsewhere = self.desk.is_from_elsewhere()
        if elsewhere:
            moved = _("This film came from {there}. Submit its class to {here}?")
            questions.append(moved.format(there=shown.film.server, here=server.url))
        if all(agreed(question) for question in questions):
            self.desk.submit(self.ui.filmClass.currentText, self.ui.author.text.strip(), elsewhere=elsewhere)

    def _choose(self, volume: Any) -> None:
        if volume is not self.desk.volume:
            self.desk.choose(volume)

    # What is known

    def draw(self) -> None:
        ui, desk, errands = self.ui, self.desk, self.errands
        self._list.fill(errands.cases)
        if ui.filmSelector.currentNode() is not desk.volume:
            ui.filmSelector.setCurrentNode(desk.volume)
        why_not = errands.why_not(CHEST)
        for button, there, what in (
            (ui.filmAnalyseButton, self._list.chosen is not None, _("Choose a film first.")),
            (ui.filmAnalyseSceneButton, desk.volume is not None, _("Choose a film of the scene.")),
        ):
            button.enabled = not why_not and not errands.busy and there
            button.toolTip = why_not or ("" if there else what)
        answer = desk.shown.film.answer if desk.shown is not None else None
        ui.filmAnswer.text = answer_words(answer)
        ui.filmCalibration.text = calibration_words(answer)
        ui.filmRemarks.text = remark_words(answer)
        for label in (ui.filmAnswer, ui.filmCalibration, ui.filmRemarks):
            label.visible = bool(label.text)
        rows = list(answer.probabilities.items()) if answer is not None else []
        ui.filmProbabilities.visible = bool(rows)
        ui.filmProbabilities.setRowCount(len(rows))
        for n, (name, share) in enumerate(rows):
            for column, text in enumerate((name, percent(share))):
                ui.filmProbabilities.setItem(n, column, qt.QTableWidgetItem(text))
        heat_map = desk.shown.heat_map if desk.shown is not None else None
        ui.filmHeatRow.visible = heat_map is not None
        self._draw_classes()
        self._draw_submission()
        if (desk.volume, heat_map) != self._laid_out:
            self._laid_out = (desk.volume, heat_map)
            self.show()

    def _draw_classes(self) -> None:
        """Nothing is chosen beforehand: neither the model's class nor an earlier one is this person's word."""
        ui, desk = self.ui, self.desk
        choices = (desk.volume, *(desk.classes if desk.shown is not None else ()))
        if choices != self._choices:
            self._choices = choices
            ui.filmClass.clear()
            for name in (_("Choose a class"), *choices[1:]):
                ui.filmClass.addItem(name)

    def _draw_submission(self) -> None:
        ui, shown = self.ui, self.desk.shown
        ui.filmSubmitted.text = submitted_words(shown.film) if shown is not None else ""
        ui.filmSubmitted.visible = shown is not None
        reason = self.errands.why_not(CHEST)
        if shown is None:
            reason = _("Analyse a film first.")
        elif not reason and ui.filmClass.currentIndex < 1:
            reason = _("Choose the class that you stand for.")
        elif not reason and not ui.author.text.strip():
            reason = _("Say who you are: a label carries its author.")
        ui.filmClass.enabled = shown is not None
        ui.filmSubmitButton.enabled = not reason and not self.errands.busy
        ui.filmSubmitHint.text = reason
        ui.filmSubmitHint.visible = bool(reason)

    def show(self) -> None:
        """Bring the film into the slice views, if this part is in front; hearts' contours lie in the same ones."""
        if self.desk.shown is not None and self.ui.tabs.currentIndex == TAB:
            show_only(self.desk.scene, None)
            show_film(self.desk.volume)
            self._lay_out()

    def _lay_out(self) -> None:
        if self.desk.shown is not None and self.desk.shown.is_whole:
            self.desk.shown.lay_out(self.ui.filmOpacity.value / 100)

    def close_scene(self) -> None:
        self._laid_out = ()
        self.desk.close()
