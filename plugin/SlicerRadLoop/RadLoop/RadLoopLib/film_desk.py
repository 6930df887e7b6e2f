"""What goes on between a person, a server and the chest films of a scene. No Qt: the panel polls and draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import client
from .client import CHEST, Ticket
from .errands import Errands, image_name
from .film import Film, Said
from .scene import ShownFilm, add_film, film_of, films_in


class FilmDesk:
    """Open, classify, submit a class. Methods return at once; ``poll`` of ``errands`` brings results into the scene.

    errands : the server and the job at hand, shared with the hearts.
    volume : the film that a person looks at, or None; shown : what is known of it, or None.
    """

    def __init__(self, scene: Any, errands: Errands) -> None:
        self.scene, self.errands = scene, errands
        self.volume: Any = None
        self.shown: ShownFilm | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that a person can choose from: of the model that answered, else of the one that would."""
        answer = self.shown.film.answer if self.shown is not None else None
        if answer is not None and answer.classes:
            return answer.classes
        numbers = self.errands.models.get(CHEST, {}).get("labels") or {}
        return tuple(sorted(numbers, key=numbers.__getitem__))

    # Films

    def analyse_image(self, image: str) -> None:
        """Show a film of the server and what was submitted for it, then the model's answer."""
        server = self.errands.connected(CHEST)
        volume = self._volume_of(image, server.url)

        def show(opened: client.OpenedFilm) -> None:
            there = self._volume_of(image, server.url)
            if there is None:
                if opened.picture is None:
                    raise ValueError("The film was taken out of the scene meanwhile.")
                there = add_film(self.scene, image, opened.picture)
            film = Film(image, server.url, submitted=opened.submitted)
            self._ask(there, film, lambda ticket: client.classify_image(server, image, ticket))

        self.errands.start(lambda ticket: client.open_film(server, image, ticket, with_picture=volume is None), show)

    def is_known(self, volume: Any) -> bool:
        """Whether a film of the scene is one of the server's, so that it need not be sent."""
        return self._image_of(volume) is not None

    def analyse_scene(self, volume: Any) -> None:
        """Have a film of the scene classified: by its id where the server has it, else it is sent. Ask before.

        Raises ValueError for what is no film.
        """
        server = self.errands.connected(CHEST)
        image = self._image_of(volume)
        if image is not None:
            self.analyse_image(image)
            return
        picture, name = film_of(volume), image_name(volume.GetName(), "film")
        film = Film(None, server.url)
        self._ask(volume, film, lambda ticket: client.classify_film(server, name, picture, ticket))

    def choose(self, volume: Any) -> None:
        """Look at a volume of the scene, with what is known of it as a film."""
        self.volume, self.shown = volume, ShownFilm.find(volume)
        self.errands.changed()

    def poll(self) -> None:
        """Notice what was taken out of the scene."""
        if self.volume is not None and self.volume.GetScene() is None:
            self.choose(None)
        elif self.shown is not None and not self.shown.is_whole:
            self.choose(self.volume)

    def scene_opened(self) -> None:
        """Go on with a film that came with a saved scene."""
        if self.volume is None:
            self.choose(next(iter(films_in(self.scene)), None))

    def close(self) -> None:
        self.volume = self.shown = None

    def _image_of(self, volume: Any) -> str | None:
        """The id that a film of the scene has on the server, or None."""
        known, server = ShownFilm.find(volume), self.errands.server
        if known is None or server is None or known.film.server != server.url:
            return None
        return known.film.image

    def _volume_of(self, image: str, server: str) -> Any:
        for volume in films_in(self.scene):
            known = ShownFilm.find(volume)
            if known is not None and (known.film.image, known.film.server) == (image, server):
                return volume
        return None

    def _ask(self, volume: Any, film: Film, ask: Callable[[Ticket], client.Reading]) -> None:
        self.errands.check_free()
        shown = ShownFilm.begin(volume, film)
        self.volume, self.shown = volume, shown

        def show(reading: client.Reading) -> None:
            if not shown.is_whole:
                raise ValueError("The film was taken out of the scene meanwhile.")
            shown.take_answer(reading.answer, reading.heat_map)
            if film.image is not None:
                self.errands.note_state(film.image, "analysed")
            self.volume, self.shown = volume, shown
            version = reading.answer.model_version
            self.errands.say(f"Read by model version {version}." if version else "Read.")

        self.errands.start(ask, show)

    # Submitting

    def is_from_elsewhere(self) -> bool:
        """Whether the film came from another address: another server, or one that moved."""
        film = self.shown.film if self.shown is not None else None
        return film is not None and film.image is not None and film.server != self.errands.connected(CHEST).url

    def submit(self, label: str, author: str, *, elsewhere: bool = False) -> None:
        """Send a person's class. A film that the server does not have goes first, and is added to its cases.

        elsewhere : a person has agreed to send it to another address than the film came from.
        """
        server, shown = self.errands.connected(CHEST), self.shown
        if shown is None:
            raise ValueError("There is no film to say a class of.")
        if self.is_from_elsewhere() and not elsewhere:
            raise ValueError(f"This film came from {shown.film.server}; connect there to submit its class.")
        info = shown.film.submission(label, author, CHEST)
        image, new_film = shown.film.image, None
        if image is None:
            image, new_film = image_name(shown.volume.GetName(), "film"), film_of(shown.volume)

        def work(ticket: Ticket) -> str:
            return client.submit_class(server, image, info, ticket, new_film=new_film)

        def then(kept_as: str) -> None:
            if shown.is_whole:
                shown.note_submitted(kept_as, server.url, Said(label, author))
            self.errands.note_state(kept_as, "submitted", client.TAG, n_frames=1)
            self.errands.say(f"Submitted {kept_as} as “{label}”.")

        self.errands.start(work, then)
