"""XEmbed tray host (freedesktop.org's system tray protocol): icons are windows that the tray embeds.

As a program, it prints "ready", and then the window id of each embedded icon, one per line.
"""

from __future__ import annotations

import ctypes
import sys

_SIDE = 32
"""Width and height of an icon in pixels."""
_STRUCTURE_NOTIFY = 1 << 17
_CLIENT_MESSAGE = 33
_REQUEST_DOCK = 0
_EMBEDDED_NOTIFY = 0


class _ClientMessage(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
    )


class _Event(ctypes.Union):
    _fields_ = (("type", ctypes.c_int), ("client", _ClientMessage), ("room", ctypes.c_long * 24))


class Host:
    """Owns the tray of the display's first screen."""

    def __init__(self) -> None:
        self._x = ctypes.CDLL("libX11.so.6")
        for name in ("XOpenDisplay", "XDefaultRootWindow", "XCreateSimpleWindow", "XInternAtom"):
            getattr(self._x, name).restype = ctypes.c_void_p if name == "XOpenDisplay" else ctypes.c_ulong
        # An icon may disappear while it is being embedded.
        self._ignore = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: 0)
        self._x.XSetErrorHandler(self._ignore)
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(None))
        root = ctypes.c_ulong(self._x.XDefaultRootWindow(self._display))
        # At the bottom of the screen, because no window manager keeps other windows away from a panel.
        top = ctypes.c_int(self._x.XDisplayHeight(self._display, 0) - _SIDE)
        left, width = ctypes.c_int(0), ctypes.c_uint(8 * _SIDE)
        self._panel = ctypes.c_ulong(
            self._x.XCreateSimpleWindow(
                self._display, root, left, top, width, ctypes.c_uint(_SIDE), 0, ctypes.c_ulong(0), ctypes.c_ulong(0)
            )
        )
        self._x.XMapWindow(self._display, self._panel)
        selection = self._atom("_NET_SYSTEM_TRAY_S0")
        self._x.XSetSelectionOwner(self._display, ctypes.c_ulong(selection), self._panel, ctypes.c_ulong(0))
        self._send(root, "MANAGER", _STRUCTURE_NOTIFY, (0, selection, self._panel.value, 0, 0))

    def serve(self) -> None:
        """Embed every icon that requests it."""
        event, asked, docked = _Event(), self._atom("_NET_SYSTEM_TRAY_OPCODE"), 0
        _say("ready")
        while True:
            self._x.XNextEvent(self._display, ctypes.byref(event))
            message = event.client
            if event.type == _CLIENT_MESSAGE and message.message_type == asked and message.data[1] == _REQUEST_DOCK:
                self._dock(ctypes.c_ulong(message.data[2]), docked * _SIDE)
                docked = (docked + 1) % 8

    def _dock(self, icon: ctypes.c_ulong, left: int) -> None:
        self._x.XReparentWindow(self._display, icon, self._panel, ctypes.c_int(left), ctypes.c_int(0))
        self._x.XResizeWindow(self._display, icon, ctypes.c_uint(_SIDE), ctypes.c_uint(_SIDE))
        self._x.XMapWindow(self._display, icon)
        self._send(icon, "_XEMBED", 0, (0, _EMBEDDED_NOTIFY, 0, self._panel.value, 0))
        _say(str(icon.value))

    def _send(self, window: ctypes.c_ulong, name: str, mask: int, data: tuple[int, ...]) -> None:
        event = _Event()
        event.client = _ClientMessage(_CLIENT_MESSAGE, 0, 1, None, window, self._atom(name), 32, data)
        self._x.XSendEvent(self._display, window, ctypes.c_int(0), ctypes.c_long(mask), ctypes.byref(event))
        self._x.XSync(self._display, ctypes.c_int(0))

    def _atom(self, name: str) -> int:
        return int(self._x.XInternAtom(self._display, name.encode(), ctypes.c_int(0)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Host().serve()
