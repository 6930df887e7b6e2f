"""A classifier's report: one HTML file that holds everything, for people."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from radloop.images import replace_whole
from radloop.learning import class_figures as figures
from radloop.learning.class_scores import Judged, at_prevalence, probabilities
from radloop.refusal import Refusal

WORST = 12
THUMBNAIL = 180
"""Pixels of the longer side."""

STYLE = """body{font:15px/1.5 system-ui,sans-serif;color:#1d232b;max-width:960px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin-bottom:0}h2{font-size:1.1rem;margin-top:2rem}small,.note{color:#6b7480}
table{border-collapse:collapse}td,th{padding:.2rem .9rem .2rem 0;text-align:left;vertical-align:top}
.row{display:flex;flex-wrap:wrap;gap:1.5rem}figure{margin:0}figcaption{color:#6b7480;font-size:.85rem;max-width:360px}
.films figure{width:180px}.films figcaption{overflow-wrap:anywhere}.films img{display:block;background:#000}"""


@dataclass(frozen=True)
class Told:
    """What a report says besides the judged films; ``counts[part][class]`` films, ``notes`` sentences."""

    title: str
    model: str
    version: str
    place: str
    part: str
    counts: Mapping[str, Mapping[str, int]]
    notes: Sequence[str] = ()
    history: Sequence[Mapping[str, float]] = ()
    linear_auc: float | None = None
    more: Mapping[str, str] = field(default_factory=dict)


def write_report(
    file: Path, told: Told, judged: Sequence[Judged], summary: Mapping[str, Any], about: Mapping[str, Any]
) -> None:
    """Write the report on ``judged`` films. Files and classes have any names that users give: all are escaped."""
    classes = list(about["classes"])
    shares, truth = probabilities(judged, classes)
    parts = [
        f"<h1>{escape(told.title)}</h1>",
        f"<p class=note>{escape(told.model)} {escape(told.version)} on {escape(told.place)}, part {escape(told.part)}. "
        "Research use only. Not a medical device.</p>",
        _table(_rows(summary, told, about)),
        *(f"<p class=note>{escape(note)}</p>" for note in told.notes),
        "<h2>Films</h2>",
        _figure(figures.split_figure(told.counts, classes), "Films of each class in each part."),
    ]
    if told.history:
        parts += ["<h2>Training</h2>", _figure(figures.curves_figure(told.history), "Loss and AUC after each epoch.")]
    if len(truth):
        moved = at_prevalence(shares, truth, about.get("prior"))
        two = len(classes) == 2
        confidence = moved[:, 1] if two else moved.max(axis=1)
        right = truth == 1 if two else moved.argmax(axis=1) == truth
        what = f"{classes[1]} in bins of equal mass" if two else "the most probable class in bins of equal mass"
        parts += [
            "<h2>Answers</h2><div class=row>",
            _figure(figures.confusion_figure(summary["confusion"], classes), "Answered films: labelled and called."),
            _figure(figures.roc_figure(shares, truth, classes), "ROC; shaded: 95 % of draws of the films."),
            _figure(
                figures.reliability_figure(confidence, right),
                f"Reliability: {what}; probabilities moved from the prior to this set's shares.",
            ),
            "</div>",
            "<h2>Worst mistakes</h2>",
            _worst(judged),
        ]
    parts += _unanswered(judged)
    html = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(told.title)}</title>"
        f"<style>{STYLE}</style><body>{''.join(parts)}</body></html>\n"
    )
    with replace_whole(file) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _rows(summary: Mapping[str, Any], told: Told, about: Mapping[str, Any]) -> list[tuple[str, str]]:
    def number(value: float | None, limits: Sequence[float] | None = None) -> str:
        if value is None:
            return "unknown"
        return f"{value:.3f}" + (f" (95 %: {limits[0]:.3f} to {limits[1]:.3f})" if limits else "")

    def share(one: Mapping[str, Any]) -> str:
        if one["share"] is None:
            return "unknown"
        low, high = one["interval_95"]
        return f"{100 * one['share']:.1f} % of {one['of']} (95 %: {100 * low:.1f} to {100 * high:.1f})"

    refused = summary["not_answered"]
    rows = [
        ("AUC", number(summary["auc"], summary["auc_interval_95"])),
        ("AUC of answered films", number(summary["auc_answered"])),
        ("a linear model on thumbnails, AUC", number(told.linear_auc)),
        ("accuracy of the label", share(summary["accuracy"])),
        ("balanced accuracy", number(summary["balanced_accuracy"])),
        *((f"recall, {name}", share(one)) for name, one in summary["recall"].items()),
        ("calibration error", number(summary["calibration_error"])),
        ("… above a perfectly calibrated model's", number(summary["calibration_error_excess"])),
        ("without answer", f"{refused['films']} of {summary['films']}"),
    ]
    if about.get("threshold") is not None:
        rows.append((f"called {about['positive']} from", f"{100 * about['threshold']:.0f} %"))
    if about.get("prior") is not None:
        rows.append(("probabilities are for a prior of", f"{about['prior']:.2f}"))
    rows += told.more.items()
    return [row for row in rows if told.linear_auc is not None or not row[0].startswith("a linear")]


def _table(rows: Sequence[tuple[str, str]]) -> str:
    return "<table>" + "".join(f"<tr><td>{escape(a)}<td>{escape(b)}" for a, b in rows) + "</table>"


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"


def _worst(judged: Sequence[Judged]) -> str:
    """Answered films with another class than their label's, the least probable labels first."""
    wrong = [
        (one.reading.probabilities[one.film.label], one)
        for one in judged
        if one.reading is not None and not one.reading.abstained and one.reading.label != one.film.label
    ]
    if not wrong:
        return "<p>None.</p>"
    shown = []
    for share, one in sorted(wrong, key=lambda pair: pair[0])[:WORST]:
        assert one.reading is not None
        caption = f"{one.film.name}: {one.film.label} ({100 * share:.0f} %), called {one.reading.label}"
        shown.append(f"<figure>{_thumbnail(one)}<figcaption>{escape(caption)}</figcaption></figure>")
    return f"<div class='row films'>{''.join(shown)}</div>"


def _thumbnail(one: Judged) -> str:
    from PIL import Image

    try:
        pixels = one.film.read().pixels.T
    except Refusal:  # gone since it was judged
        return ""
    low, high = np.percentile(pixels, (0.5, 99.5))
    grey = np.clip((pixels - low) / max(float(high - low), 1e-6) * 255, 0, 255).astype(np.uint8)
    picture = Image.fromarray(grey)
    scale = THUMBNAIL / max(picture.size)
    picture = picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=85)
    encoded = base64.b64encode(content.getvalue()).decode()
    return f"<img width={picture.width} height={picture.height} alt='' src='data:image/jpeg;base64,{encoded}'>"


def _unanswered(judged: Sequence[Judged]) -> list[str]:
    rows = [
        (one.film.name, one.fault or (one.reading.reason if one.reading else ""))
        for one in judged
        if one.reading is None or one.reading.abstained
    ]
    if not rows:
        return []
    more = [("…", f"and {len(rows) - 50} more")] if len(rows) > 50 else []
    return ["<h2>Without answer</h2>", _table([*rows[:50], *more])]
