"""From a labelled cine to everything that is said about the heart."""

from radloop.answers import Curves, Diagnosis, Measurements, Warning
from radloop.heart.diagnosis import DiagnosisModel
from radloop.heart.doubts import doubts
from radloop.heart.features import features
from radloop.heart.volumes import MYOCARDIUM_G_PER_ML, ed_index, ejection_fraction, es_index, volume_curves
from radloop.images.picture import Cine, LabelMap
from radloop.refusal import Refusal


def measure(
    label: LabelMap,
    cine: Cine,
    *,
    image: str,
    model: str | None = None,
    model_version: str | None = None,
    diagnosis_model: DiagnosisModel | None = None,
    ed_frame: int | None = None,
    es_frame: int | None = None,
) -> Measurements:
    """What follows from the labels (x, y, z, t) of a cine.

    ED and ES are the frames of largest and smallest LV volume (the first of equals) unless a person chose
    another (``ed_frame``, ``es_frame``, from 1), and the RV is taken there too; mass is the myocardium's at
    ED. Whatever is not known is None, with a warning:

    - ``NO_HEART``: no LV in any frame; nothing follows.
    - ``NO_SPACING``: voxel size unknown; no mL and no g. EF is a ratio of voxels and stands.
    - ``ONE_FRAME``: a single frame may be of any phase; so neither ED nor ES nor what is taken there.
      Its volumes stand in ``curves``.
    - ``NO_TIMES``: the file does not say when its frames were taken.
    - ``NO_DIAGNOSIS``, with the reason; the remarks made while the cine was read; what ``doubts`` finds.

    Raises ``Refusal("LABEL_GRID")`` where the label map has another grid than the cine.
    """
    if label.shape != cine.voxels.shape:
        raise Refusal("LABEL_GRID", f"{image}: labels are {_grid(label)} where the image is {_grid(cine.voxels)}.")
    rv, myo, lv = volume_curves(label)
    ml = cine.voxel_ml if cine.spacing_known else None
    warnings = [Warning(code=remark.code, text=remark.text) for remark in cine.remarks]
    if ml is None:
        warnings.append(Warning(code="NO_SPACING", text="The voxel size is unknown: no volume or mass can be given."))
    if cine.times_ms is None:
        warnings.append(Warning(code="NO_TIMES", text="The file does not say when its frames were taken."))
    if cine.n_frames == 1:
        text = "One frame does not tell its phase: volumes at ED and ES, mass and EF need the whole cycle."
        warnings.append(Warning(code="ONE_FRAME", text=text))
    found = bool(lv.any())
    if not found:
        warnings.append(Warning(code="NO_HEART", text="No left ventricle was found in any frame."))

    answer = Measurements(
        image=image,
        model=model,
        model_version=model_version,
        n_frames=cine.n_frames,
        spacing_mm=cine.spacing_mm if cine.spacing_known else None,
        times_ms=None if cine.times_ms is None else cine.times_ms.tolist(),
        ed_frame=None,
        es_frame=None,
        lv_edv_ml=None,
        lv_esv_ml=None,
        lv_sv_ml=None,
        lv_ef=None,
        rv_edv_ml=None,
        rv_esv_ml=None,
        rv_sv_ml=None,
        rv_ef=None,
        lv_mass_g=None,
        curves=None,
        diagnosis=None,
        warnings=warnings,
    )
    if found and ml is not None:
        answer.curves = Curves(lv_ml=(lv * ml).tolist(), rv_ml=(rv * ml).tolist(), myo_ml=(myo * ml).tolist())
    if not found or cine.n_frames == 1:
        return answer

    ed = ed_index(lv) if ed_frame is None else ed_frame - 1
    es = es_index(lv) if es_frame is None else es_frame - 1
    answer.ed_frame, answer.es_frame = ed + 1, es + 1
    answer.lv_ef = ejection_fraction(lv[ed], lv[es])
    ejects = rv[es] <= rv[ed]  # the RV's own phases may differ from the LV's, but not by so much
    answer.rv_ef = ejection_fraction(rv[ed], rv[es]) if ejects else None
    if ml is not None:
        answer.lv_edv_ml, answer.lv_esv_ml = lv[ed] * ml, lv[es] * ml
        answer.lv_sv_ml = answer.lv_edv_ml - answer.lv_esv_ml
        answer.lv_mass_g = myo[ed] * ml * MYOCARDIUM_G_PER_ML if myo[ed] else None
        if rv[ed]:
            answer.rv_edv_ml, answer.rv_esv_ml = rv[ed] * ml, rv[es] * ml
            answer.rv_sv_ml = answer.rv_edv_ml - answer.rv_esv_ml if ejects else None
    answer.warnings.extend(doubts(label, lv, rv, ed, es))
    if diagnosis_model:
        aspect = cine.spacing_mm if cine.spacing_known else None
        answer.diagnosis = _diagnosis(diagnosis_model, label[..., ed], label[..., es], aspect, answer.warnings)
    return answer


def _diagnosis(
    model: DiagnosisModel,
    ed: LabelMap,
    es: LabelMap,
    spacing_mm: tuple[float, float, float] | None,
    warnings: list[Warning],
) -> Diagnosis | None:
    try:
        return model.apply(features(ed, es, spacing_mm))
    except Refusal as reason:
        warnings.append(Warning(code="NO_DIAGNOSIS", text=reason.sentence))
        return None


def _grid(voxels: object) -> str:
    return " x ".join(str(n) for n in getattr(voxels, "shape", ()))
