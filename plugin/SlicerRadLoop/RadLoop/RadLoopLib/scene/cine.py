"""A cine as a sequence of volumes with a browser, and a sequence that is in the scene already as a cine."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import slicer
import vtk

from ..exam import Cine
from .arrays import fill_image, matrix_from_vtk, matrix_to_vtk, voxels_of

_PLAYED_IN_S = 1.0  # a heart beat, where the file knows no times
_SAME_TIME_MS = 0.01  # values closer than 0.001 are one item of a sequence: the later frame overwrites the earlier
_MS_PER_UNIT = {"ms": 1.0, "s": 1000.0}


def index_values(times_ms: Sequence[float] | None, n_frames: int) -> tuple[str, str, list[str]]:
    """Name, unit and values by which a sequence orders its items: times, or frame numbers where they do not tell."""
    if times_ms is not None and len(times_ms) == n_frames:
        rising = all(b - a > _SAME_TIME_MS for a, b in itertools.pairwise(times_ms))
        if rising:
            return "time", "ms", [f"{t:.8g}" for t in times_ms]
    return "frame", "", [str(t + 1) for t in range(n_frames)]


def add_sequence(scene: Any, name: str, index: tuple[str, str, Sequence[str]], make_node: Callable[[int], Any]) -> Any:
    """A vtkMRMLSequenceNode of copies of ``make_node(t)``."""
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", name)
    was = sequence.StartModify()
    sequence.SetIndexName(index[0])
    sequence.SetIndexUnit(index[1])
    sequence.SetIndexType(slicer.vtkMRMLSequenceNode.NumericIndex)
    for t, value in enumerate(index[2]):
        sequence.SetDataNodeAtValue(make_node(t), value)
    sequence.EndModify(was)
    return sequence


def add_cine(scene: Any, sequences_logic: Any, name: str, cine: Cine, times_ms: Sequence[float] | None) -> Any:
    """Put a cine in the scene and give its vtkMRMLSequenceBrowserNode, on the first frame.

    The volumes are read only: a change of the picture shown is not kept.
    """

    def volume(t: int) -> Any:
        node = slicer.vtkMRMLScalarVolumeNode()
        node.SetName(name)
        node.SetIJKToRASMatrix(matrix_to_vtk(cine.ijk_to_ras))
        node.SetAndObserveImageData(fill_image(vtk.vtkImageData(), cine.voxels[t]))
        return node

    times_ms = times_ms if times_ms is not None else cine.times_ms
    index = index_values(times_ms, len(cine.voxels))
    return add_browser(scene, sequences_logic, name, add_sequence(scene, name, index, volume))


def add_browser(scene: Any, sequences_logic: Any, name: str, volumes: Any) -> Any:
    """A browser of a sequence of volumes, played at the speed of the heart."""
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", name)
    browser.SetAndObserveMasterSequenceNodeID(volumes.GetID())
    n_frames, times_ms = volumes.GetNumberOfDataNodes(), _times_ms(volumes)
    beat_s = times_ms[-1] / 1000 * n_frames / (n_frames - 1) if times_ms and times_ms[-1] > 0 else _PLAYED_IN_S
    browser.SetPlaybackRateFps(n_frames / beat_s)
    browser.SetPlaybackLooped(True)
    browser.SetSelectedItemNumber(0)
    sequences_logic.UpdateProxyNodesFromSequences(browser)
    return browser


def browsers_of(scene: Any) -> list[Any]:
    """The sequence browsers of a scene. (Slicer's ``getNodesByClass`` looks in the application's scene only.)"""
    kind = "vtkMRMLSequenceBrowserNode"
    return [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]


def is_cine(browser: Any) -> bool:
    """Whether a sequence browser shows volumes of one number a voxel."""
    sequence = browser.GetMasterSequenceNode() if browser is not None else None
    return sequence is not None and sequence.GetDataNodeClassName() == "vtkMRMLScalarVolumeNode"


def cine_of(browser: Any) -> Cine:
    """The cine that a browser shows. Raises ValueError with a sentence when its volumes are not one cine."""
    sequence = browser.GetMasterSequenceNode()
    nodes = [sequence.GetNthDataNode(t) for t in range(sequence.GetNumberOfDataNodes())]
    if not nodes or any(node.GetImageData() is None for node in nodes):
        raise ValueError(f"{browser.GetName()} has frames without a picture.")
    frames = [voxels_of(node.GetImageData()) for node in nodes]
    ijk_to_ras = _ijk_to_ras(nodes[0])
    same_size = all(frame.shape == frames[0].shape for frame in frames)
    if not same_size or not all(np.allclose(_ijk_to_ras(node), ijk_to_ras, atol=1e-3) for node in nodes):
        raise ValueError(f"{browser.GetName()} is no cine: its frames differ in size or place.")
    return Cine(np.stack(frames), ijk_to_ras, _times_ms(sequence))


def _ijk_to_ras(node: Any) -> Any:
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return matrix_from_vtk(matrix)


def _times_ms(sequence: Any) -> tuple[float, ...] | None:
    """Times from the first frame on, where the sequence is one in time."""
    unit = _MS_PER_UNIT.get(sequence.GetIndexUnit())
    if sequence.GetIndexName() != "time" or unit is None:
        return None
    times = [float(sequence.GetNthIndexValue(t)) * unit for t in range(sequence.GetNumberOfDataNodes())]
    return tuple(time - times[0] for time in times)
