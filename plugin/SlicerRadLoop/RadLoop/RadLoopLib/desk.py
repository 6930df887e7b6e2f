"""What goes on between a person, a server and the hearts of a scene. No Qt: the panel polls and draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import client
from .client import HEART, Ticket
from .errands import Errands, image_name
from .exam import Cine, Label, labels_of, measurements_of
from .scene import ShownExam, add_browser, add_cine, browsers_of, cine_of, show_only

_IMAGE = "RadLoop.image"  # which image of which server a browser shows, before there are labels
_SERVER = "RadLoop.server"
_GRID = "RadLoop.grid"


class Desk(Errands):
    """Fetch, analyse, open, submit. Methods return at once; ``poll`` brings results into the scene.

    shown : the exam that a person works on, or None.
    """

    def __init__(self, scene: Any, sequences_logic: Any) -> None:
        super().__init__()
        self.scene = scene
        self.sequences_logic = sequences_logic
        self.browser: Any = None
        self.shown: ShownExam | None = None

    @property
    def structures(self) -> tuple[Label, ...]:
        return labels_of(self.models.get(HEART, {}))

    def poll(self) -> None:
        if self.shown is not None and not self.shown.is_whole:
            self.shown.stop_watching()
            self.shown = None
            self.choose(self.browser if self.browser.GetScene() is not None else None)
        super().poll()

    # An image of the server

    def analyse_image(self, image: str) -> None:
        """Show the cine as soon as it is here, and the model's labels on it when they are."""
        server = self.connected(HEART)

        def labels(browser: Any, cine: Cine) -> None:
            self._ask_model(browser, lambda ticket: client.analyse_image(server, image, cine, ticket), image)

        self._with_cine(image, labels)

    def open_label(self, image: str, tag: str) -> None:
        """Show a label that was submitted earlier, with the marks that it was submitted with."""
        server = self.connected(HEART)

        def labels(browser: Any, cine: Cine) -> None:
            self.start(
                lambda ticket: client.open_label(server, image, tag, cine, ticket),
                lambda earlier: show(browser, cine, earlier),
            )

        def show(browser: Any, cine: Cine, earlier: client.EarlierLabel) -> None:
            info = earlier.info
            assumed = info.get("reviewed") is None or info.get("assumed_reviewed")
            self._show_labels(
                browser,
                labels=earlier.labels,
                image=image,
                server=server.url,
                measurements=measurements_of(earlier.labels, image, cine.times_ms),
                label_tag=tag,
                from_version=info.get("from_version"),
                reviewed=None if assumed else info["reviewed"],
            )
            author = f" by {info['author']}" if info.get("author") else ""
            unknown = " It does not say what was reviewed, so nothing is marked." if assumed else ""
            self.say(f"Opened the label “{tag}”{author} of {image}.{unknown}")

        self._with_cine(image, labels)

    def _with_cine(self, image: str, then: Callable[[Any, Cine], None]) -> None:
        server = self.connected(HEART)
        browser = self._browser_of(image, server.url)
        if browser is not None:
            then(browser, cine_of(browser))
            return

        def show(cine: Cine) -> None:
            made = add_cine(self.scene, self.sequences_logic, image, cine, None)
            self._belongs_to(made, image, server.url, cine)
            self.choose(made)
            then(made, cine)

        self.start(lambda ticket: client.fetch_cine(server, image, ticket), show)

    def _browser_of(self, image: str, server: str) -> Any:
        """A browser with the server's cine; not one that Slicer turned around when it opened a saved scene."""
        for browser in browsers_of(self.scene):
            theirs = browser.GetAttribute(_IMAGE) == image and browser.GetAttribute(_SERVER) == server
            if theirs and browser.GetAttribute(_GRID) == _grid_words(cine_of(browser)):
                return browser
        return None

    def _belongs_to(self, browser: Any, image: str, server: str, cine: Cine) -> None:
        for name, value in ((_IMAGE, image), (_SERVER, server), (_GRID, _grid_words(cine))):
            browser.SetAttribute(name, value)

    # A cine that only the scene has

    def analyse_scene(self, browser: Any) -> None:
        """Send the cine of a browser and show the answer beside it. Ask the person before."""
        server, cine = self.connected(HEART), cine_of(browser)
        name = image_name(browser.GetName())
        self._ask_model(browser, lambda ticket: client.analyse_cine(server, name, cine, ticket), None, cine.times_ms)

    # Exams in the scene

    def choose(self, browser: Any) -> None:
        """Work on the cine of a browser, with its exam if it has one."""
        if self.shown is not None and (browser is None or self.shown.browser is not browser):
            self.shown.stop_watching()
        self.shown = self._exam_of(browser)
        self.browser = browser
        if browser is not None:
            show_only(self.scene, browser)
        self.changed()

    def close(self) -> None:
        """The scene was closed, or the panel goes away."""
        self.forget()
        self.shown = self.browser = None
        self.changed()

    def _exam_of(self, browser: Any) -> ShownExam | None:
        if self.shown is not None and self.shown.browser is browser:
            return self.shown
        return ShownExam.find(browser)

    def _free(self, browser: Any) -> Any:
        """A browser of the same cine without labels: this one, or another if a person's unsent work is in it."""
        shown = self._exam_of(browser)
        if shown is None:
            return browser
        shown.take_up_edits(all_frames=True)
        if not shown.exam.unsent:
            if shown is self.shown:
                self.choose(None)
            shown.remove(self.scene)
            return browser
        if shown is not self.shown:
            shown.stop_watching()
        name = self.scene.GenerateUniqueName(browser.GetName())
        second = add_browser(self.scene, self.sequences_logic, name, browser.GetMasterSequenceNode())
        for attribute in (_IMAGE, _SERVER, _GRID):
            second.SetAttribute(attribute, browser.GetAttribute(attribute))
        return second

    def _ask_model(
        self,
        browser: Any,
        ask: Callable[[Ticket], client.Analysis],
        image: str | None,
        times_ms: tuple[float, ...] | None = None,
    ) -> None:
        server = self.connected(HEART)

        def show(analysis: client.Analysis) -> None:
            figures = analysis.measurements
            if figures.get("times_ms") is None and times_ms is not None:
                figures = {**figures, "times_ms": list(times_ms)}
            version = figures.get("model_version")
            self._show_labels(
                browser,
                labels=analysis.labels,
                image=image,
                server=server.url,
                measurements=figures,
                from_version=version,
            )
            if image is not None:
                self.note_state(image, "analysed")
            self.say(f"Analysed by model version {version}." if version else "Analysed.")

        self.start(ask, show)

    def _show_labels(self, browser: Any, **about: Any) -> None:
        if self.scene.GetNodeByID(browser.GetID()) is not browser:
            raise ValueError("The cine was taken out of the scene meanwhile.")
        browser = self._free(browser)
        self.choose(None)
        self.shown = ShownExam.add(self.scene, self.sequences_logic, browser, structures=self.structures, **about)
        self.choose(browser)

    # Submitting

    def is_from_elsewhere(self) -> bool:
        """Whether the exam came from another address: another server, or one that moved."""
        exam = self.shown.exam if self.shown else None
        return exam is not None and exam.image is not None and exam.server != self.connected(HEART).url

    def submit(self, author: str, *, elsewhere: bool = False) -> None:
        """Send labels and review. Until the server has acknowledged, everything counts as unsent and stays here.

        elsewhere : a person has agreed to send the exam to another address than it came from.
        """
        server, shown = self.connected(HEART), self.shown
        if shown is None:
            raise ValueError("There is nothing to submit.")
        exam = shown.exam
        if self.is_from_elsewhere() and not elsewhere:
            raise ValueError(f"This exam came from {exam.server}; connect there to submit it.")
        labels = shown.labels()
        info, state = exam.submission(author), exam.state()
        image, new_cine = exam.image, None
        if image is None:
            image, new_cine = image_name(shown.browser.GetName()), cine_of(shown.browser)

        def work(ticket: Ticket) -> str:
            return client.submit(server, image, labels, info, ticket, new_cine=new_cine)

        def then(kept_as: str) -> None:
            shown.note_sent(kept_as, server.url, state)
            if new_cine is not None:
                self._belongs_to(shown.browser, kept_as, server.url, new_cine)
            shown.browser.SetAttribute(_SERVER, server.url)
            self.note_state(kept_as, "submitted", client.TAG)
            self.say(f"Submitted {kept_as} with {_reviewed_words(info['reviewed'])} reviewed.")

        self.start(work, then)


def _reviewed_words(reviewed: dict[str, Any]) -> str:
    count = len(reviewed)
    return "no frame" if count == 0 else "1 frame" if count == 1 else f"{count} frames"


def _grid_words(cine: Cine) -> str:
    return str(cine.ijk_to_ras.round(3).tolist())
