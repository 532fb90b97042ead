"""Makes the types of all Qt classes that the program uses, before a thread imports modules that ask for them.

PySide makes a type when it is asked for the first time. If two threads do that at the same moment, such as one that
imports a page while the window handles an event, the program ends with a segmentation fault, or is given a type that is
not complete. A type that is there already may be used by any thread.
"""

from __future__ import annotations

from PySide6 import QtCore, QtGui, QtSvg, QtWidgets

_NAMES = {
    QtCore: (
        "QAbstractListModel QAbstractProxyModel QAbstractTableModel QBuffer QByteArray QCollator QCoreApplication "
        "QDate QDateTime QElapsedTimer QEvent QEventLoop QFileSystemWatcher QIODevice QIdentityProxyModel "
        "QItemSelection QItemSelectionModel QKeyCombination QLibraryInfo QLocale QMarginsF QMimeData QModelIndex "
        "QObject QPersistentModelIndex QPoint QPointF QRect QRectF QRegularExpression QRegularExpressionMatch "
        "QRunnable QSettings QSignalBlocker QSize QSocketNotifier QSortFilterProxyModel QStandardPaths QThread "
        "QThreadPool QTime QTimer QTranslator QUrl Qt Signal SignalInstance Slot qVersion"
    ),
    QtGui: (
        "QAccessible QAccessibleAnnouncementEvent QAccessibleInterface QAccessibleStateChangeEvent QAction "
        "QCloseEvent QColor QContextMenuEvent QCursor QDesktopServices QDrag QDragEnterEvent QDragLeaveEvent "
        "QDragMoveEvent QDropEvent QFocusEvent QFont QFontDatabase QFontInfo QFontMetrics QGuiApplication "
        "QHelpEvent QHideEvent QIcon QIconEngine QImage QImageReader QIntValidator QKeyEvent QKeySequence "
        "QMouseEvent QPageSize QPaintEvent QPainter QPainterPath QPalette QPdfWriter QPen QPixmap QPolygonF "
        "QResizeEvent QShortcut QShowEvent QStandardItem QStandardItemModel QTextCharFormat QTextCursor "
        "QTextDocument QTextOption QValidator QWheelEvent"
    ),
    QtSvg: ("QSvgRenderer"),
    QtWidgets: (
        "QAbstractButton QAbstractItemView QAbstractScrollArea QAbstractSlider QAbstractSpinBox QAccessibleWidget "
        "QApplication "
        "QBoxLayout QButtonGroup QCalendarWidget QCheckBox QComboBox QCompleter QDateTimeEdit QDialog QDialogButtonBox "
        "QFileDialog QFormLayout QFrame QGridLayout QGroupBox QHBoxLayout QHeaderView QInputDialog QLabel QLayout "
        "QLineEdit QListView QListWidget QListWidgetItem QMainWindow QMenu QMessageBox QPlainTextEdit "
        "QProgressBar QPushButton QRadioButton QScrollArea QScrollBar QSizePolicy QSpinBox QSplitter "
        "QStackedWidget QStyle QStyleOption QStyleOptionViewItem QStyledItemDelegate QSystemTrayIcon QTabBar "
        "QTabWidget QTableView QTextBrowser QTextEdit QTimeEdit QToolButton QToolTip QTreeView QTreeWidget "
        "QTreeWidgetItem QVBoxLayout QWidget"
    ),
}
"""By module; a test compares them with what is imported anywhere."""


def make_types() -> None:
    """Make them now, in the GUI thread: 20 ms, most of which a start needs anyway."""
    for module, names in _NAMES.items():
        for name in names.split():
            getattr(module, name)
