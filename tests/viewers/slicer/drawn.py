"""What Slicer would draw, off screen: a slice view by its own displayable managers, a plot by VTK's chart."""

import numpy as np
import slicer
import vtk
from vtk.util import numpy_support


class SliceView:
    """The red slice view: Slicer's slice logic and 2D managers; only the mapper of the grey picture is ours."""

    def __init__(self, core, size=(300, 260)):
        self.window = _window(size)
        self.renderer = vtk.vtkRenderer()
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self.window.AddRenderer(self.renderer)
        # First of all: what lies behind is drawn first.
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        picture = vtk.vtkActor2D()
        picture.SetMapper(self._mapper)
        picture.GetProperty().SetDisplayLocationToBackground()
        self.renderer.AddViewProp(picture)
        self._interactor = vtk.vtkRenderWindowInteractor()
        self._interactor.SetRenderWindow(self.window)
        if core.app.GetSliceLogics() is None:
            core.app.SetSliceLogics(vtk.vtkCollection())
            core.app.SetViewLogics(vtk.vtkCollection())
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(core.app)
        manager = "vtkMRMLSegmentationsDisplayableManager2D"
        if not factory.IsDisplayableManagerRegistered(manager):
            factory.RegisterDisplayableManager(manager)
        self._managers = slicer.vtkMRMLDisplayableManagerGroup()
        self._managers.SetRenderer(self.renderer)
        self._managers.Initialize(factory, self.renderer)
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(core.app)
        core.app.GetSliceLogics().AddItem(self.logic)
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(core.scene, True)
        self.logic.SetMRMLScene(core.scene)
        self.node = self.logic.AddSliceNode("Red")
        self._managers.SetMRMLDisplayableNode(self.node)

    def show(self, volume, place_ras):
        """Turn the view along the slices of a volume, through a point."""
        self.logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume.GetID())
        self.logic.ResizeSliceNode(*self.window.GetSize())
        self.node.RotateToVolumePlane(volume)
        self.logic.FitSliceToBackground()
        self.node.JumpSliceByOffsetting(*place_ras)

    def pixels(self):
        """(rows, columns, 3) uint8, the first row at the top."""
        self._mapper.SetInputConnection(self.logic.GetImageDataConnection())
        return _pixels(self.window)


def plot_pixels(chart, size=(420, 260)):
    """The plot of a vtkMRMLPlotChartNode."""
    window, view = _window(size), vtk.vtkContextView()
    view.SetRenderWindow(window)
    view.GetRenderer().SetBackground(1, 1, 1)
    drawn = vtk.vtkChartXY()
    drawn.SetTitle(chart.GetTitle())
    drawn.GetAxis(0).SetTitle(chart.GetYAxisTitle())
    drawn.GetAxis(1).SetTitle(chart.GetXAxisTitle())
    drawn.SetShowLegend(True)
    for n in range(chart.GetNumberOfPlotSeriesNodes()):
        series = chart.GetNthPlotSeriesNode(n)
        points_only = series.GetLineStyle() == series.LineStyleNone
        plot = drawn.AddPlot(vtk.vtkChart.POINTS if points_only else vtk.vtkChart.LINE)
        table = series.GetTableNode().GetTable()
        plot.SetInputData(table, series.GetXColumnName(), series.GetYColumnName())
        plot.SetColorF(*series.GetColor())
        plot.SetWidth(series.GetLineWidth())
        if points_only:
            plot.SetMarkerStyle(vtk.vtkPlotPoints.DIAMOND)
            plot.SetMarkerSize(series.GetMarkerSize())
        plot.SetLabel(series.GetName())
    view.GetScene().AddItem(drawn)
    return _pixels(window)


def _window(size):
    window = vtk.vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(0)
    window.SetSize(*size)
    return window


def _pixels(window):
    window.Render()
    grab = vtk.vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    grab.Update()
    image = grab.GetOutput()
    columns, rows, _ = image.GetDimensions()
    return np.array(numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())).reshape(rows, columns, 3)[::-1]
