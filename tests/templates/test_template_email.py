"""E-mail, with the real curl and a local mail server."""

import base64
import email
import email.policy
import re
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.templates.bench import Bench

PASSWORD = 'p"a\\ss: wörd'


@dataclass(slots=True)
class MailServer:
    """A mail server: the messages it received, and what it is to refuse."""

    port: int = 0
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    refused: str = "nothing"

    def answer(self, command: str) -> str:
        self.commands.append(command)
        word = command.split(" ", maxsplit=1)[0].upper()
        if command.startswith(self.refused):
            return "550 refused"
        if command == "AUTH PLAIN":
            return "334 "
        if self.commands[-2:-1] == ["AUTH PLAIN"]:
            return "235 welcome"
        return {
            "EHLO": "250-localhost\r\n250 AUTH PLAIN",
            "DATA": "354 go on",
            "QUIT": "221 bye",
        }.get(word, "250 ok")


@pytest.fixture
def mail() -> Iterator[MailServer]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 localhost")
            for line in self.rfile:
                command = line.decode().rstrip("\r\n")
                reply = server.answer(command)
                self._say(reply)
                if reply.startswith("354"):
                    server.messages.append(self._message())
                    self._say("250 taken")
                if reply.startswith("221"):
                    return

        def _say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        def _message(self) -> bytes:
            lines = []
            for line in self.rfile:
                if line == b".\r\n":
                    break
                lines.append(line)
            return b"".join(lines)

    class Listener(socketserver.ThreadingTCPServer):
        allow_reuse_address = True

    with Listener(("127.0.0.1", 0), Handler) as listener:
        server = MailServer(port=listener.server_address[1])
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        listener.shutdown()
        thread.join()


@pytest.fixture
def curl(bench: Bench) -> Bench:
    bench.spy("curl")
    return bench


def _values(mail: MailServer) -> dict[str, str]:
    return {
        "SERVER": f"smtp://127.0.0.1:{mail.port}",
        "TLS": "false",
        "MAIL_FROM": "backup@example.org",
        "MAIL_TO": "one@example.org two@example.org",
    }


def _message(mail: MailServer) -> EmailMessage:
    assert len(mail.messages) == 1
    parsed = email.message_from_bytes(mail.messages[0], policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def test_message_after_a_good_backup_after_which_something_failed(curl: Bench, mail: MailServer) -> None:
    facts = {"BORGDESK_OUTCOME": "success", "BORGDESK_STATUS": "warning", "REPOSITORY_NAME": "photos"}
    assert curl.run("email.sh", _values(mail), variables=facts).code == 0
    message = _message(mail)
    assert message["Subject"] == "Backup of photos: warning"
    assert "Result: warning\n" in message.get_content()


def test_message(curl: Bench, mail: MailServer) -> None:
    facts = {"BORGDESK_OUTCOME": "failure", "BORGDESK_ERROR": "Straße voll", "REPOSITORY_NAME": "photos"}
    done = curl.run("email.sh", _values(mail), variables=facts)
    assert done.code == 0, done.stderr
    message = _message(mail)
    assert message["Subject"] == "Backup of photos: failure"
    assert message["To"] == "one@example.org, two@example.org"
    assert message["From"] == "BorgDesk <backup@example.org>"
    assert message["Date"].datetime.tzinfo
    assert "Reason: Straße voll\n" in message.get_content()
    assert [line for line in mail.commands if line.startswith("RCPT")] == [
        "RCPT TO:<one@example.org>",
        "RCPT TO:<two@example.org>",
    ]
    assert b"\n" not in mail.messages[0].replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "name", ["Fotos \U0001f4f7" * 20, "ö" * 61, "a" * 200, "tab\tand\r\nBcc: evil@example.org"], ids=len
)
def test_any_subject(curl: Bench, mail: MailServer, name: str) -> None:
    assert curl.run("email.sh", _values(mail), variables={"REPOSITORY_NAME": name}).code == 0
    message = _message(mail)
    expected = "".join(" " if ord(char) < 32 else char for char in name)
    assert message["Subject"] == f"Backup of {expected}: success"
    assert message["Bcc"] is None
    head = mail.messages[0].split(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    # A reader decodes each encoded word separately: none may end inside a character.
    for word in re.findall(rb"=\?UTF-8\?B\?([^?]*)\?=", head):
        base64.b64decode(word).decode("utf-8")


def test_login(curl: Bench, mail: MailServer) -> None:
    values = _values(mail) | {"SMTP_USER": "me@example.org", "SMTP_PASSWORD": PASSWORD}
    done = curl.run("email.sh", values)
    assert done.code == 0, done.stderr
    spoken = " ".join(mail.commands)
    said = base64.b64encode(b"\0".join([b"", b"me@example.org", PASSWORD.encode()])).decode()
    assert said in spoken
    assert "SMTP_PASSWORD" not in done.calls[0].environment


def test_no_encryption_no_mail(curl: Bench, mail: MailServer) -> None:
    values = _values(mail) | {"TLS": "true", "SMTP_USER": "me", "SMTP_PASSWORD": PASSWORD}
    done = curl.run("email.sh", values)
    assert done.code == 1
    assert "did not take" in done.stderr
    assert mail.messages == []
    assert not any(line.startswith("AUTH") for line in mail.commands)


def test_log_on_request(curl: Bench, mail: MailServer, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("private\n" + "x" * 5000 + "\n.\nthe end\n")
    done = curl.run("email.sh", _values(mail) | {"LOG_BYTES": "1000"}, variables={"BORGDESK_LOG_FILE": str(log)})
    assert done.code == 0, done.stderr
    text = _message(mail).get_content()
    assert text.endswith("\n.\nthe end\n")
    assert "private" not in text


def test_refused_receiver(curl: Bench, mail: MailServer) -> None:
    mail.refused = "RCPT TO:<two"
    assert curl.run("email.sh", _values(mail)).code == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"MAIL_FROM": "a@b>\r\nRCPT TO:<evil@example.org"},
        {"MAIL_TO": "nobody"},
        {"MAIL_TO": " "},
        {"SERVER": "file:///etc/passwd"},
        {"SMTP_USER": "a:b", "SMTP_PASSWORD": "secret-c"},
        {"SMTP_USER": "a", "SMTP_PASSWORD": "two\nlines"},
    ],
)
def test_bad_values(curl: Bench, mail: MailServer, bad: dict[str, str]) -> None:
    done = curl.run("email.sh", _values(mail) | bad)
    assert (done.code, done.calls) == (1, [])
