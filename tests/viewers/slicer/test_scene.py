"""An exam in a real scene: what is shown, what an edit does, what survives saving."""

import numpy as np
import pytest
import slicer
import vtk
from RadLoopLib.exam import Cine, LabelMap
from RadLoopLib.scene import ShownExam, add_cine, cine_of, is_cine, slice_shown
from RadLoopLib.scene.segments import frame_of, segmentation_node
from slicer.util import arrayFromTableColumn, arrayFromVolume

from core_scene import CoreScene, paint
from heart_phantom import SPACING_MM, heart, measurements, oblique

N_FRAMES = 10


def show(core, cine, labels, name="heart_01", **about):
    browser = add_cine(core.scene, core.sequences, name, cine, None)
    known = measurements(labels, name, cine.times_ms)
    about = {"image": name, "server": "http://127.0.0.1:8000", "measurements": known, "from_version": "3"} | about
    return ShownExam.add(core.scene, core.sequences, browser, labels, **about)


@pytest.fixture
def phantom():
    return heart(N_FRAMES, empty_at=7)


@pytest.fixture
def shown(core, phantom):
    return show(core, *phantom)


def text_column(table, name):
    column = table.GetTable().GetColumnByName(name)
    return [column.GetValue(row) for row in range(column.GetNumberOfValues())]


def changed_frames(shown, labels):
    return [t for t in range(len(labels.voxels)) if (shown.frame(t) != labels.voxels[t]).any()]


def test_volume_and_labels_stay_in_step(shown, phantom):
    cine, labels = phantom
    for t in [*range(N_FRAMES), 5, 3, 9, 0]:
        shown.go_to(t)
        assert (arrayFromVolume(shown.volume) == cine.voxels[t]).all()
        assert (frame_of(shown.segmentation) == labels.voxels[t]).all()
        segmentation = shown.segmentation.GetSegmentation()
        assert [segmentation.GetNthSegmentID(n) for n in range(3)] == ["RV", "MYO", "LV"]  # also without an RV
    sequence = shown.browser.GetMasterSequenceNode()
    assert (sequence.GetIndexName(), sequence.GetIndexUnit()) == ("time", "ms")
    assert sequence.GetNthIndexValue(1) == "33.25"
    assert shown.exam.review.as_submitted() == {}  # looking at frames is no act
    assert changed_frames(shown, labels) == []


@pytest.mark.parametrize("times_ms", [None, (0.0,) * N_FRAMES, tuple(range(N_FRAMES, 0, -1))])
def test_no_frame_is_lost_where_the_times_do_not_tell(core, times_ms):
    cine, labels = heart(N_FRAMES)
    shown = show(core, Cine(cine.voxels, cine.ijk_to_ras, times_ms), labels)
    assert shown.browser.GetNumberOfItems() == N_FRAMES
    shown.go_to(6)
    assert (arrayFromVolume(shown.volume) == cine.voxels[6]).all()
    assert shown.browser.GetMasterSequenceNode().GetIndexName() == "frame"


def test_a_voxel_lies_where_the_file_says(shown, phantom):
    cine, _ = phantom
    inside = np.array([28, 28, 2, 1.0])  # in the LV
    x, y, z = (cine.ijk_to_ras @ inside)[:3]
    to_ijk = vtk.vtkMatrix4x4()
    shown.volume.GetRASToIJKMatrix(to_ijk)
    assert np.allclose(to_ijk.MultiplyPoint((x, y, z, 1.0)), inside, atol=1e-4)
    bounds = [0.0] * 6
    shown.segmentation.GetSegmentation().GetBounds(bounds)
    assert bounds[0] < x < bounds[1]
    assert bounds[2] < y < bounds[3]
    assert bounds[4] < z < bounds[5]


