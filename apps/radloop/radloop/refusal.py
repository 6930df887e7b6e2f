"""What is said to a person whose input cannot be used."""


class Refusal(Exception):
    """A request that is refused, in one sentence that names what was given and what is wrong with it.

    ``code`` is short and stable ("NOT_AN_IMAGE"); doors turn a refusal into exit code 2 or an HTTP
    status of the 400s (``http_status``), and show ``sentence`` and nothing else.
    """

    def __init__(self, code: str, sentence: str, *, http_status: int = 422) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.http_status = http_status

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword arguments survive the way from a worker process to the server.
        return (_rebuild, (self.code, self.sentence, self.http_status))


def _rebuild(code: str, sentence: str, http_status: int) -> Refusal:
    return Refusal(code, sentence, http_status=http_status)
