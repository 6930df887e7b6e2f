"""Answers as a person reads them in a terminal."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from radloop.answers import Classification

NOTICE = "  Research use only. Not a medical device."


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
    lines.append(NOTICE)
    return "\n".join(lines)


def classification_table(answer: "Classification") -> str:
    """Probabilities, label and what they are calibrated for; or why there are none, and then no class is named."""
    lines = [answer.image]
    if answer.abstained:
        lines.append(f"  no answer: {answer.reason}")
    else:
        lines += [f"  {name:<22}{100 * share:>6.1f} %" for name, share in answer.prediction.items()]
        lines.append(f"  {'label':<22}{answer.label:>8}")
        if answer.prior is not None and answer.positive:
            share = f"{100 * answer.prior:.0f} %"
            lines.append(f"  calibrated for sets in which {share} are {answer.positive}; elsewhere they shift")
    lines.append(f"  {'model':<22}{answer.model} {answer.model_version}")
    lines += [f"  ! {warning.text}" for warning in answer.warnings]
    return "\n".join([*lines, NOTICE])
