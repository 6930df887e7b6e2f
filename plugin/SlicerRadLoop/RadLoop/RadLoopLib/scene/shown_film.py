"""A film in the scene with what is known of it: made, answered, found again in a saved scene, laid into the views."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import slicer

from ..exam import Cine
from ..film import Answer, Film, Said
from .film_volume import HEAT_MAP, INVERTED, fill_volume, ijk_to_ras

_TEXT = "RadLoop.film"
_COLOURS = "RadLoop heat map"
_SHOWN_FROM = 0.3  # what counted less would only veil the film; Slicer knows no half-transparent colours here


def films_in(scene: Any) -> list[Any]:
    """The volumes of a scene about which something is known as films."""
    kind = "vtkMRMLScalarVolumeNode"
    volumes = [scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind))]
    return [volume for volume in volumes if volume.GetNodeReference(_TEXT) is not None]


class ShownFilm:
    """A volume that is a film, its heat map where it has one, and a text node that keeps the rest.

    Use ``begin`` or ``find``.
    """

    def __init__(self, volume: Any, film: Film) -> None:
        self.volume = volume
        self.film = film

    @classmethod
    def begin(cls, volume: Any, film: Film) -> ShownFilm:
        """Know this of a film of the scene from now on; an earlier answer and its heat map go."""
        shown = cls(volume, film)
        if volume.GetNodeReference(_TEXT) is None:
            text = volume.GetScene().AddNewNodeByClass("vtkMRMLTextNode", f"{volume.GetName()} film")
            text.SetForceCreateStorageNode(slicer.vtkMRMLTextNode.CreateStorageNodeAlways)
            volume.SetNodeReferenceID(_TEXT, text.GetID())
        shown._remove_heat_map()
        shown._keep(film)
        return shown

    @classmethod
    def find(cls, volume: Any) -> ShownFilm | None:
        text = volume.GetNodeReference(_TEXT) if volume is not None else None
        return None if text is None else cls(volume, Film.from_text(text.GetText()))

    @property
    def is_whole(self) -> bool:
        return self.volume.GetScene() is not None and self.volume.GetNodeReference(_TEXT) is not None

    @property
    def heat_map(self) -> Any:
        """The vtkMRMLScalarVolumeNode that shows what counted, or None."""
        return self.volume.GetNodeReference(HEAT_MAP)

    def take_answer(self, answer: Answer, heat_map: Cine | None) -> None:
        """heat_map : on the film's own pixels. Raises ValueError when it is not."""
        self._remove_heat_map()
        if any(code == "PHOTOMETRIC_WRONG" for code, _ in answer.warnings) and self.film.image is not None:
            # The header had Slicer show a negative; the model saw the picture as it was taken.
            self.volume.GetDisplayNode().SetAndObserveColorNodeID(INVERTED)
        if heat_map is not None and not answer.abstained:
            self._add_heat_map(heat_map)
        self._keep(replace(self.film, answer=answer))

    def note_submitted(self, image: str, server: str, said: Said) -> None:
        self._keep(replace(self.film, image=image, server=server, submitted=said))

    def lay_out(self, opacity: float) -> None:
        """Film behind, heat map in front, in every slice view. opacity : of the heat map, 0 to 1."""
        scene = self.volume.GetScene()
        heat_map = self.heat_map
        kind = "vtkMRMLSliceCompositeNode"
        for n in range(scene.GetNumberOfNodesByClass(kind)):
            layers = scene.GetNthNodeByClass(n, kind)
            layers.SetBackgroundVolumeID(self.volume.GetID())
            layers.SetForegroundVolumeID(heat_map.GetID() if heat_map is not None else None)
            layers.SetForegroundOpacity(opacity)
            layers.SetLabelVolumeID(None)

    def _keep(self, film: Film) -> None:
        self.film = film
        self.volume.GetNodeReference(_TEXT).SetText(film.to_text())

    def _remove_heat_map(self) -> None:
        heat_map = self.heat_map
        if heat_map is not None:
            self.volume.SetNodeReferenceID(HEAT_MAP, None)
            self.volume.GetScene().RemoveNode(heat_map)

    def _add_heat_map(self, heat_map: Cine) -> None:
        """On the very pixels of the film, wherever the scene has it."""
        there, here = heat_map.voxels.shape, (1, *self.volume.GetImageData().GetDimensions()[::-1])
        if there != here:
            size, other = ("×".join(map(str, shape[:1:-1])) for shape in (there, here))
            raise ValueError(f"The heat map ({size}) does not lie on the film ({other}).")
        if not heat_map.voxels.any():
            return
        scene = self.volume.GetScene()
        node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", f"{self.volume.GetName()} heat map")
        node.SetAttribute(HEAT_MAP, "1")
        fill_volume(node, heat_map.voxels[0].astype(np.float32), ijk_to_ras(self.volume))
        node.SetAndObserveTransformNodeID(self.volume.GetTransformNodeID())
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetAndObserveColorNodeID(_colours(scene).GetID())
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(0.0, 1.0)
        display.AutoThresholdOff()
        display.SetThreshold(_SHOWN_FROM, 1.0)
        display.ApplyThresholdOn()
        self.volume.SetNodeReferenceID(HEAT_MAP, node.GetID())


def _colours(scene: Any) -> Any:
    """From red to yellow: a table of our own, as Slicer's heat tables are files of the application."""
    table = scene.GetFirstNodeByName(_COLOURS)
    if table is None:
        table = slicer.vtkMRMLColorTableNode()
        table.SetName(_COLOURS)
        table.SetTypeToUser()
        table.SetHideFromEditors(True)
        table.SetNumberOfColors(256)
        for n in range(256):
            share = n / 255
            table.SetColor(n, f"{share:.2f}", min(1.0, 0.4 + share), max(0.0, 2 * share - 1), 0.0, 1.0)
        table = scene.AddNode(table)
    return table
