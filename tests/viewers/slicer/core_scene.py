"""A scene as the application sets it up, from Slicer's core alone."""

import types

import slicer


class CoreScene:
    """Scene, application logic and module logics; they must live as long as the test."""

    def __init__(self, cache):
        self.scene = slicer.vtkMRMLScene()
        self.app = slicer.vtkSlicerApplicationLogic()
        self.app.SetMRMLScene(self.scene)
        colours = self.app.GetColorLogic()
        colours.SetMRMLScene(self.scene)
        colours.AddDefaultColorNodes()
        self.app.SetModuleLogic("Colors", colours)  # volume display nodes ask for it by this name
        self.sequences = self._logic(slicer.vtkSlicerSequencesLogic)
        self.segmentations = self._logic(slicer.vtkSlicerSegmentationsModuleLogic)
        self.others = [
            self._logic(logic)
            for logic in (
                slicer.vtkSlicerSubjectHierarchyModuleLogic,
                slicer.vtkSlicerVolumesLogic,
                slicer.vtkSlicerTablesLogic,
                slicer.vtkSlicerPlotsLogic,
            )
        ]
        self.files = slicer.vtkMRMLRemoteIOLogic()  # a saved scene is read through its cache
        self.files.SetMRMLScene(self.scene)
        self.files.AddDataIOToScene()
        self.files.GetCacheManager().SetRemoteCacheDirectory(str(cache))
        slicer.mrmlScene = self.scene
        slicer.modules = types.SimpleNamespace(
            sequences=types.SimpleNamespace(logic=lambda: self.sequences),
            segmentations=types.SimpleNamespace(logic=lambda: self.segmentations),
        )

    def _logic(self, cls):
        logic = cls()
        logic.SetMRMLApplicationLogic(self.app)
        logic.SetMRMLScene(self.scene)
        return logic

    def editor(self, shown):
        """The real logic of the Segment Editor on an exam, without its buttons."""
        editor = slicer.vtkSlicerSegmentEditorLogic()
        editor.SetMRMLScene(self.scene)
        editor.SetMRMLApplicationLogic(self.app)
        node = self.scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")  # paints over other segments, as in Slicer
        editor.SetSegmentEditorNode(node)
        editor.SetSegmentationNode(shown.segmentation)
        editor.SetSourceVolumeNode(shown.volume)
        return editor


def paint(editor, segment, where, mode="Add"):
    """A brush stroke: ``where`` indexes (k, j, i)."""
    from vtk.util import numpy_support

    editor.GetSegmentEditorNode().SetSelectedSegmentID(segment)
    editor.ResetModifierLabelmapToDefault()
    brush = editor.GetModifierLabelmap()
    numpy_support.vtk_to_numpy(brush.GetPointData().GetScalars()).reshape(brush.GetDimensions()[::-1])[where] = 1
    brush.Modified()
    editor.SaveStateForUndo()
    how = getattr(editor, f"ModificationMode{mode}")
    editor.ModifySegmentByLabelmap(editor.GetSegmentationNode(), segment, brush, how, False, False)
