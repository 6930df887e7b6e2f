"""Settings from options, environment and file, in that order; and the page that lists them."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from radloop.cli.main import radloop as command
from radloop.refusal import Refusal
from radloop.server import run
from radloop.server.settings import CONFIG, Settings, option_of, table

PAGE = Path(__file__).resolve().parents[2] / "docs/settings.md"
MARK = "says how to write it anew -->\n"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("RADLOOP_"):
            monkeypatch.delenv(name)


def test_the_page_lists_every_setting() -> None:
    said = PAGE.read_text().partition(MARK)[2].strip()
    assert said == table().strip(), "write the end of docs/settings.md anew: print(radloop.server.settings.table())"


def test_every_setting_is_an_option() -> None:
    shown = CliRunner().invoke(command, ["serve", "--help"]).output
    for name in Settings.model_fields:
        assert option_of(name) in shown, name


def test_options_go_before_the_environment_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "radloop.toml"
    file.write_text('port = 1\nqueue = 2\nworkers = 3\nhosts = ["a.example", "b.example"]\n')
    monkeypatch.setenv(CONFIG, str(file))
    monkeypatch.setenv("RADLOOP_PORT", "11")
    monkeypatch.setenv("RADLOOP_QUEUE", "12")
    monkeypatch.setenv("RADLOOP_ORIGINS", "https://a.example, https://b.example")
    settings = Settings.given(port=111, access=None)
    assert (settings.port, settings.queue, settings.workers) == (111, 12, 3)
    assert settings.hosts == ("a.example", "b.example")
    assert settings.origins == ("https://a.example", "https://b.example")
    assert settings.access is False


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"port": "http"}, "port"),
        ({"workers": 0}, "workers"),
        ({"origins": "viewer.example"}, "no origin"),
        ({"log_level": "loud"}, "log_level"),
        ({"nosuch": 1}, "nosuch: there is no such setting"),
    ],
)
def test_what_does_not_fit_is_named(options: dict[str, object], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        Settings.given(**options)


@pytest.mark.parametrize("address", ["http://", "http://u:secret@x:99999/y", "http://u:secret@[::1", "http://xn--/"])
def test_studies_at_what_is_no_address_are_refused_before_anything_is_started(address: str) -> None:
    with pytest.raises(Refusal, match="no address of a DICOMweb server") as refused:
        run(Settings.given(studies=address))
    assert "secret" not in refused.value.sentence


@pytest.mark.parametrize(("text", "said"), [("port = ", "is not TOML"), ("prot = 1", "prot"), (None, "cannot be read")])
def test_a_wrong_file_is_named(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "radloop.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(Refusal, match=said):
        CliRunner().invoke(command, ["serve", "--config", str(file)], standalone_mode=False, catch_exceptions=False)


@pytest.mark.parametrize(
    ("host", "more", "asks"),
    [
        ("127.0.0.1", {}, False),
        ("localhost", {}, False),
        ("::1", {}, False),
        ("127.0.0.1", {"access": True}, True),
        ("127.0.0.1", {"behind_proxy": True}, True),
        ("0.0.0.0", {}, True),
        ("192.0.2.1", {}, True),
        ("::", {}, True),
        ("radloop.example", {}, True),
    ],
)
def test_only_loopback_asks_nobody(host: str, more: dict[str, bool], asks: bool) -> None:
    assert Settings.given(host=host, **more).asks_for_tokens is asks
