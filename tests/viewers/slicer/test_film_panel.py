"""Chest films in the real window, worked by mouse and keyboard, with a real server."""

import numpy as np
import pytest
from PySide6 import QtCore, QtWidgets
from RadLoopLib.exam import Cine
from RadLoopLib.scene import add_film

from film_phantom import film
from test_films import kept_of
from test_panel import app as app
from test_panel import hearts as hearts
from test_panel import window as window


@pytest.fixture
def films_window(window, core, film_server):
    """The window on the films' tab, connected, with a slice view's layers to look at."""
    window.layers = core.scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode")
    window.connect(film_server.url)
    turn_to(window, 1)
    return window


def turn_to(window, tab):
    bar = window.ui.tabs.tabBar()
    window._test.mouseClick(bar, QtCore.Qt.LeftButton, pos=bar.tabRect(tab).center())
    window.settle()
    assert window.ui.tabs.currentIndex == tab


def pick(window, image):
    """A row of the list of films, by a click."""
    table = window.ui.filmTable
    [item] = [table.item(n, 0) for n in range(table.rowCount) if table.item(n, 0).text() == image]
    table.scrollToItem(item)
    place = table.visualItemRect(item).center()
    window._test.mouseClick(table.viewport(), QtCore.Qt.LeftButton, pos=place)


def analysed(window, image):
    pick(window, image)
    window.click(window.ui.filmAnalyseButton)
    window.wait()
    return window.panel.films.desk.shown


def seen_words(window):
    """All that can be read in the window now."""
    words = []
    for widget in window.window.findChildren(QtWidgets.QWidget):
        if not widget.isVisible():
            continue
        if isinstance(widget, QtWidgets.QLabel | QtWidgets.QPushButton):
            words.append(widget.property("text"))
        elif isinstance(widget, QtWidgets.QComboBox):
            words.append(widget.property("currentText"))
        elif isinstance(widget, QtWidgets.QTableWidget) and widget is not window.ui.filmTable:
            table = QtWidgets.QTableWidget
            rows, columns = table.model(widget).rowCount(), table.model(widget).columnCount()
            words += [widget.item(r, c).text() for r in range(rows) for c in range(columns) if widget.item(r, c)]
    return "\n".join(words)


def choose_class(window, name):
    """By the keyboard, as a list is worked."""
    window.ui.filmClass.setFocus()
    window._test.keyClicks(window.ui.filmClass, name)
    assert window.ui.filmClass.currentText == name


def test_before_anything_it_says_what_comes_first(window):
    turn_to(window, 1)
    ui = window.ui
    assert ui.researchLabel.isVisible()
    assert "not a medical device" in ui.researchLabel.text
    for button in (ui.filmAnalyseButton, ui.filmAnalyseSceneButton, ui.filmSubmitButton):
        assert not button.isEnabled()
    assert ui.filmAnalyseButton.toolTip == "Connect to a server first."
    assert ui.filmSubmitHint.text == "Analyse a film first."
    assert not ui.filmHeatRow.isVisible()


def test_from_the_list_to_a_submitted_class(films_window, film_server):
    window, ui = films_window, films_window.ui
    names = [ui.filmTable.item(n, 0).text() for n in range(ui.filmTable.rowCount)]
    assert {"dark", "bright", "aside", "upright"} <= set(names)
    assert "cine" not in names
    shown = analysed(window, "bright")
    assert ui.filmAnswer.text == "The model says: bright (> 99 %)."
    table = [[ui.filmProbabilities.item(r, c).text() for c in range(2)] for r in range(2)]
    assert table == [["dark", "< 1 %"], ["bright", "> 99 %"]]
    assert "50 % are bright (the prior)" in ui.filmCalibration.text
    assert "“bright” is what the model says from 60 % on" in ui.filmCalibration.text
    assert "Model version 0.0.1." in ui.filmRemarks.text
    window.picture("films_answer.png")

    assert window.layers.GetForegroundVolumeID() == shown.heat_map.GetID()
    assert window.layers.GetForegroundOpacity() == pytest.approx(0.45)
    ui.filmOpacity.setFocus()
    for _ in range(2):
        window._test.keyClick(ui.filmOpacity, QtCore.Qt.Key_PageUp)
    assert window.layers.GetForegroundOpacity() == pytest.approx(0.65)

    assert not ui.filmSubmitButton.isEnabled()
    assert ui.filmClass.currentText == "Choose a class"  # the model's class is not put into a person's mouth
    choose_class(window, "dark")
    assert ui.filmSubmitHint.text == "Say who you are: a label carries its author."
    window.type(ui.author, "anna")
    window.click(ui.filmSubmitButton)
    window.wait()
    assert ui.messageLabel.text == "Submitted bright as “dark”."
    assert ui.filmSubmitted.text == "Submitted by anna: dark."
    assert kept_of(film_server, "bright")["label"] == "dark"
    row = [ui.filmTable.item(n, 0).text() for n in range(ui.filmTable.rowCount)].index("bright")
    assert ui.filmTable.item(row, 1).text() == "submitted"

    analysed(window, "dark")
    assert ui.filmClass.currentText == "Choose a class"
    analysed(window, "bright")
    assert ui.filmSubmitted.text == "Submitted by anna: dark."


