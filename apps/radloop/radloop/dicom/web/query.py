"""Searching by attributes (QIDO-RS: PS3.18, 8.3.4 and 10.6)."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydicom.datadict import tag_for_keyword

from radloop.dicom.web.entry import INSTANCE, SERIES, STUDY, Entry
from radloop.dicom.web.offer import Json, Query
from radloop.refusal import Refusal

_DATES = {"DA", "TM", "DT"}
_NOT_ATTRIBUTES = {"limit", "offset", "includefield", "fuzzymatching", "emptyvaluematching", "multiplevaluematching"}
_MODALITIES, _SERIES_COUNT, _INSTANCE_COUNT = "00080061", "00201206", "00201208"
_INSTANCES_OF_SERIES, _CLASSES = "00201209", "00080062"


def search(level: str, entries: Iterable[Entry], query: Query) -> list[Json]:
    """The studies, series or instances among ``entries`` that match a query, in a steady order."""
    rows = _ROWS[level](list(entries))
    wanted = [(tag, value) for name, value in query if (tag := _tag(name)) and value not in ("", "*")]
    found = [row for row in rows if all(_matches(row, tag, value) for tag, value in wanted)]
    start, count = _whole(query, "offset", 0), _whole(query, "limit", len(found))
    return found[start : start + count]


def _studies(entries: list[Entry]) -> list[Json]:
    rows = []
    for of_study in _grouped(entries, lambda e: e.study):
        row = _shown(of_study[0].summary, STUDY)
        modalities = sorted({v for e in of_study for v in e.summary.get("00080060", {}).get("Value", [])})
        classes = sorted({v for e in of_study for v in e.summary["00080016"]["Value"]})
        row[_MODALITIES] = {"vr": "CS", "Value": modalities}
        row[_CLASSES] = {"vr": "UI", "Value": classes}
        row[_SERIES_COUNT] = {"vr": "IS", "Value": [len({e.series for e in of_study})]}
        row[_INSTANCE_COUNT] = {"vr": "IS", "Value": [len(of_study)]}
        rows.append(row)
    return rows


def _series(entries: list[Entry]) -> list[Json]:
    rows = []
    for of_series in _grouped(entries, lambda e: (e.study, e.series)):
        row = _shown(of_series[0].summary, (*STUDY, *SERIES))
        row[_INSTANCES_OF_SERIES] = {"vr": "IS", "Value": [len(of_series)]}
        rows.append(row)
    return rows


def _instances(entries: list[Entry]) -> list[Json]:
    ordered = sorted(entries, key=lambda e: (e.study, e.series, _number(e), e.instance))
    return [_shown(e.summary, (*STUDY, *SERIES, *INSTANCE)) for e in ordered]


_ROWS: dict[str, Callable[[list[Entry]], list[Json]]] = {
    "studies": _studies,
    "series": _series,
    "instances": _instances,
}


def _grouped(entries: list[Entry], key: Callable[[Entry], Any]) -> list[list[Entry]]:
    groups: dict[Any, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return [groups[k] for k in sorted(groups)]


def _number(entry: Entry) -> int:
    values = entry.summary.get("00200013", {}).get("Value", [])
    return int(values[0]) if values and isinstance(values[0], int) else 0


def _shown(summary: Json, keywords: Sequence[str]) -> Json:
    tags = sorted(f"{tag_for_keyword(k):08X}" for k in keywords)
    return {tag: summary[tag] for tag in ("00080005", *tags) if tag in summary}


def _whole(query: Query, name: str, otherwise: int) -> int:
    given = next((value for key, value in query if key == name and value), None)
    if given is None:
        return otherwise
    if not given.isdecimal():
        raise Refusal("BAD_QUERY", f"{name} is a number from 0, not {given[:40]!r}.", http_status=400)
    return int(given)


def _tag(name: str) -> str | None:
    if name.lower() in _NOT_ATTRIBUTES:
        return None
    if re.fullmatch(r"[0-9A-Fa-f]{8}", name):
        return name.upper()
    number = tag_for_keyword(name)
    if number is None:
        raise Refusal("BAD_QUERY", f"{name[:40]!r} is no attribute of DICOM.", http_status=400)
    return f"{number:08X}"


def _matches(row: Json, tag: str, wanted: str) -> bool:
    """Whether one value of an attribute matches; an attribute that is not kept for searching always does."""
    if tag not in row:
        return not _is_kept(tag)
    values = [_text(v) for v in row[tag].get("Value", [])]
    vr = row[tag]["vr"]
    if vr in _DATES and "-" in wanted:
        low, _, high = wanted.partition("-")
        return any((not low or v[: len(low)] >= low) and (not high or v[: len(high)] <= high) for v in values)
    many = re.split(r"[,\\]", wanted) if vr in ("UI", "CS") else [wanted.rstrip("^") if vr == "PN" else wanted]
    patterns = [re.compile(_pattern(one), re.IGNORECASE) for one in many]
    return any(p.fullmatch(v) for p in patterns for v in values)


def _is_kept(tag: str) -> bool:
    kept = {f"{tag_for_keyword(k):08X}" for k in (*STUDY, *SERIES, *INSTANCE)}
    return tag in kept


def _pattern(wanted: str) -> str:
    return re.escape(wanted).replace(r"\*", ".*").replace(r"\?", ".")


def _text(value: Any) -> str:
    # A name's trailing carets stand for parts that are empty.
    return str(value.get("Alphabetic", "")).rstrip("^") if isinstance(value, dict) else str(value)
