"""Pictures in space and time, as plain data."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LabelMap = NDArray[np.uint8]
"""Labels on a picture's own grid, (x, y, z, t): 0 background, 1 RV, 2 myocardium, 3 LV."""


HeatMap = NDArray[np.float32]
"""How much each pixel of a radiograph counted, 0 to 1, on the radiograph's own pixels (x, y)."""


class Remark(NamedTuple):
    """Something about a picture that a reader of its figures must know: a stable code, a sentence."""

    code: str
    text: str


@dataclass(frozen=True)
class StatedGrid:
    """The grid as the numbers of a NIfTI header put it, where those are not plain millimetres.

    Labels go back with these numbers, so that any program lays them on the picture exactly,
    whatever it makes of the header. ``affine`` (4, 4) and ``voxel_size`` (x, y, z) in ``unit``, a
    NIfTI unit code (0 unknown, 1 metre, 2 millimetre, 3 micrometre).
    """

    affine: NDArray[np.float64]
    voxel_size: tuple[float, float, float]
    unit: int


@dataclass(frozen=True)
class Cine:
    """A heart in time; a still volume is a cine of one frame.

    ``voxels`` (x, y, z, t) in the order of the file, slices along z. ``affine`` (4, 4) takes voxel
    indices to millimetres (RAS+). ``times_ms`` (t,) or None where the file does not tell.
    ``spacing_known`` is False where the file has no usable voxel size: then the affine is a guess
    that nothing in mL may be computed from. ``still`` where the file itself was three-dimensional,
    so that labels go back in three dimensions. ``stated`` is None where the file's header says
    what ``affine`` says. ``remarks`` tell what had to be decided while reading.
    """

    voxels: NDArray[np.generic]
    affine: NDArray[np.float64]
    times_ms: NDArray[np.float64] | None = None
    spacing_known: bool = True
    still: bool = False
    stated: StatedGrid | None = None
    remarks: tuple[Remark, ...] = ()

    @property
    def n_frames(self) -> int:
        return int(self.voxels.shape[3])

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxels along x, y and z."""
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(x), float(y), float(z)

    @property
    def voxel_ml(self) -> float:
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000


@dataclass(frozen=True)
class Radiograph:
    """A film as a reader sees it: bright where the body is dense, head up, the patient's right on the left.

    ``pixels`` (x, y), float32: columns from the left, rows from the top, in the file's own units.
    ``spacing_mm`` (x, y) or None where the file does not tell. ``affine`` (4, 4) takes (x, y, 0) of the *file* to
    millimetres (RAS+) as viewers lay it out; ``flipped`` says which axes of the file were turned round to get
    ``pixels``. ``inverted``: the header said that dense is dark (MONOCHROME1), and the values were turned round.
    ``no_chest_film``: a sentence where the header itself says that this is none ("" where it does not).
    ``remarks`` tell what had to be decided while reading.
    """

    pixels: NDArray[np.float32]
    spacing_mm: tuple[float, float] | None
    affine: NDArray[np.float64]
    flipped: tuple[bool, bool] = (False, False)
    inverted: bool = False
    no_chest_film: str = ""
    remarks: tuple[Remark, ...] = ()

    def in_file_order(self, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Values on ``pixels`` in the order of the file."""
        return values[tuple(slice(None, None, -1 if turned else 1) for turned in self.flipped)]
