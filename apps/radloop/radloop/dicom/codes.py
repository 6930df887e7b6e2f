"""The codes that say what is meant, wherever a report or a segmentation is read.

Measurements: DICOM PS3.16, context groups 3833 (ejection fraction), 3835 (volumes), 12203 (mass); units UCUM.
Structures: SNOMED CT, from the bundle that tells them apart.
"""

import json
from dataclasses import dataclass
from functools import cache

from radloop import places


@dataclass(frozen=True)
class Code:
    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True)
class Segment:
    """A structure: its value in a label map, its short name, its code, and its colour (0-255)."""

    number: int
    name: str
    code: Code
    rgb: tuple[int, int, int]


@cache
def heart_segments() -> tuple[Segment, ...]:
    """The structures of the heart, as the bundle ``cine_heart`` names, codes and colours them."""
    metadata = json.loads((places.bundles() / "cine_heart" / "configs" / "metadata.json").read_text())
    return tuple(
        Segment(one["value"], one["name"], Code(one["code"], one["scheme"], one["meaning"]), tuple(one["colour"]))
        for one in metadata["labels"]
    )


ANATOMICAL_STRUCTURE = Code("123037004", "SCT", "Anatomical Structure")
END_DIASTOLE = Code("416190007", "SCT", "End diastole")
END_SYSTOLE = Code("416430001", "SCT", "End Systole")
FULL_CYCLE = Code("125324", "DCM", "Full Cardiac Cycle")
MULTIPLE_SLICES = Code("122562", "DCM", "Multiple Slices")
CARDIAC_MR = Code("241620005", "SCT", "Magnetic resonance imaging of heart")

ML = Code("ml", "UCUM", "milliliter")
GRAM = Code("g", "UCUM", "gram")
PERCENT = Code("%", "UCUM", "percent")


@dataclass(frozen=True)
class Measured:
    """A figure of ``Measurements``: how it is coded, in which unit, of which segment, and when."""

    field: str
    code: Code
    unit: Code
    segment: str
    phase: Code


MEASURED = (
    Measured("lv_ef", Code("8811-2", "LN", "Left ventricular ejection fraction by MR"), PERCENT, "LV", FULL_CYCLE),
    Measured("rv_ef", Code("8818-7", "LN", "Right ventricular ejection fraction by MR"), PERCENT, "RV", FULL_CYCLE),
    Measured("lv_sv_ml", Code("90096001", "SCT", "Stroke Volume"), ML, "LV", FULL_CYCLE),
    Measured("rv_sv_ml", Code("90096001", "SCT", "Stroke Volume"), ML, "RV", FULL_CYCLE),
    Measured("lv_edv_ml", Code("8821-1", "LN", "Left Ventricular ED Volume"), ML, "LV", END_DIASTOLE),
    Measured("rv_edv_ml", Code("8822-9", "LN", "Right Ventricular ED Volume"), ML, "RV", END_DIASTOLE),
    Measured("lv_mass_g", Code("18087-7", "LN", "Left Ventricle Mass"), GRAM, "MYO", END_DIASTOLE),
    Measured("lv_esv_ml", Code("8823-7", "LN", "Left Ventricular ES Volume"), ML, "LV", END_SYSTOLE),
    Measured("rv_esv_ml", Code("8824-5", "LN", "Right Ventricular ES Volume"), ML, "RV", END_SYSTOLE),
)
