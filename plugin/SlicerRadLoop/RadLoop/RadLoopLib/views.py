"""The application's own views: the slices, the plot. They are there only when the application has a main window."""

from __future__ import annotations

from typing import Any

import slicer


def red_slice(scene: Any) -> Any:
    """The slice view in which people read stacks, or None."""
    return scene.GetNodeByID("vtkMRMLSliceNodeRed")


def show_in_views(shown: Any) -> None:
    """The cine in the slice views, red along its slices, and its volumes in the plot view."""
    layout = slicer.app.layoutManager()
    if layout is None:
        return
    layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalPlotView)
    slicer.util.setSliceViewerLayers(background=shown.volume, foreground=None, fit=True, rotateToVolumePlane=True)
    selection = slicer.app.applicationLogic().GetSelectionNode()
    selection.SetActivePlotChartID(shown.chart.GetID())
    slicer.app.applicationLogic().PropagatePlotChartSelection()
