"""The launcher's decisions without processes: settings, programs and their order, restarts, the greeting."""

import signal
from pathlib import Path
from typing import Any

import pytest

from launcher import programs
from launcher.config import Config, ConfigError, from_environ
from launcher.greeting import greeting
from launcher.program import MAX_RESTARTS, Program, how_it_ended, restart_delay, waves


def config(**changes: Any) -> Config:
    values: dict[str, Any] = {
        "data_dir": Path("/data"),
        "bind": "127.0.0.1",
        "port": 8000,
        "redis_url": "",
        "sandbox": True,
        "sandbox_port": 0,
    }
    return Config(**{**values, **changes})


def test_defaults_and_empty_variables_are_the_same() -> None:
    assert from_environ({}) == from_environ({"PORT": "", "BIND": "", "SLIPWAY_AWS": "", "SLIPWAY_DATA_DIR": ""})
    assert from_environ({}).url == "http://127.0.0.1:8000/"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("PORT", "0"), ("PORT", "70000"), ("SANDBOX_PORT", "-1"), ("SLIPWAY_AWS", "azure")],
)
def test_a_wrong_setting_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is '{value}'"):
        from_environ({name: value})


@pytest.mark.parametrize(
    ("bind", "url"),
    [("0.0.0.0", "http://127.0.0.1:8000/"), ("::", "http://[::1]:8000/"), ("10.1.2.3", "http://10.1.2.3:8000/")],
)
def test_a_wildcard_address_is_shown_as_one_to_connect_to(bind: str, url: str) -> None:
    assert config(bind=bind).url == url


def test_nothing_that_uses_the_database_starts_before_it_is_prepared() -> None:
    product = {program.name: program for program in programs.product(config(), needs=("redis",))}
    assert product.pop("prepare").after == ()
    assert set(product) == {"web", "scheduler", "worker-terraform-1", "worker-terraform-2", "worker-looks"}
    assert all({"prepare", "redis"} <= set(program.after) for program in product.values())


def test_the_web_server_listens_where_it_is_told() -> None:
    argv = programs.web(config(bind="0.0.0.0", port=8123), after=()).argv
    assert argv[argv.index("--host") + 1] == "0.0.0.0"
    assert argv[argv.index("--port") + 1] == "8123"
    assert argv[argv.index("--ws") + 1] == "websockets-sansio"


def test_redis_is_durable_and_has_no_port() -> None:
    argv = " ".join(programs.redis(Path("/bin/valkey"), Path("/d/redis.sock"), Path("/d")).argv)
    assert "--port 0 --unixsocket /d/redis.sock --unixsocketperm 700 --dir /d" in argv
    assert "--appendonly yes --appendfsync everysec" in argv
    assert "--maxmemory-policy noeviction" in argv


def test_requests_stop_first_and_redis_last() -> None:
    everything = [
        programs.redis(Path("valkey"), Path("s"), Path("d")),
        programs.sandbox(5000, Path("d")),
        *programs.product(config(), needs=()),
    ]
    order = [{program.name for program in wave if not program.once} for wave in waves(everything)]
    assert order[0] == {"web", "scheduler"}
    assert order[1] == {"worker-terraform-1", "worker-terraform-2", "worker-looks"}
    assert order[2:] == [{"sandbox"}, {"redis"}]


def test_an_orderly_stop_is_bounded() -> None:
    everything = [
        programs.redis(Path("valkey"), Path("s"), Path("d")),
        programs.sandbox(5000, Path("d")),
        *programs.product(config(), needs=()),
    ]
    longest = sum(max(program.grace for program in wave if not program.once) for wave in waves(everything))
    assert longest <= 15


def test_the_sandbox_may_save_its_state_when_the_launcher_is_killed() -> None:
    assert programs.sandbox(5000, Path("d")).death_signal == signal.SIGTERM
    assert Program("other", ("true",)).death_signal == signal.SIGKILL


def test_restarts_back_off_and_end() -> None:
    delays = [restart_delay(failures) for failures in range(1, MAX_RESTARTS + 2)]
    assert delays == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, None]


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "exit status 0"), (3, "exit status 3"), (-9, "killed by SIGKILL"), (-64, "killed by SIGRTMAX")],
)
def test_how_a_program_ended_in_words(code: int, words: str) -> None:
    assert how_it_ended(code) == words


def test_the_greeting_shows_address_accounts_and_what_to_do() -> None:
    text = greeting(
        config(port=8123),
        accounts=[
            {"role": "developer", "username": "dev", "password": "d-secret"},
            {"role": "approver", "username": "a-longer-name", "password": "a-secret"},
        ],
        terraform=["1.11.4, /usr/bin/terraform", "providers come from the mirror"],
        sandbox_url="http://127.0.0.1:20001",
        seconds=6.34,
    )
    assert "http://127.0.0.1:8123/   (6.3 s)" in text
    assert "developer   dev             d-secret" in text
    assert "press Plan" in text
    assert "http://127.0.0.1:20001" in text
    assert "providers come from the mirror" in text
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_the_greeting_without_a_sandbox_says_how_to_get_an_account() -> None:
    text = greeting(config(sandbox=False), accounts=[], terraform=["1.11.4"], sandbox_url=None, seconds=1)
    assert "createsuperuser" in text
    assert "sandbox" not in text