@pytest.mark.parametrize("visited_before", [[], [4, 0]])
def test_an_edit_stays_on_its_frame_and_survives_a_frame_change(core, shown, phantom, visited_before):
    labels = phantom[1]
    for t in visited_before:
        shown.go_to(t)
    told = []
    shown.on_edit = lambda: told.append(shown.frame_index)
    editor = core.editor(shown)
    paint(editor, "MYO", (2, slice(26, 30), slice(26, 30)))  # on the first frame, before any frame change
    shown.go_to(5)
    paint(editor, "LV", (3, slice(26, 30), slice(26, 30)), "Remove")
    paint(editor, "LV", (4, 50, slice(10, 14)))
    for t in (6, 5, 0, 9, 0):
        shown.go_to(t)
    assert changed_frames(shown, labels) == [0, 5]
    assert (shown.frame(0)[2, 26:30, 26:30] == 2).all()  # taken from the LV
    assert set(told) == {0, 5}
    assert shown.take_up_edits()
    assert shown.exam.review.as_submitted() == {"1": [3], "6": [4, 5]}
    assert not shown.take_up_edits()


def test_an_undone_edit_is_none(core, shown, phantom):
    shown.go_to(2)
    editor = core.editor(shown)
    paint(editor, "RV", (2, slice(2, 6), slice(2, 6)))
    shown.take_up_edits()
    assert shown.exam.unsent
    editor.Undo()
    shown.take_up_edits()
    assert changed_frames(shown, phantom[1]) == []
    assert shown.exam.review.as_submitted() == {}
    assert not shown.exam.unsent


def test_table_and_plot_say_what_the_server_said_and_then_follow_the_edit(core, shown, phantom):
    labels = phantom[1]
    said = measurements(labels)
    ef = text_column(shown.table, "Measurement").index("LV ejection fraction")
    assert float(text_column(shown.table, "Model")[ef]) == pytest.approx(said["lv_ef"], abs=0.005)
    assert shown.table.GetColumnIndex("Corrected") < 0
    curves = shown.browser.GetNodeReference("RadLoop.curves")
    assert np.allclose(arrayFromTableColumn(curves, "LV (mL)"), said["curves"]["lv_ml"])
    assert np.allclose(arrayFromTableColumn(curves, "Time (ms)"), np.arange(N_FRAMES) * 33.25)
    marks = shown.browser.GetNodeReference("RadLoop.marks")
    assert text_column(marks, "Mark") == ["ED", "ES"]
    assert shown.browser.GetAttribute("RadLoop.ED") == "1"
    assert shown.chart.GetNumberOfPlotSeriesNodes() == 3

    shown.go_to(4)
    paint(core.editor(shown), "LV", (slice(1, 5), slice(0, 10), slice(0, 40)))
    shown.take_up_edits()
    grown = (shown.frame(4) == 3).sum() * np.prod(SPACING_MM) / 1000
    assert arrayFromTableColumn(curves, "LV (mL)")[4] == pytest.approx(grown)
    assert float(text_column(shown.table, "Model")[ef]) == pytest.approx(said["lv_ef"], abs=0.005)  # as it was said
    assert text_column(shown.table, "Corrected")[-2] == str(int(np.argmax(arrayFromTableColumn(curves, "LV (mL)"))) + 1)
    assert shown.exam.measurements == said | {"times_ms": shown.exam.times_ms}


def test_without_spacing_there_is_an_ef_and_no_volume(core, phantom):
    cine, labels = phantom
    unknown = measurements(labels) | {"spacing_mm": None, "lv_edv_ml": None, "curves": None}
    shown = show(core, cine, labels, measurements=unknown)
    shown.go_to(5)
    paint(core.editor(shown), "LV", (2, slice(0, 3), slice(0, 3)))
    shown.take_up_edits()
    rows = dict(zip(text_column(shown.table, "Measurement"), text_column(shown.table, "Corrected"), strict=True))
    assert rows["LV end-diastolic volume"] == "–"
    lv = [(shown.frame(t) == 3).sum() for t in range(N_FRAMES)]
    assert float(rows["LV ejection fraction"]) == pytest.approx(100 * (1 - min(lv) / max(lv)), abs=0.005)


