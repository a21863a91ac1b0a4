"""The environment is read strictly."""

import os

import pytest

from backoffice.env import Environment, UnreadableSetting


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Environment:
    for name in ("COUNT", "FLAG", "WORD", "ZONE", "SECRET_FILE", "SECRET"):
        monkeypatch.delenv(name, raising=False)
    return Environment()


@pytest.mark.parametrize(
    ("text", "value"), [("on", True), ("TRUE", True), ("0", False), ("no", False)]
)
def test_flag_reads_words(env, monkeypatch, text, value):
    monkeypatch.setenv("FLAG", text)
    assert env.flag("FLAG") is value


def test_flag_refuses_what_is_neither(env, monkeypatch):
    monkeypatch.setenv("FLAG", "maybe")
    with pytest.raises(UnreadableSetting, match="FLAG is 'maybe'"):
        env.flag("FLAG")


@pytest.mark.parametrize("text", ["x", "1.5", "99", "-1"])
def test_number_refuses_text_and_bounds(env, monkeypatch, text):
    monkeypatch.setenv("COUNT", text)
    with pytest.raises(UnreadableSetting, match="COUNT"):
        env.number("COUNT", 1, least=0, most=10)


def test_text_reads_a_file(env, monkeypatch, tmp_path):
    (tmp_path / "s").write_text("hush\n")
    monkeypatch.setenv("SECRET_FILE", str(tmp_path / "s"))
    assert env.text("SECRET") == "hush"


def test_text_refuses_a_file_that_is_not_there(env, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_FILE", str(tmp_path / "none"))
    with pytest.raises(UnreadableSetting, match="SECRET_FILE"):
        env.text("SECRET")


def test_time_zone_is_of_the_database(env, monkeypatch):
    monkeypatch.setenv("ZONE", "Mars/Olympus")
    with pytest.raises(UnreadableSetting, match="ZONE"):
        env.timezone("ZONE", "Asia/Shanghai")


def test_names_are_remembered(env):
    env.text("WORD")
    assert "WORD" in env.names
    assert "WORD" not in os.environ