def test_an_abstained_film_shows_no_class_and_no_probability(films_window):
    window, ui = films_window, films_window.ui
    analysed(window, "bright")
    analysed(window, "aside")
    assert ui.filmAnswer.text == "The model gives no answer."
    assert "brighter on the right" in ui.filmRemarks.text
    assert not ui.filmHeatRow.isVisible()
    assert window.layers.GetForegroundVolumeID() is None
    words = seen_words(window)
    assert "gives no answer" in words
    assert "%" not in words
    assert not {"dark", "bright"} & set(words.replace(".", " ").replace(":", " ").split())
    window.picture("films_abstained.png")
    choose_class(window, "dark")  # a person may know better
    window.type(ui.author, "anna")
    assert ui.filmSubmitButton.isEnabled()


def test_nobody_is_sent_a_film_without_being_asked(films_window, core):
    window = films_window
    volume = add_film(core.scene, "private", Cine(film(70)[None, None], np.diag([-1.0, -1, 1, 1]), None))
    window.ui.filmSelector.setCurrentNode(volume)
    asked = window.answer(yes=False)
    window.click(window.ui.filmAnalyseSceneButton)
    assert asked[0].startswith("Send “private” to http://127.0.0.1")
    assert not window.desk.busy
    window.answer(yes=True)
    window.click(window.ui.filmAnalyseSceneButton)
    window.wait()
    assert window.ui.filmAnswer.text == "The model says: dark (> 99 %)."
    choose_class(window, "bright")
    window.type(window.ui.author, "anna")
    asked = window.answer(yes=False)
    window.click(window.ui.filmSubmitButton)
    assert asked[0].startswith("Add “private” to the cases of")
    assert window.ui.filmSubmitted.text == "No class was submitted for this film yet."


def test_a_colour_picture_is_refused_in_the_panel(films_window, core):
    import vtk

    window = films_window
    colours = core.scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "photograph")
    picture = vtk.vtkImageData()
    picture.SetDimensions(40, 40, 1)
    picture.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    colours.SetAndObserveImageData(picture)
    window.panel.films.desk.choose(colours)
    window.answer(yes=True)
    window.click(window.ui.filmAnalyseSceneButton)
    assert window.ui.messageLabel.text == "photograph is a colour picture; a radiograph is grey."
    assert not window.desk.busy


def test_closing_and_opening_a_scene_goes_on_with_the_film(films_window, core, tmp_path):
    window = films_window
    analysed(window, "upright")
    said = window.ui.filmAnswer.text
    assert core.scene.WriteToMRB(str(tmp_path / "film.mrb"))
    core.scene.Clear()
    window.settle()
    assert not window.ui.filmAnswer.isVisible()
    turn_to(window, 0)
    assert core.scene.ReadFromMRB(str(tmp_path / "film.mrb"))
    window.settle()
    assert window.ui.tabs.currentIndex == 1  # there is nothing but the film
    assert window.ui.filmAnswer.text == said
    core.scene.RemoveNode(window.panel.films.desk.volume)
    window.settle()
    assert window.panel.films.desk.shown is None
    assert not window.ui.filmAnswer.isVisible()


def test_hearts_and_films_take_turns_in_the_views(window, core, hearts, film_server):
    heart = window.analysed(hearts[0])
    window.connect(film_server.url)
    turn_to(window, 1)
    analysed(window, "dark")
    assert not heart.segmentation.GetDisplayNode().GetVisibility()
    turn_to(window, 0)
    assert heart.segmentation.GetDisplayNode().GetVisibility()
    assert not window.ui.analyseButton.isEnabled()
    assert window.ui.analyseButton.toolTip == "The server has no model “cine_heart”."
