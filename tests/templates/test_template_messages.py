"""ntfy, Gotify, Home Assistant and Healthchecks, with the real curl and a local web server."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.templates.bench import Bench
from tests.templates.conftest import WebServer

FACTS = {
    "BORGDESK_OUTCOME": "failure",
    "BORGDESK_STATUS": "failure",
    "BORGDESK_ERROR": 'Borg said "no\\way" & 100% ä',
    "BORGDESK_ARCHIVE": "photos-2026",
    "BORGDESK_FILES": "12",
    "BORGDESK_ORIGINAL_SIZE": "1048576",
    "BORGDESK_DEDUPLICATED_SIZE": "2048",
    "REPOSITORY_NAME": "Fotos \U0001f4f7 'ö'",
    "BACKUP_DATE": "2026-01-02T03:04:05+01:00",
}
PING = "/ping-key-1234/photos"


@pytest.fixture
def curl(bench: Bench) -> Bench:
    bench.spy("curl")
    return bench


def _sent(web: WebServer) -> dict[str, Any]:
    assert len(web.requests) == 1
    assert web.requests[0].method == "POST"
    body: dict[str, Any] = json.loads(web.requests[0].body)
    return body


def test_ntfy(curl: Bench, web: WebServer) -> None:
    values = {"SERVER": web.url + "/", "TOPIC": "secret-topic", "TOKEN": "tk_secret"}
    done = curl.run("ntfy.sh", values, variables=FACTS)
    assert done.code == 0, done.stderr
    sent = _sent(web)
    assert web.requests[0].path == "/"
    assert web.requests[0].headers["Authorization"] == "Bearer tk_secret"
    assert sent["topic"] == "secret-topic"
    assert sent["title"] == "Backup of Fotos \U0001f4f7 'ö': failure"
    assert 'Reason: Borg said "no\\way" & 100% ä\n' in sent["message"]
    assert "Size: 1.0MiB" in sent["message"]
    assert (sent["priority"], sent["tags"]) == (4, ["warning"])
    assert not {"TOPIC", "TOKEN"} & set(done.calls[0].environment)


def test_ntfy_success_without_token(curl: Bench, web: WebServer) -> None:
    facts = FACTS | {"BORGDESK_OUTCOME": "success", "BORGDESK_STATUS": "success", "BORGDESK_ERROR": ""}
    assert curl.run("ntfy.sh", {"SERVER": web.url, "TOPIC": "secret-topic"}, variables=facts).code == 0
    sent = _sent(web)
    assert (sent["priority"], sent["tags"]) == (3, ["white_check_mark"])
    assert "Reason" not in sent["message"]
    assert "Authorization" not in web.requests[0].headers


def test_bytes_that_are_no_text_do_not_break_the_message(curl: Bench, web: WebServer) -> None:
    bad = b"caf\xe9 \x01 end".decode(errors="surrogateescape")
    assert (
        curl.run("ntfy.sh", {"SERVER": web.url, "TOPIC": "secret-topic"}, variables={"REPOSITORY_NAME": bad}).code == 0
    )
    assert _sent(web)["title"] == "Backup of caf   end: success"


def test_gotify(curl: Bench, web: WebServer) -> None:
    done = curl.run("gotify.sh", {"SERVER": web.url, "TOKEN": "A.secret"}, variables=FACTS)
    assert done.code == 0, done.stderr
    assert web.requests[0].path == "/message"
    assert web.requests[0].headers["X-Gotify-Key"] == "A.secret"
    assert _sent(web)["priority"] == 8


def test_home_assistant_sensor(curl: Bench, web: WebServer) -> None:
    values = {"SERVER": web.url, "TOKEN": "ey.secret", "ENTITY": "sensor.photos_backup"}
    done = curl.run("home-assistant.sh", values, variables=FACTS | {"BORGDESK_FILES": ""})
    assert done.code == 0, done.stderr
    assert web.requests[0].path == "/api/states/sensor.photos_backup"
    assert web.requests[0].headers["Authorization"] == "Bearer ey.secret"
    sent = _sent(web)
    assert sent["state"] == "failure"
    assert sent["attributes"]["repository"] == FACTS["REPOSITORY_NAME"]
    assert sent["attributes"]["original_size"] == 1048576
    assert sent["attributes"]["files"] is None


def test_home_assistant_event(curl: Bench, web: WebServer) -> None:
    values = {"SERVER": web.url, "TOKEN": "ey.secret", "REPORT_AS": "event"}
    assert curl.run("home-assistant.sh", values, variables=FACTS).code == 0
    assert web.requests[0].path == "/api/events/borgdesk_backup"
    assert _sent(web)["outcome"] == "failure"


def test_home_assistant_webhook(curl: Bench, web: WebServer) -> None:
    values = {"SERVER": web.url, "REPORT_AS": "webhook", "WEBHOOK_ID": "-hook-secret"}
    assert curl.run("home-assistant.sh", values, variables=FACTS).code == 0
    assert web.requests[0].path == "/api/webhook/-hook-secret"
    assert "Authorization" not in web.requests[0].headers
    assert curl.run("home-assistant.sh", values | {"REPORT_AS": "sensor"}).code == 1, "a sensor needs a token"


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("ntfy.sh", {"TOPIC": "secret-topic"}),
        ("gotify.sh", {"TOKEN": "A.secret"}),
        ("home-assistant.sh", {"TOKEN": "ey.secret"}),
        ("healthchecks-finish.sh", {}),
    ],
)
def test_refusal_and_recovery(curl: Bench, web: WebServer, template: str, values: dict[str, str]) -> None:
    values = {"SERVER": web.url, "PING_URL": web.url + PING} | values
    web.answers.append(403)
    done = curl.run(template, values, variables=FACTS)
    assert done.code == 1
    assert "403" in done.stderr
    web.answers.append(503)
    assert curl.run(template, values, variables=FACTS).code == 0, "a passing error is tried again"
    assert [len(request.body) for request in web.requests[-2:]] == [len(web.requests[-1].body)] * 2


def test_start_ping_and_end_ping_share_an_id(curl: Bench, web: WebServer) -> None:
    values = {"PING_URL": web.url + PING}
    assert curl.run("healthchecks-start.sh", values).code == 0
    assert curl.run("healthchecks-finish.sh", values, variables={"BORGDESK_OUTCOME": "success"}).code == 0
    start, end = web.requests
    assert start.method == "GET"
    path, run = start.path.split("?rid=")
    assert path == PING + "/start"
    assert str(uuid.UUID(run)) == run
    assert end.path == f"{PING}?rid={run}"
    assert end.body.decode().startswith("BorgDesk: photos: success\n")


@pytest.mark.parametrize(
    ("outcome", "choice", "ending"),
    [
        ("success", {}, ""),
        ("warning", {}, "/fail"),
        ("warning", {"ON_WARNING": "success"}, ""),
        ("warning", {"ON_WARNING": "fail"}, "/fail"),
        ("failure", {}, "/fail"),
        ("cancelled", {}, "/fail"),
        ("interrupted", {}, "/fail"),
        ("skipped", {}, ""),
        ("skipped", {"ON_SKIPPED": "log"}, "/log"),
    ],
)
def test_ending_for_outcome(curl: Bench, web: WebServer, outcome: str, choice: dict[str, str], ending: str) -> None:
    values = {"PING_URL": f"{web.url}{PING}/?create=1"} | choice
    assert curl.run("healthchecks-finish.sh", values, variables={"BORGDESK_OUTCOME": outcome}).code == 0
    # Without a start there is no id; the query in the address is kept.
    assert web.requests[0].path == f"{PING}{ending}?create=1"


AFTER_A_GOOD_BACKUP = FACTS | {"BORGDESK_OUTCOME": "success", "BORGDESK_STATUS": "warning"}


@pytest.mark.parametrize("choice", [{}, {"ON_WARNING": "success"}, {"ON_WARNING": "fail"}])
def test_no_success_ping_when_something_failed_after_a_good_backup(
    curl: Bench, web: WebServer, choice: dict[str, str]
) -> None:
    assert (
        curl.run("healthchecks-finish.sh", {"PING_URL": web.url + PING} | choice, variables=AFTER_A_GOOD_BACKUP).code
        == 0
    )
    assert web.requests[0].path == f"{PING}/fail"
    assert web.requests[0].body.decode().startswith(f"BorgDesk: {FACTS['REPOSITORY_NAME']}: warning\n")


def test_messages_tell_what_failed_after_a_good_backup(curl: Bench, web: WebServer) -> None:
    def sent(template: str, values: dict[str, str]) -> dict[str, Any]:
        assert curl.run(template, {"SERVER": web.url} | values, variables=AFTER_A_GOOD_BACKUP).code == 0
        body: dict[str, Any] = json.loads(web.requests[-1].body)
        return body

    ntfy = sent("ntfy.sh", {"TOPIC": "secret-topic"})
    assert (ntfy["title"].endswith(": warning"), ntfy["priority"], ntfy["tags"]) == (True, 4, ["warning"])
    gotify = sent("gotify.sh", {"TOKEN": "A.secret"})
    assert (gotify["title"].endswith(": warning"), gotify["priority"]) == (True, 8)
    home = sent("home-assistant.sh", {"TOKEN": "ey.secret"})
    assert (home["state"], home["attributes"]["status"]) == ("warning", "warning")
    assert home["attributes"]["outcome"] == "success"


def test_log_only_on_request_and_only_its_end(curl: Bench, web: WebServer, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("private beginning\n" + "x" * 300_000 + "\nthe end")
    facts = FACTS | {"BORGDESK_LOG_FILE": str(log)}
    values = {"PING_URL": web.url + PING}
    assert curl.run("healthchecks-finish.sh", values, variables=facts).code == 0
    assert b"the end" not in web.requests[0].body
    assert curl.run("healthchecks-finish.sh", values | {"LOG_BYTES": "999999"}, variables=facts).code == 0
    assert web.requests[1].body.endswith(b"the end")
    assert len(web.requests[1].body) == 100_000
    assert b"private" not in web.requests[1].body


def test_lost_start_ping_does_not_stop_the_backup(curl: Bench, web: WebServer) -> None:
    web.answers.append(404)
    done = curl.run("healthchecks-start.sh", {"PING_URL": web.url + PING})
    assert done.code == 0
    assert "did not get through" in done.stderr


@pytest.mark.parametrize("moment", ["1:before", "1:after"])
def test_killed_start_then_end_ping(curl: Bench, web: WebServer, moment: str) -> None:
    values = {"PING_URL": web.url + PING}
    assert curl.run("healthchecks-start.sh", values, kill=moment).code == -9
    for _ in range(2):
        assert curl.run("healthchecks-finish.sh", values, variables={"BORGDESK_OUTCOME": "interrupted"}).code == 0
    assert web.requests[-1].path.startswith(f"{PING}/fail?rid=")


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("ntfy.sh", {"TOPIC": 'a"b\nurl=http://evil'}),
        ("ntfy.sh", {"TOPIC": "secret-topic", "TOKEN": 'a"\nurl = "http://evil'}),
        ("gotify.sh", {"TOKEN": 'a"\nurl = "http://evil'}),
        ("home-assistant.sh", {"TOKEN": "a b"}),
        ("home-assistant.sh", {"TOKEN": "ey.secret", "ENTITY": "sensor/../../x"}),
        ("healthchecks-start.sh", {"PING_URL": "file:///etc/passwd"}),
        ("healthchecks-finish.sh", {"PING_URL": 'http://x"\nurl = "http://evil'}),
    ],
)
def test_values_that_would_reach_into_curl_settings(
    curl: Bench, web: WebServer, template: str, values: dict[str, str]
) -> None:
    done = curl.run(template, {"SERVER": web.url} | values)
    assert (done.code, done.calls) == (1, [])
