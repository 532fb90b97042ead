"""Script editor through its public interface: real keys sent to a real QScintilla."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QAction, QColor, QDragEnterEvent, QKeyEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu, QTreeView, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from borgdesk.domain.findings import Edit, Finding, Severity
from borgdesk.gui.editor.editor import ScriptEditor

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier

pytestmark = pytest.mark.gui


@pytest.fixture
def editor(qtbot: QtBot) -> ScriptEditor:
    editor = ScriptEditor()
    qtbot.addWidget(editor)
    editor.resize(800, 500)
    editor.show()
    editor.setFocus()
    return editor


@pytest.fixture
def press(qtbot: QtBot, editor: ScriptEditor) -> Callable[..., None]:
    def press(key: Qt.Key | str, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        # As the window system does: an open list gets the keys, and passes on those it does not use.
        def target() -> QWidget:
            return QApplication.activePopupWidget() or proxy_of(editor)

        if isinstance(key, str):
            for letter in key:
                QTest.keyClicks(target(), letter)
        else:
            QTest.keyClick(target(), key, modifiers)

    return press


Press = Callable[..., None]


def proxy_of(editor: ScriptEditor) -> QWidget:
    """Return the widget that has the keyboard focus."""
    proxy = editor.focusProxy()
    assert proxy is not None
    return proxy


def is_modified(editor: ScriptEditor) -> bool:
    """Read the property in a call: a type checker assumes that it does not change."""
    return editor.is_modified


def finding(line: int, column: int, end: int, code: str, severity: Severity = Severity.WARNING) -> Finding:
    return Finding(line, column, line, end, severity, code, f"About {code}.")


def shown_list(editor: ScriptEditor) -> list[str]:
    popups = [view for view in QApplication.topLevelWidgets() if isinstance(view, QTreeView) and view.isVisible()]
    if not popups:
        return []
    model = popups[0].model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


# Text


def test_text_comes_back_as_utf8_with_lf(editor: ScriptEditor) -> None:
    editor.set_text("echo naïve ✓ 😀\r\nexit 0\rlast")
    assert editor.text() == "echo naïve ✓ 😀\nexit 0\nlast"
    assert not editor.is_modified


def test_nul_and_lone_surrogates_become_replacement_characters(editor: ScriptEditor) -> None:
    editor.set_text("a\0b\udc80c")
    assert editor.text() == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"


def test_typing_modifies_and_saving_unmodifies(editor: ScriptEditor, press: Press, qtbot: QtBot) -> None:
    told: list[bool] = []
    editor.modified_changed.connect(told.append)
    editor.set_text("one\n")
    press("x")
    assert editor.text() == "xone\n"
    assert is_modified(editor)
    editor.mark_saved()
    assert not is_modified(editor)
    press(Qt.Key.Key_Z, CTRL)
    assert editor.text() == "one\n"
    assert is_modified(editor)
    editor.set_text("other")
    assert told == [True, False, True, False]


def test_set_text_leaves_nothing_to_undo(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("one")
    editor.set_text("two")
    press(Qt.Key.Key_Z, CTRL)
    assert editor.text() == "two"


def test_many_edits_are_told_once(editor: ScriptEditor, press: Press, qtbot: QtBot) -> None:
    told: list[str] = []
    editor.text_changed.connect(lambda: told.append(editor.text()))
    with qtbot.waitSignal(editor.text_changed):
        press("abcdef")
    assert told == ["abcdef"]


def test_replace_text_is_one_undo_step_and_keeps_the_caret(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("one\nzwei é\nthree\n")
    editor.go_to_line(3, 4)
    editor.replace_text("one\nzwei è and more\nthree\n")
    assert editor.text() == "one\nzwei è and more\nthree\n"
    assert editor.cursor_place() == (3, 4)
    press(Qt.Key.Key_Z, CTRL)
    assert editor.text() == "one\nzwei é\nthree\n"


def test_read_only_refuses_keys_and_commands(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("one\n")
    editor.set_read_only(True)
    press("x")
    press(Qt.Key.Key_Slash, CTRL)
    assert editor.text() == "one\n"
    editor.set_text("still loads")
    assert editor.text() == "still loads"
    assert editor.read_only


def test_ctrl_s_wins_over_the_windows_own_shortcut(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    editor = ScriptEditor()
    layout = QVBoxLayout(window)
    layout.addWidget(editor)
    theirs = QAction(window)
    theirs.setShortcut("Ctrl+S")
    theirs.triggered.connect(lambda: pytest.fail("the window's shortcut fired"))
    window.addAction(theirs)
    window.show()
    window.activateWindow()
    editor.setFocus()
    target = editor.focusProxy()
    assert target is not None
    with qtbot.waitSignal(editor.save_requested):
        QTest.keyClick(target, Qt.Key.Key_S, CTRL)


# Language


@pytest.mark.parametrize(
    ("first", "name", "language"),
    [
        ("#!/bin/bash", "x.py", "Shell"),
        ("#!/usr/bin/env -S python3.11 -u", "", "Python"),
        ("#!/usr/bin/env perl", "", "Perl"),
        ("#!/usr/bin/awk -f", "x.sh", "Plain text"),
        ("echo", "", "Shell"),
        ("echo", "hook.rb", "Ruby"),
        ("echo", "notes.txt", "Plain text"),
    ],
)
def test_language_by_shebang_then_by_name(editor: ScriptEditor, first: str, name: str, language: str) -> None:
    editor.set_text(first + "\n")
    editor.set_language_for(name)
    assert editor.language == language


def test_an_edited_shebang_is_followed(editor: ScriptEditor, press: Press, qtbot: QtBot) -> None:
    editor.set_text("\n")
    press("#!/usr/bin/python3")
    qtbot.waitUntil(lambda: editor.language == "Python")


def test_comment_toggle_goes_there_and_back(editor: ScriptEditor, press: Press) -> None:
    text = "#!/bin/sh\nif a; then\n    b\n\n  c\nfi\n"
    editor.set_text(text)
    editor.go_to_line(3)
    for _ in range(3):
        press(Qt.Key.Key_Down, SHIFT)
    press(Qt.Key.Key_Slash, CTRL)
    assert editor.text() == "#!/bin/sh\nif a; then\n  #   b\n\n  # c\nfi\n"
    press(Qt.Key.Key_Slash, CTRL)
    assert editor.text() == text
    press(Qt.Key.Key_Z, CTRL)
    press(Qt.Key.Key_Z, CTRL)
    assert editor.text() == text
    assert not editor.is_modified


def test_a_long_text_is_commented_and_undone_as_a_short_one(editor: ScriptEditor, press: Press, qtbot: QtBot) -> None:
    text = "echo é\n" * 20_000
    editor.set_text(text)
    press(Qt.Key.Key_A, CTRL)
    before = editor.revision
    with qtbot.waitSignal(editor.text_changed):
        press(Qt.Key.Key_Slash, CTRL)
    assert editor.text() == "# echo é\n" * 20_000
    assert editor.revision > before
    assert is_modified(editor)
    press(Qt.Key.Key_Z, CTRL)
    assert editor.text() == text
    assert not is_modified(editor)


def test_comment_sign_follows_the_language(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("#!/usr/bin/lua\nprint(1)\n")
    editor.go_to_line(2)
    press(Qt.Key.Key_Slash, CTRL)
    assert editor.text() == "#!/usr/bin/lua\n-- print(1)\n"


def test_tab_indents_the_selected_lines_and_back(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("a\nb\nc\n")
    press(Qt.Key.Key_Down, SHIFT)
    press(Qt.Key.Key_Down, SHIFT)
    press(Qt.Key.Key_Tab)
    assert editor.text() == "    a\n    b\nc\n"
    press(Qt.Key.Key_Backtab, SHIFT)
    assert editor.text() == "a\nb\nc\n"


def test_ctrl_d_edits_two_occurrences_at_once(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("name=1\necho $name\n")
    for _ in range(2):
        press(Qt.Key.Key_D, CTRL)
    press("who")
    assert editor.text() == "who=1\necho $who\n"


# Findings and edits


def test_edits_are_made_together_and_undone_together(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("écho $a $b\n")
    edits = [Edit(1, 6, 1, 6, '"'), Edit(1, 8, 1, 8, '"'), Edit(1, 9, 1, 11, '"${b}"')]
    editor.apply_edits(edits)
    assert editor.text() == 'écho "$a" "${b}"\n'
    press(Qt.Key.Key_Z, CTRL)
    assert editor.text() == "écho $a $b\n"


def test_insertions_at_one_place_keep_their_order(editor: ScriptEditor) -> None:
    editor.set_text("ab")
    editor.apply_edits([Edit(1, 2, 1, 2, "1"), Edit(1, 2, 1, 2, "2")])
    assert editor.text() == "a12b"


def test_overlapping_edits_change_nothing(editor: ScriptEditor) -> None:
    editor.set_text("abcdef")
    with pytest.raises(ValueError, match="overlap"):
        editor.apply_edits([Edit(1, 1, 1, 4, "x"), Edit(1, 3, 1, 5, "y")])
    assert editor.text() == "abcdef"
    assert not editor.is_modified


def test_findings_about_an_older_text_are_dropped(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("cd x\n")
    checked = editor.revision
    press("#")
    assert not editor.set_findings([finding(1, 1, 3, "SC1")], checked)
    assert editor.set_findings([finding(1, 1, 3, "SC2")], editor.revision)


def test_the_margin_tells_the_worst_finding_even_after_edits_above(
    editor: ScriptEditor, press: Press, qtbot: QtBot
) -> None:
    editor.set_text("one\ntwo $x\nthree\n")
    worst = finding(2, 5, 7, "SC2", Severity.ERROR)
    editor.set_findings([finding(2, 1, 7, "SC1", Severity.STYLE), worst])
    press(Qt.Key.Key_Return)
    viewport = proxy_of(editor).findChild(QWidget, "qt_scrollarea_viewport")
    assert viewport is not None
    told: list[Finding] = []
    editor.finding_activated.connect(told.append)
    for line in (2, 3):
        QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=margin_point(editor, line))
    assert told == [worst]


def margin_point(editor: ScriptEditor, line: int) -> QPoint:
    """Return the middle of a line's finding margin, found by asking the editor which points belong to it."""
    surface = editor._surface
    left = surface.marginWidth(0)
    _, y, height = surface.point_of(surface.line_start(line))
    return QPoint(left + surface.marginWidth(1) // 2, y + height // 2)


def test_hints_name_findings_and_variables(editor: ScriptEditor) -> None:
    editor.set_text('echo "$BORGDESK_OUTCOME"\ncd /tmp\n')
    editor.set_variables([("BORGDESK_OUTCOME", "How it <ended>")])
    editor.set_findings([finding(2, 1, 3, "SC2164"), finding(2, 1, 3, "SC9")])
    assert "How it <ended>" in editor._hints._hint(500, 0, 10)
    both = editor._hints._hint(500, 0, 26)
    assert "SC2164" in both
    assert "SC9" in both
    assert editor._hints._hint(500, 0, 1) == ""
    point = margin_point(editor, 2)
    assert editor._hints._hint(point.x(), point.y(), -1) == both


def test_f8_walks_the_findings_and_back(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("a\nb bb\nc\n")
    editor.set_findings([finding(2, 3, 5, "SC1"), finding(3, 1, 1, "SC2")])
    press(Qt.Key.Key_F8)
    assert editor.cursor_place() == (2, 3)
    press(Qt.Key.Key_F8)
    assert editor.cursor_place() == (3, 1)
    press(Qt.Key.Key_F8)
    assert editor.cursor_place() == (3, 1)
    press(Qt.Key.Key_F8, SHIFT)
    assert editor.cursor_place() == (2, 3)


def test_the_context_menu_mends_a_finding_only_while_it_fits_the_text(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("cd x\n")
    fixed = Finding(1, 1, 1, 5, Severity.WARNING, "SC2164", "Use || exit.", (Edit(1, 5, 1, 5, " || exit"),))

    editor.set_findings([fixed])
    menu = QMenu(editor)
    editor._add_fixes(menu)
    (action,) = menu.actions()
    action.trigger()
    assert editor.text() == "cd x || exit\n"
    menu.clear()
    editor._add_fixes(menu)
    assert menu.actions() == []


# Completion


def test_completion_after_a_dollar_offers_variables_and_tab_takes_the_first(editor: ScriptEditor, press: Press) -> None:
    editor.set_variables([("BORGDESK_HOOK", "which lane"), ("CONTAINERS", "to stop")])
    press("echo ${")
    assert shown_list(editor) == ["BORGDESK_HOOK", "CONTAINERS"]
    press("co")
    assert shown_list(editor) == ["CONTAINERS"]
    press(Qt.Key.Key_Tab)
    assert editor.text() == "echo ${CONTAINERS}"
    assert shown_list(editor) == []


def test_enter_ends_the_line_unless_an_entry_was_chosen(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("donation\n\n")
    editor.go_to_line(2)
    press("do")
    assert shown_list(editor) == ["donation"]
    press(Qt.Key.Key_Return)
    assert editor.text() == "donation\ndo\n\n"
    press("do")
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Return)
    assert editor.text() == "donation\ndo\ndonation\n"


def test_one_letter_offers_nothing_and_escape_closes_the_list(editor: ScriptEditor, press: Press) -> None:
    editor.set_variables([("BORGDESK_HOOK", "")])
    press("B")
    assert shown_list(editor) == []
    press("O")
    assert shown_list(editor) == ["BORGDESK_HOOK"]
    press(Qt.Key.Key_Escape)
    assert shown_list(editor) == []
    assert editor.text() == "BO"


# Places


def test_the_caret_is_counted_in_characters(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("é😀x\nabc\n")
    press(Qt.Key.Key_End)
    assert editor.cursor_place() == (1, 4)


def test_state_brings_the_place_back_into_a_reloaded_text(editor: ScriptEditor) -> None:
    text = "".join(f"f{n}() {{\n  echo {n}\n}}\n" for n in range(200))
    editor.set_text(text)
    editor._surface.foldAll(False)
    editor.go_to_line(400, 3)
    before = editor.state()
    assert before.folded_lines
    editor.set_text(text)
    assert editor.state() != before
    editor.restore_state(before)
    assert editor.state() == before


def test_go_to_line_asks_and_goes(editor: ScriptEditor, press: Press, qtbot: QtBot) -> None:
    editor.set_text("1\n2\n3\n")
    press(Qt.Key.Key_G, CTRL)
    dialog = editor.findChild(QInputDialog)
    assert dialog is not None
    assert dialog.intMaximum() == 4
    dialog.setIntValue(3)
    dialog.accept()
    assert editor.cursor_place() == (3, 1)


def test_going_beyond_the_end_goes_to_the_end(editor: ScriptEditor) -> None:
    editor.set_text("1\n22")
    editor.go_to_line(99, 99)
    assert editor.cursor_place() == (2, 3)


def test_the_number_margin_grows_with_the_text(editor: ScriptEditor) -> None:
    editor.set_text("\n" * 10)
    narrow = editor._surface.marginWidth(0)
    editor.set_text("\n" * 20_000)
    assert editor._surface.marginWidth(0) > narrow


def test_zoom_by_keys(editor: ScriptEditor, press: Press) -> None:
    press(Qt.Key.Key_Plus, CTRL)
    press(Qt.Key.Key_Equal, CTRL)
    press(Qt.Key.Key_Minus, CTRL)
    assert editor.state().zoom == 1
    press(Qt.Key.Key_0, CTRL)
    assert editor.state().zoom == 0


def test_a_dark_palette_is_followed_live(editor: ScriptEditor, qtbot: QtBot) -> None:
    editor.set_text("# comment\n" * 50)
    palette = QPalette(editor.palette())
    palette.setColor(QPalette.ColorRole.Base, QColor("#101010"))
    palette.setColor(QPalette.ColorRole.Text, QColor("#f0f0f0"))

    def corner() -> QColor:
        image = editor.grab().toImage()
        return image.pixelColor(image.width() - 40, image.height() // 2)

    assert corner().lightness() > 200
    editor.setPalette(palette)
    qtbot.waitUntil(lambda: corner() == QColor("#101010"))


def test_many_editors_come_and_go(qtbot: QtBot) -> None:
    for number in range(20):
        editor = ScriptEditor()
        editor.set_text(f"echo {number}\n" * 100)
        editor.show()
        editor.close()
        editor.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, ScriptEditor) and w.isVisible()]


def test_unknown_keys_reach_the_parent(qtbot: QtBot) -> None:
    class Parent(QWidget):
        keys: list[int]

        def keyPressEvent(self, event: QKeyEvent) -> None:
            self.keys.append(event.key())

    parent = Parent()
    parent.keys = []
    qtbot.addWidget(parent)
    editor = ScriptEditor(parent)
    parent.show()
    target = editor.focusProxy()
    assert target is not None
    QTest.keyClick(target, Qt.Key.Key_F5)
    assert parent.keys == [Qt.Key.Key_F5]


@pytest.mark.parametrize(("dragged", "taken"), [("file", False), ("text", True)])
def test_files_are_left_to_the_window(editor: ScriptEditor, dragged: str, taken: bool) -> None:
    data = QMimeData()
    if dragged == "file":
        data.setUrls([QUrl.fromLocalFile("/etc/hostname")])
    data.setText("/etc/hostname")
    proxy = proxy_of(editor)
    event = QDragEnterEvent(
        proxy.rect().center(),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    viewport = proxy.findChild(QWidget, "qt_scrollarea_viewport")
    assert viewport is not None
    QApplication.sendEvent(viewport, event)
    assert event.isAccepted() == taken


def test_a_narrower_text_is_seen_from_its_beginning(editor: ScriptEditor, press: Press) -> None:
    editor.set_text("x" * 1000 + "\n")
    press(Qt.Key.Key_End)
    surface = editor._surface
    assert surface.SendScintilla(surface.SCI_GETXOFFSET) > 0
    editor.replace_text("echo short\necho texts\n")
    assert surface.SendScintilla(surface.SCI_GETXOFFSET) == 0


def test_font_and_indentation_can_be_chosen_and_given_back(editor: ScriptEditor, press: Press) -> None:
    usual = editor._fixed_font().toString()
    editor.set_style("DejaVu Sans Mono", 31, 2)
    editor.set_text("")
    press(Qt.Key.Key_Tab)
    assert editor.text() == "  "
    lexer = editor._surface.lexer()
    assert lexer is not None
    assert (lexer.font(0).family(), lexer.font(0).pointSize()) == ("DejaVu Sans Mono", 31)
    editor.set_style("", 0, 4)
    assert editor._fixed_font().toString() == usual
    assert lexer.font(0).pointSize() != 31
