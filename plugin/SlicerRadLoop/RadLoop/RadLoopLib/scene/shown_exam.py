"""An exam in the scene: made, found again in a saved scene, watched for edits, read for submission, taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import slicer

from ..exam import LABELS, Exam, Label, LabelMap, Review, fingerprints
from ..exam.cine import Array
from ..exam.volumes import voxel_counts
from .cine import add_sequence, browsers_of
from .figures import add_plot, fill_curves, fill_table
from .segments import frame_of, missing_segments, refill, segmentation_node

# Names of the browser's references to the other nodes of its exam: they survive saving, renaming and importing.
_TEXT, _LABELS, _TABLE, _CURVES, _MARKS, _CHART = (
    f"RadLoop.{role}" for role in ("exam", "labels", "table", "curves", "marks", "chart")
)
_ROLES = (_TEXT, _LABELS, _TABLE, _CURVES, _MARKS, _CHART)


def has_exam(browser: Any) -> bool:
    """Whether a browser has an exam with all of its nodes."""
    return browser is not None and all(browser.GetNodeReference(role) is not None for role in _ROLES)


def show_only(scene: Any, browser: Any) -> None:
    """Hide the labels of every exam but this browser's: all exams lie in the same views."""
    for other in browsers_of(scene):
        labels = other.GetNodeReference(_LABELS)
        node = other.GetProxyNode(labels) if labels is not None else None
        if node is not None and node.GetDisplayNode() is not None:
            node.GetDisplayNode().SetVisibility(other is browser)


