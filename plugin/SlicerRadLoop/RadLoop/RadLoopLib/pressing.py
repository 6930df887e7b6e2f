"""What a press of a button does, the same in every part of the panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

from .client import Fault
from .errands import Errands


def on_press(button: Any, act: Callable[[], Any], errands: Errands) -> None:
    """Whatever cannot be done is said in the panel, in the sentence that it came with."""

    def press(*_: Any) -> None:
        try:
            act()
        except (Fault, ValueError) as fault:
            errands.say(str(fault), is_fault=True)

    button.connect("clicked(bool)", press)


def agreed(question: str) -> bool:
    return bool(slicer.util.confirmYesNoDisplay(question, windowTitle="RadLoop"))