@pytest.mark.parametrize("left_handed", [False, True])
def test_everything_is_there_after_saving_and_opening(core, tmp_path, left_handed):
    cine, labels = heart(N_FRAMES, affine=oblique(left_handed), empty_at=7)
    shown = show(core, cine, labels)
    shown.mark([0, 4])
    shown.mark([2], 3)
    shown.go_to(5)
    paint(core.editor(shown), "MYO", (2, slice(26, 30), slice(26, 30)))
    shown.take_up_edits()
    edited, reviewed = shown.labels(), shown.exam.review.as_submitted()
    assert core.scene.WriteToMRB(str(tmp_path / "exam.mrb"))

    other = CoreScene(tmp_path / "other")
    assert other.scene.ReadFromMRB(str(tmp_path / "exam.mrb"))
    again = ShownExam.find(other.scene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode"))

    assert again.exam.to_text() == shown.exam.to_text()  # figures to the last digit, review, what is unsent
    assert again.exam.unsent
    assert (again.labels().voxels == edited.voxels).all()  # in the server's order, though Slicer may turn the volumes
    assert (again.labels().ijk_to_ras == cine.ijk_to_ras).all()
    assert again.exam.review.as_submitted() == reviewed == {"1": "all", "3": [4], "5": "all", "6": [3]}
    assert again.browser.GetSaveChanges(again.sequence)
    again.go_to(6)
    paint(other.editor(again), "RV", (1, slice(0, 2), slice(0, 2)))
    again.go_to(0)
    again.take_up_edits()
    assert again.exam.review.as_submitted()["7"] == [2]
    assert again.chart.GetNumberOfPlotSeriesNodes() == 3
    names = [again.segmentation.GetSegmentation().GetSegment(n).GetName() for n in ("RV", "MYO", "LV")]
    assert names == ["RV", "MYO", "LV"]


def test_a_saved_scene_shows_label_and_volume_at_the_same_place(core, tmp_path):
    """A left-handed grid comes back with its slices turned round; what lies where must not change."""
    cine, labels = heart(N_FRAMES, affine=oblique(left_handed=True))
    show(core, cine, labels)
    assert core.scene.WriteToMRB(str(tmp_path / "exam.mrb"))
    other = CoreScene(tmp_path / "other")
    assert other.scene.ReadFromMRB(str(tmp_path / "exam.mrb"))
    again = ShownExam.find(other.scene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode"))
    picture = cine_of(again.browser)
    back = np.linalg.inv(picture.ijk_to_ras) @ again.labels().ijk_to_ras
    for k, j, i in np.argwhere(labels.voxels[0] == 3)[::97]:
        at = np.rint(back @ (i, j, k, 1.0)).astype(int)
        assert picture.voxels[0, at[2], at[1], at[0]] == cine.voxels[0, k, j, i]


def test_a_cine_that_is_in_the_scene_already_is_read_exactly(core):
    cine, labels = heart(N_FRAMES)
    browser = add_cine(core.scene, core.sequences, "of the user", cine, None)
    assert is_cine(browser)
    read = cine_of(browser)
    assert (read.voxels == cine.voxels).all()
    assert np.allclose(read.ijk_to_ras, cine.ijk_to_ras, atol=1e-12)
    assert read.times_ms == pytest.approx(cine.times_ms)
    browser.SetSelectedItemNumber(6)
    shown = ShownExam.add(
        core.scene,
        core.sequences,
        browser,
        labels,
        image=None,
        server="http://127.0.0.1:8000",
        measurements=measurements(labels),
    )
    assert shown.frame_index == 6  # nobody was moved
    assert (frame_of(shown.segmentation) == labels.voxels[6]).all()
    paint(core.editor(shown), "LV", (2, slice(0, 4), slice(0, 4)))
    shown.go_to(2)
    assert changed_frames(shown, labels) == [6]


def test_what_is_no_cine_is_told_apart(core):
    assert not is_cine(None)
    empty = core.scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    assert not is_cine(empty)
    cine, _ = heart(3)
    browser = add_cine(core.scene, core.sequences, "odd", cine, None)
    browser.GetMasterSequenceNode().GetNthDataNode(1).SetSpacing(9, 9, 9)
    with pytest.raises(ValueError, match="odd is no cine"):
        cine_of(browser)


def test_two_exams_of_one_cine_do_not_touch_each_other(core, shown, phantom):
    from RadLoopLib.scene.cine import add_browser

    labels = phantom[1]
    second = add_browser(core.scene, core.sequences, "second", shown.browser.GetMasterSequenceNode())
    other = ShownExam.add(
        core.scene,
        core.sequences,
        second,
        LabelMap(labels.voxels * 0, labels.ijk_to_ras),
        image="heart_01",
        server="",
        measurements=measurements(labels),
    )
    paint(core.editor(other), "LV", (2, slice(0, 4), slice(0, 4)))
    assert changed_frames(shown, labels) == []
    other.remove(core.scene)
    assert ShownExam.find(second) is None
    assert (frame_of(shown.segmentation) == labels.voxels[0]).all()
    assert is_cine(second)


def test_taking_an_exam_away_leaves_the_cine_and_nothing_else(core, phantom):
    cine, labels = phantom
    browser = add_cine(core.scene, core.sequences, "heart_01", cine, None)

    def names():
        nodes = [core.scene.GetNthNode(n) for n in range(core.scene.GetNumberOfNodes())]
        kinds = [n.GetClassName() for n in nodes if not n.GetSingletonTag()]
        return sorted(kind for kind in kinds if kind != "vtkMRMLSubjectHierarchyNode")  # made for whoever asks first

    browser.SetSelectedItemNumber(1)  # makes a storage node of its own
    before = names()
    shown = ShownExam.add(
        core.scene,
        core.sequences,
        browser,
        labels,
        image="heart_01",
        server="",
        measurements=measurements(labels),
    )
    shown.go_to(3)
    shown.remove(core.scene)
    assert names() == before


def test_an_edit_that_nobody_watched_is_found_again(core, shown):
    shown.stop_watching()
    paint(core.editor(shown), "LV", (2, slice(0, 4), slice(0, 4)))
    assert not shown.take_up_edits()
    again = ShownExam.find(shown.browser)
    assert again.exam.review.as_submitted() == {"1": [3]}
    assert again.exam.unsent


def test_a_deleted_segment_is_told_and_not_sent(shown):
    shown.go_to(3)
    shown.segmentation.GetSegmentation().RemoveSegment("MYO")
    with pytest.raises(ValueError, match="Frame 4 has lost its segment MYO"):
        shown.labels()


def test_segments_are_read_by_name_not_by_place(core, phantom):
    labels = phantom[1]
    node = core.scene.AddNode(segmentation_node("one", labels.voxels[0], labels.ijk_to_ras))
    node.GetSegmentation().SetSegmentIndex("LV", 0)  # dragged to the top of the list
    assert (frame_of(node) == labels.voxels[0]).all()


def test_segments_have_names_colours_and_codes(shown):
    segmentation = shown.segmentation.GetSegmentation()
    reader = slicer.vtkSlicerTerminologiesModuleLogic()
    codes = {}
    for n in range(3):
        segment, entry = segmentation.GetNthSegment(n), slicer.vtkSlicerTerminologyEntry()
        assert reader.DeserializeTerminologyEntry(segment.GetTerminology(), entry)
        codes[segment.GetName()] = entry.GetTypeObject().GetCodeValue()
        assert max(segment.GetColor()) > 0.5
    assert codes == {"RV": "53085002", "MYO": "49848007", "LV": "87878005"}


def test_the_slice_in_a_view_is_known_by_its_place(core, phantom):
    cine, _ = phantom
    view = core.scene.AddNewNodeByClass("vtkMRMLSliceNode")
    along = cine.ijk_to_ras[:3, :3] / np.linalg.norm(cine.ijk_to_ras[:3, :3], axis=0)
    across = np.cross(along[:, 0], along[:, 1])
    for k in range(6):
        x, y, z = (cine.ijk_to_ras @ (20.0, 20.0, k, 1.0))[:3]
        view.SetSliceToRASByNTP(*across, *along[:, 0], x, y, z, 0)
        assert slice_shown(view, cine.ijk_to_ras, 6) == k
    x, y, z = (cine.ijk_to_ras @ (20.0, 20.0, 9.0, 1.0))[:3]
    view.SetSliceToRASByNTP(*across, *along[:, 0], x, y, z, 0)
    assert slice_shown(view, cine.ijk_to_ras, 6) is None  # beside the stack
    view.SetSliceToRASByNTP(*along[:, 0], *across, 0, 0, 0, 0)
    assert slice_shown(view, cine.ijk_to_ras, 6) is None  # across it