class ShownExam:
    """A browser that shows a cine with its labels, and the exam that is known about them.

    Use ``add`` or ``find``. Edits are noticed at once, and taken up (into the review, the table, the plot) by
    ``take_up_edits``, which ``on_edit`` is told about; it may come many times a stroke, so defer the work.
    """

    def __init__(self, browser: Any, exam: Exam) -> None:
        self.browser = browser
        self.exam = exam
        self.on_edit: Callable[[], None] = lambda: None
        self._edited_frames: set[int] = set()
        self._observations: list[tuple[Any, int]] = []

    @classmethod
    def add(
        cls,
        scene: Any,
        sequences_logic: Any,
        browser: Any,
        labels: LabelMap,
        *,
        image: str | None,
        server: str,
        measurements: dict[str, Any],
        label_tag: str | None = None,
        from_version: str | None = None,
        reviewed: dict[str, Any] | None = None,
        structures: Sequence[Label] = LABELS,
    ) -> ShownExam:
        """Put labels beside the cine that a browser shows. ``reviewed``: what an opened label brought with it."""
        name = browser.GetName()
        volumes = browser.GetMasterSequenceNode()
        index = (
            volumes.GetIndexName(),
            volumes.GetIndexUnit(),
            [volumes.GetNthIndexValue(t) for t in range(volumes.GetNumberOfDataNodes())],
        )
        one = segmentation_node(f"{name} labels", labels.voxels[0], labels.ijk_to_ras, structures)

        def with_frame(t: int) -> Any:
            refill(one, labels.voxels[t])
            return one

        sequence = add_sequence(scene, f"{name} labels", index, with_frame)  # copies what it is given
        # Before any frame is shown, and never off again: off, an edit is lost at the next frame change, and switching
        # it off later copies one frame over another. With it on, the node shown shares the stored segmentation.
        was = browser.StartModify()
        browser.AddSynchronizedSequenceNode(sequence)
        browser.SetSaveChanges(sequence, True)
        browser.EndModify(was)
        sequences_logic.UpdateProxyNodesFromSequences(browser)

        review = Review([fingerprints(frame) for frame in labels.voxels])
        review.mark_as_submitted(reviewed or {})
        exam = Exam(
            image=image,
            server=server,
            measurements=measurements,
            label_tag=label_tag,
            from_version=from_version,
            ijk_to_ras=np.asarray(labels.ijk_to_ras).tolist(),
            review=review,
            counts=[voxel_counts(frame) for frame in labels.voxels],
        )
        exam.sent = exam.state()
        shown = cls(browser, exam)
        display = browser.GetProxyNode(sequence).GetDisplayNode()
        display.SetOpacity2DFill(0.15)  # the picture has to be seen through it
        display.SetSliceIntersectionThickness(2)
        shown._add_nodes(scene, sequence, structures)
        shown._keep()
        shown._watch()
        return shown

    @classmethod
    def find(cls, browser: Any) -> ShownExam | None:
        """The exam of a browser, also one that came out of a saved scene; None where it has none."""
        if not has_exam(browser):
            return None
        shown = cls(browser, Exam.from_text(browser.GetNodeReference(_TEXT).GetText()))
        shown._watch()
        shown.take_up_edits(all_frames=True)  # made while nobody watched
        return shown

    def _add_nodes(self, scene: Any, sequence: Any, structures: Sequence[Label]) -> None:
        name = self.browser.GetName()
        text = scene.AddNewNodeByClass("vtkMRMLTextNode", f"{name} exam")
        text.SetForceCreateStorageNode(slicer.vtkMRMLTextNode.CreateStorageNodeAlways)
        table, curves, marks = (
            scene.AddNewNodeByClass("vtkMRMLTableNode", f"{name} {what}")
            for what in ("measurements", "curves", "marks")
        )
        chart = add_plot(scene, name, curves, marks, structures)
        for role, node in zip(_ROLES, (text, sequence, table, curves, marks, chart), strict=True):
            self.browser.SetNodeReferenceID(role, node.GetID())

    # What the scene has

    @property
    def is_whole(self) -> bool:
        """Whether nobody has deleted a part of it."""
        return self.browser.GetScene() is not None and has_exam(self.browser)

    @property
    def sequence(self) -> Any:
        """The sequence of segmentations."""
        return self.browser.GetNodeReference(_LABELS)

    @property
    def segmentation(self) -> Any:
        """The segmentation node on screen; the same node on every frame."""
        return self.browser.GetProxyNode(self.sequence)

    @property
    def volume(self) -> Any:
        """The volume node on screen."""
        return self.browser.GetProxyNode(self.browser.GetMasterSequenceNode())

    @property
    def table(self) -> Any:
        return self.browser.GetNodeReference(_TABLE)

    @property
    def chart(self) -> Any:
        return self.browser.GetNodeReference(_CHART)

    @property
    def frame_index(self) -> int:
        return int(self.browser.GetSelectedItemNumber())

    def frame(self, t: int) -> Array:
        """Labels (k, j, i) of a frame, as they are now."""
        return frame_of(self.sequence.GetNthDataNode(t))

    # What a person does

    def go_to(self, frame_index: int) -> None:
        self.browser.SetSelectedItemNumber(frame_index)

    def mark(self, frame_indices: Iterable[int], slice_index: int | None = None) -> None:
        self.exam.review.mark(frame_indices, slice_index)
        self._keep()

    def unmark(self, frame_index: int) -> None:
        self.exam.review.unmark(frame_index)
        self._keep()

    def take_up_edits(self, *, all_frames: bool = False) -> bool:
        """Count and compare the frames that were touched, or all; whether any voxel differs from before."""
        frames = range(self.exam.review.n_frames) if all_frames else sorted(self._edited_frames)
        self._edited_frames = set()
        return self._take_up({t: self.frame(t) for t in frames})

    def _take_up(self, frames: dict[int, Array]) -> bool:
        changed = False
        for t, frame in frames.items():
            now = fingerprints(frame)
            if now != self.exam.review.now[t]:
                changed = True
                self.exam.review.note(t, now)
                self.exam.counts[t] = voxel_counts(frame)
        if changed:
            self._keep()
        return changed

    # What the server gets

    def labels(self) -> LabelMap:
        """The labels of all frames on the server's grid.

        Raises ValueError with a sentence when a person deleted a segment.
        """
        for t in range(self.exam.review.n_frames):
            if missing := missing_segments(self.sequence.GetNthDataNode(t)):
                raise ValueError(f"Frame {t + 1} has lost its segment {missing[0]}; undo the deletion first.")
        frames = [self.frame(t) for t in range(self.exam.review.n_frames)]
        self._take_up(dict(enumerate(frames)))  # all of them: no edit is missed, whoever made it
        return LabelMap(np.stack(frames), np.array(self.exam.ijk_to_ras))

    def note_sent(self, image: str, server: str, state: dict[str, Any]) -> None:
        """``state`` is the exam's when it was sent: a person may have gone on since."""
        self.exam.image, self.exam.server, self.exam.sent = image, server, state
        self._keep()

    def remove(self, scene: Any) -> None:
        """Take labels and figures out of the scene; the cine stays."""
        self.stop_watching()
        chart, sequence, shown = self.chart, self.sequence, self.segmentation
        series = [chart.GetNthPlotSeriesNode(n) for n in range(chart.GetNumberOfPlotSeriesNodes())] if chart else []
        made_for_it = [shown.GetDisplayNode(), shown.GetStorageNode()] if shown else []
        nodes = [self.browser.GetNodeReference(role) for role in _ROLES]
        self.browser.RemoveSynchronizedSequenceNode(sequence.GetID())
        for role in _ROLES:
            self.browser.SetNodeReferenceID(role, None)
        for node in [*series, *made_for_it, shown, *nodes]:
            if node is not None:
                scene.RemoveNode(node)

    # Keeping everything in step

    def _keep(self) -> None:
        """Write what is known into the scene, so that saving the scene saves it."""
        exam = self.exam
        self.browser.GetNodeReference(_TEXT).SetText(exam.to_text())
        for name, t in zip(("RadLoop.ED", "RadLoop.ES"), exam.key_frames(), strict=True):
            self.browser.SetAttribute(name, None if t is None else str(t + 1))
        fill_table(self.table, exam)
        curves, marks = (self.browser.GetNodeReference(role) for role in (_CURVES, _MARKS))
        fill_curves(self.chart, curves, marks, exam)

    def _watch(self) -> None:
        # Events of the stored segmentations tell an edit from a mere change of frame; the shown node's do not.
        # An effect says SourceRepresentationModified; undo and redo say SegmentModified only.
        segmentation_class = slicer.vtkSegmentation
        for t in range(self.sequence.GetNumberOfDataNodes()):
            segmentation = self.sequence.GetNthDataNode(t).GetSegmentation()
            for event in (segmentation_class.SourceRepresentationModified, segmentation_class.SegmentModified):
                tag = segmentation.AddObserver(event, lambda *_, t=t: self._on_change(t))
                self._observations.append((segmentation, tag))

    def stop_watching(self) -> None:
        for segmentation, tag in self._observations:
            segmentation.RemoveObserver(tag)
        self._observations = []

    def _on_change(self, frame_index: int) -> None:
        self._edited_frames.add(frame_index)
        self.on_edit()
