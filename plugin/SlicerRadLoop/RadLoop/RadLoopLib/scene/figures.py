"""The table of measurements and the volume-time plot, as table and plot nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer
import vtk

from ..exam import Exam, Label

_ROWS = (
    ("LV end-diastolic volume", "lv_edv_ml", "mL"),
    ("LV end-systolic volume", "lv_esv_ml", "mL"),
    ("LV stroke volume", "lv_sv_ml", "mL"),
    ("LV ejection fraction", "lv_ef", "%"),
    ("RV end-diastolic volume", "rv_edv_ml", "mL"),
    ("RV end-systolic volume", "rv_esv_ml", "mL"),
    ("RV stroke volume", "rv_sv_ml", "mL"),
    ("RV ejection fraction", "rv_ef", "%"),
    ("LV mass", "lv_mass_g", "g"),
    ("ED frame", "ed_frame", ""),
    ("ES frame", "es_frame", ""),
)
_CURVES = (("LV", "lv_ml"), ("RV", "rv_ml"))
_MARKS = "ED and ES"
_HEADROOM = 1.5


def fill_table(node: Any, exam: Exam) -> None:
    """Measurement, value as received, value as corrected (empty while nothing is), unit."""
    corrected = exam.corrected or {}
    columns = {
        "Measurement": [name for name, _, _ in _ROWS],
        "Submitted" if exam.label_tag else "Model": [_number(exam.measurements.get(key)) for _, key, _ in _ROWS],
        "Corrected": [_number(corrected.get(key)) for _, key, _ in _ROWS],
        "Unit": [unit for _, _, unit in _ROWS],
    }
    if not corrected:
        del columns["Corrected"]
    _set_columns(node, {name: _strings(values) for name, values in columns.items()})


def add_plot(scene: Any, name: str, curves: Any, marks: Any, structures: Sequence[Label]) -> Any:
    """A vtkMRMLPlotChartNode of two table nodes, which ``fill_curves`` fills."""
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", f"{name} volumes")
    chart.SetTitle("Volume over the heart beat")
    chart.SetYAxisTitle("Volume (mL)")
    chart.SetYAxisRangeAuto(False)
    colours = {label.name: label.rgb for label in structures}
    for structure, _ in _CURVES:
        series = _series(scene, f"{structure} volume", curves, f"{structure} (mL)", colours[structure])
        series.SetLineWidth(2)
        chart.AddAndObservePlotSeriesNodeID(series.GetID())
    series = _series(scene, _MARKS, marks, "Volume (mL)", (0.1, 0.1, 0.1))
    series.SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleNone)
    series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleDiamond)
    series.SetMarkerSize(10)
    series.SetLabelColumnName("Mark")
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    return chart


def fill_curves(chart: Any, curves: Any, marks: Any, exam: Exam) -> None:
    """The volumes of every frame, as they are now, and where ED and ES lie on them."""
    volumes = exam.figures.get("curves") or {}
    n_frames = exam.review.n_frames
    axis, positions = "Frame", np.arange(1.0, n_frames + 1)
    if exam.times_ms and len(exam.times_ms) == n_frames:
        axis, positions = "Time (ms)", np.array(exam.times_ms, float)
    values = {name: np.array(volumes.get(key) or np.zeros(n_frames), float) for name, key in _CURVES}
    _set_columns(
        curves, {axis: _doubles(positions)} | {f"{name} (mL)": _doubles(curve) for name, curve in values.items()}
    )
    frames = [(name, t) for name, t in zip(("ED", "ES"), exam.key_frames(), strict=True) if t is not None]
    _set_columns(
        marks,
        {
            axis: _doubles([positions[t] for _, t in frames]),
            "Volume (mL)": _doubles([values["LV"][t] for _, t in frames]),
            "Mark": _strings([name for name, _ in frames]),
        },
    )
    # From zero, and with room for the legend, which would hide an ED mark at the end of the cycle.
    chart.SetYAxisRange(0.0, _HEADROOM * max(1.0, *(curve.max() for curve in values.values())))
    chart.SetXAxisTitle(axis)
    for n in range(chart.GetNumberOfPlotSeriesNodes()):
        chart.GetNthPlotSeriesNode(n).SetXColumnName(axis)


def _series(scene: Any, name: str, table: Any, y_column: str, rgb: tuple[float, float, float]) -> Any:
    series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", name)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)  # with a line: x need not be evenly spaced
    series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    series.SetYColumnName(y_column)
    series.SetColor(*rgb)
    return series


def _set_columns(node: Any, columns: dict[str, Any]) -> None:
    was = node.StartModify()
    node.RemoveAllColumns()
    for name, column in columns.items():
        column.SetName(name)
        node.AddColumn(column)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
    node.EndModify(was)


def _strings(values: Sequence[str]) -> Any:
    column = vtk.vtkStringArray()
    for value in values:
        column.InsertNextValue(value)
    return column


def _doubles(values: Any) -> Any:
    column = vtk.vtkDoubleArray()
    for value in values:
        column.InsertNextValue(float(value))
    return column


def _number(value: float | int | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.2f}"
