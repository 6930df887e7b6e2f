"""Measurements as a person reads them in a terminal."""

from typing import Any


def measurements_table(m: dict[str, Any]) -> str:
    """The figures of ``measurements.json``; what is unknown is a dash, and the warnings say why."""

    def figure(value: float | None, unit: str) -> str:
        return "-" if value is None else f"{value:.1f} {unit}"

    rows = [("", "LV", "RV")]
    for title, key, unit in (
        ("end-diastolic volume", "edv_ml", "mL"),
        ("end-systolic volume", "esv_ml", "mL"),
        ("stroke volume", "sv_ml", "mL"),
        ("ejection fraction", "ef", "%"),
    ):
        rows.append((title, figure(m[f"lv_{key}"], unit), figure(m[f"rv_{key}"], unit)))
    rows.append(("myocardial mass", figure(m["lv_mass_g"], "g"), ""))
    rows.append(("ED frame / ES frame", f"{m['ed_frame'] or '-'} / {m['es_frame'] or '-'} of {m['n_frames']}", ""))
    if m["diagnosis"]:
        label = m["diagnosis"]["label"]
        rows.append(("diagnosis", f"{label} ({100 * m['diagnosis']['probabilities'][label]:.0f} %)", ""))
    rows.append(("model", f"{m['model']} {m['model_version']}", ""))
    lines = [f"{m['image']}"] + [f"  {a:<22}{b:>16}{c:>14}".rstrip() for a, b, c in rows]
    lines += [f"  ! {w['text']}" for w in m["warnings"]]
    lines.append("  Research use only. Not a medical device.")
    return "\n".join(lines)
