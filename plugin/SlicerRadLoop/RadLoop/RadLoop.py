"""RadLoop: cine MR of the heart and chest X-rays, analysed by a server, corrected here, submitted from here."""

import qt
import slicer
from RadLoopLib.panel import Panel
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

POLL_MS = 50


class RadLoop(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = "RadLoop"
        parent.categories = [translate("qSlicerAbstractCoreModule", "Cardiac")]
        parent.dependencies = ["Sequences", "Segmentations", "SegmentEditor", "Tables", "Plots", "Volumes"]
        parent.contributors = ["the radloop authors"]
        parent.helpText = _(
            "Volumes and ejection fraction from cine MR of the heart, and classes of chest X-rays with a heat map, by "
            "a radloop server; what a person corrects and reviews goes back to it. For research, not a medical device."
        )
        parent.acknowledgementText = _("Built on 3D Slicer, MONAI and MONAI Label.")


class RadLoopWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Ties the panel to the application: when it is made, polled, and told of what happens to the scene."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.panel = None

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        widget = slicer.util.loadUI(self.resourcePath("UI/RadLoop.ui"))
        self.layout.addWidget(widget)
        self.panel = Panel(slicer.util.childWidgetVariables(widget), slicer.mrmlScene)
        self.timer = qt.QTimer()
        self.timer.interval = POLL_MS
        self.timer.connect("timeout()", self.panel.poll)
        self.timer.start()
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, lambda *_: self.panel.close_scene())
        self.addObserver(scene, scene.EndImportEvent, lambda *_: self.panel.scene_opened())
        self.panel.scene_opened()

    def enter(self):
        self.panel.enter()

    def exit(self):
        self.panel.exit()

    def cleanup(self):
        self.removeObservers()
        if self.panel is not None:
            self.timer.stop()
            self.panel.close()


class RadLoopLogic(ScriptedLoadableModuleLogic):
    """For scripts: what the panel does, without it. ``desk()`` is for hearts, ``films(desk)`` for chest films.

    See ``RadLoopLib.desk`` and ``RadLoopLib.film_desk``.
    """

    def desk(self):
        from RadLoopLib.desk import Desk

        return Desk(slicer.mrmlScene, slicer.modules.sequences.logic())

    def films(self, desk):
        from RadLoopLib.film_desk import FilmDesk

        return FilmDesk(slicer.mrmlScene, desk)


class RadLoopTest(ScriptedLoadableModuleTest):
    """Run by the application's own self-test: what cannot be seen without it is in docs/slicer-check.md."""

    def runTest(self):
        self.setUp()
        self.test_an_exam_can_be_shown_and_edited()
        self.setUp()
        self.test_a_film_can_be_shown_under_its_heat_map()

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_an_exam_can_be_shown_and_edited(self):
        import numpy as np
        from RadLoopLib.exam import Cine, LabelMap, measurements_of
        from RadLoopLib.scene import ShownExam, add_cine

        voxels = np.zeros((4, 3, 20, 20), np.uint8)
        for t, radius in enumerate((7, 5, 4, 6)):
            y, x = np.mgrid[:20, :20]
            voxels[t, :, np.hypot(y - 10, x - 10) < radius] = 3
        affine = np.diag([-1.5, -1.5, 8.0, 1.0])
        cine = Cine(voxels.astype(np.int16) * 100, affine, (0.0, 40.0, 80.0, 120.0))
        labels = LabelMap(voxels, affine)
        logic = slicer.modules.sequences.logic()
        shown = ShownExam.add(
            slicer.mrmlScene,
            logic,
            add_cine(slicer.mrmlScene, logic, "test", cine, None),
            labels,
            image=None,
            server="",
            measurements=measurements_of(labels, "test", cine.times_ms),
        )
        for t in (2, 0, 3):
            shown.go_to(t)
            assert (shown.frame(t) == voxels[t]).all()
        assert shown.exam.key_frames() == (0, 2)
        shown.mark([2])
        assert shown.exam.review.as_submitted() == {"3": "all"}

    def test_a_film_can_be_shown_under_its_heat_map(self):
        import numpy as np
        from RadLoopLib.exam import Cine
        from RadLoopLib.film import Film, answer_of
        from RadLoopLib.scene import ShownFilm, add_film

        pixels = np.arange(30 * 40, dtype=np.int16).reshape(1, 1, 30, 40)
        volume = add_film(slicer.mrmlScene, "test", Cine(pixels, np.diag([-0.3, -0.4, 1.0, 1.0]), None))
        shown = ShownFilm.begin(volume, Film(None, ""))
        said = {"abstained": False, "prediction": {"a": 0.2, "b": 0.8}, "label": "b", "heat_map": True}
        shown.take_answer(answer_of(said), Cine(pixels / pixels.max(), np.eye(4), None))
        shown.lay_out(0.5)
        heat_map = shown.heat_map
        assert slicer.util.arrayFromVolume(heat_map).shape == (1, 30, 40)
        assert list(heat_map.GetSpacing()) == list(volume.GetSpacing())
        abstention = {"abstained": True, "reason": "No film."}
        shown.take_answer(answer_of(abstention), None)
        assert shown.heat_map is None
