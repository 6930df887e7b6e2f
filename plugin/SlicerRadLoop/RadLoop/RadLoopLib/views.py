"""The application's own views: the slices, the plot. They are there only when the application has a main window."""

from __future__ import annotations

from typing import Any

import slicer


def red_slice(scene: Any) -> Any:
    """The slice view in which people read stacks, or None."""
    return scene.GetNodeByID("vtkMRMLSliceNodeRed")


def show_cine(browser: Any) -> None:
    """The picture of a browser in the slice views, red along its slices."""
    volume = browser.GetProxyNode(browser.GetMasterSequenceNode())
    if slicer.app.layoutManager() is not None and volume is not None:
        slicer.util.setSliceViewerLayers(background=volume, foreground=None, fit=True, rotateToVolumePlane=True)


def show_plot(chart: Any) -> None:
    """A plot beside the slice views."""
    layout = slicer.app.layoutManager()
    if layout is not None:
        layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalPlotView)
        slicer.app.applicationLogic().GetSelectionNode().SetActivePlotChartID(chart.GetID())
        slicer.app.applicationLogic().PropagatePlotChartSelection()


def show_film(volume: Any) -> None:
    """A film alone, as large as the view of the slices."""
    layout = slicer.app.layoutManager()
    if layout is not None:
        layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
        slicer.util.setSliceViewerLayers(background=volume, fit=True, rotateToVolumePlane=True)
