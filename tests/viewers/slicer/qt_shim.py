"""The half of Slicer's API that its core does not bring: Qt as PythonQt shows it, and a few of Slicer's widgets.

Stands in for ``qt``, ``ctk``, ``slicer.ScriptedLoadableModule``, ``slicer.i18n`` and ``slicer.app``, on PySide6, and
for nothing of ours. As in PythonQt, a Qt property is a Python attribute (``label.text = "…"``), and a signal is
connected by its C++ name (``button.connect("clicked(bool)", slot)``). The widgets below do what the panel relies on
with the real scene; how the real ones look and behave is for the real application to show (docs/slicer-check.md).
"""

import sys
import types
from pathlib import Path

import slicer
from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

_METHODS = {"sizeHint", "minimumSizeHint"}  # properties that C++ calls as virtual functions
_pythonic = {}


def pythonqt(cls):
    """A subclass of a Qt class that behaves as PythonQt's wrapper of it does."""
    if cls not in _pythonic:
        about = cls.staticMetaObject
        names = [about.property(n).name() for n in range(about.propertyCount())]
        body = {name: _attribute(cls, name) for name in names if name not in _METHODS}
        _pythonic[cls] = type(cls.__name__, (_Named, cls), body)
    return _pythonic[cls]


def _attribute(cls, name):
    setter = getattr(cls, f"set{name[0].upper()}{name[1:]}", None)
    return property(
        lambda self: QtCore.QObject.property(self, name),
        (lambda self, value: setter(self, value))
        if setter
        else (lambda self, value: QtCore.QObject.setProperty(self, name, value)),
    )


class _Named:
    name = property(lambda self: QtCore.QObject.objectName(self))

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # In the dictionary of each class: QObject has a `connect` of its own that would win otherwise.
        cls.connect = lambda self, signal, slot: getattr(self, signal.partition("(")[0]).connect(slot)

    def className(self):
        return type(self).__name__


class _QtModule(types.ModuleType):
    def __getattr__(self, name):
        for library in (QtCore, QtGui, QtWidgets):
            value = getattr(library, name, None)
            if value is not None:
                is_object = isinstance(value, type) and issubclass(value, QtCore.QObject)
                return pythonqt(value) if is_object else value
        raise AttributeError(f"qt.{name}")


class QUiLoader(QtUiTools.QUiLoader):
    def createWidget(self, class_name, parent=None, name=""):
        cls = STAND_INS.get(class_name) or pythonqt(getattr(QtWidgets, class_name))
        widget = cls(parent)
        widget.setObjectName(name)
        return widget


class _Observer:
    """Removes its observations in time: a node that goes must not call into a widget that is gone."""

    def observe(self, node, *events):
        self.forget()
        self._observed = [(node, node.AddObserver(event, lambda *_: self.follow())) for event in events if node]

    def forget(self):
        for node, tag in vars(self).pop("_observed", []):
            node.RemoveObserver(tag)


class qMRMLWidget(pythonqt(QtWidgets.QWidget)):
    pass


class ctkCollapsibleButton(pythonqt(QtWidgets.QGroupBox)):
    text = QtCore.Property(str, lambda self: self.title, lambda self, value: self.setTitle(value))


class ctkMessageBox(pythonqt(QtWidgets.QMessageBox)):
    def exec_(self):
        return self.exec()


class qMRMLNodeComboBox(_Observer, pythonqt(QtWidgets.QComboBox)):
    currentNodeChanged = QtCore.Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self.nodeTypes, self.noneEnabled, self._scene = [], False, None
        self.currentIndexChanged.connect(lambda _: self.currentNodeChanged.emit(self.currentNode()))

    def setMRMLScene(self, scene):
        self._scene = scene
        kinds = slicer.vtkMRMLScene
        self.observe(scene, kinds.NodeAddedEvent, kinds.NodeRemovedEvent, kinds.EndCloseEvent, kinds.EndImportEvent)
        self.follow()

    def follow(self):
        before = self.currentData
        self.blockSignals(True)
        self.clear()
        if self.noneEnabled:
            self.addItem("None", "")
        for kind in self.nodeTypes:
            for node in slicer.util.getNodesByClass(kind, self._scene):
                self.addItem(node.GetName(), node.GetID())
        self.setCurrentIndex(max(0, self.findData(before or "")))
        self.blockSignals(False)
        if (self.currentData or "") != (before or ""):
            self.currentNodeChanged.emit(self.currentNode())

    def currentNode(self):
        return self._scene.GetNodeByID(self.currentData) if self._scene and self.currentData else None

    def setCurrentNode(self, node):
        self.setCurrentIndex(max(0, self.findData(node.GetID() if node else "")))


class qMRMLTableView(_Observer, pythonqt(QtWidgets.QTableWidget)):
    def setMRMLTableNode(self, node):
        self._node = node
        self.observe(node, "ModifiedEvent")
        self.follow()

    def follow(self):
        node = self._node
        rows, columns = (node.GetNumberOfRows(), node.GetNumberOfColumns()) if node else (0, 0)
        self.setRowCount(rows)
        self.setColumnCount(columns)
        self.setHorizontalHeaderLabels([node.GetColumnName(c) for c in range(columns)])
        for r in range(rows):
            for c in range(columns):
                self.setItem(r, c, QtWidgets.QTableWidgetItem(node.GetCellText(r, c)))
        self.resizeColumnsToContents()
        self.resizeRowsToContents()


class qMRMLSequenceBrowserSeekWidget(_Observer, pythonqt(QtWidgets.QSlider)):
    _browser = None

    def __init__(self, parent=None):
        super().__init__(QtCore.Qt.Horizontal, parent)
        self.valueChanged.connect(lambda value: self._browser and self._browser.SetSelectedItemNumber(value))

    def setMRMLSequenceBrowserNode(self, browser):
        self._browser = None
        self.setRange(0, browser.GetNumberOfItems() - 1 if browser else 0)
        self._browser = browser
        self.observe(browser, "ModifiedEvent")
        self.follow()

    def follow(self):
        if self._browser is not None:
            self.setValue(self._browser.GetSelectedItemNumber())


class qMRMLSequenceBrowserPlayWidget(pythonqt(QtWidgets.QPushButton)):
    def __init__(self, parent=None):
        super().__init__("Play", parent)
        self._browser = None
        self.clicked.connect(lambda _: self._browser.SetPlaybackActive(not self._browser.GetPlaybackActive()))

    def setMRMLSequenceBrowserNode(self, browser):
        self._browser = browser
        self.setEnabled(browser is not None)


class qMRMLSegmentEditorWidget(pythonqt(QtWidgets.QFrame)):
    """The logic of the real Segment Editor without its effects; ``stroke`` is what an effect does with it."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self._said = QtWidgets.QLabel("(3D Slicer's Segment Editor)", self)
        self._said.setEnabled(False)
        self.setLayout(QtWidgets.QVBoxLayout())
        self.layout().addWidget(self._said)

    def setMRMLScene(self, scene):
        self.logic.SetMRMLScene(scene)

    def setMRMLSegmentEditorNode(self, node):
        self.logic.SetSegmentEditorNode(node)

    def setSegmentationNode(self, node):
        if self.logic.GetSegmentEditorNode() is not None:
            self.logic.SetSegmentationNode(node)

    def setSourceVolumeNode(self, node):
        if self.logic.GetSegmentEditorNode() is not None:
            self.logic.SetSourceVolumeNode(node)

    def setActiveEffect(self, effect):
        pass

    def installKeyboardShortcuts(self):
        pass

    def uninstallKeyboardShortcuts(self):
        pass

    def stroke(self, segment, where, mode="Add"):
        from core_scene import paint

        paint(self.logic, segment, where, mode)


STAND_INS = {
    cls.__name__: cls
    for cls in (
        qMRMLWidget,
        ctkCollapsibleButton,
        ctkMessageBox,
        qMRMLNodeComboBox,
        qMRMLTableView,
        qMRMLSequenceBrowserSeekWidget,
        qMRMLSequenceBrowserPlayWidget,
        qMRMLSegmentEditorWidget,
    )
}


class _ModulePart:
    """ScriptedLoadableModule and its Widget, Logic and Test: what they share."""

    def __init__(self, parent=None):
        self.parent = parent

    def setup(self):
        self.layout = self.parent.layout()

    def resourcePath(self, name):
        return str(Path(sys.modules[type(self).__module__].__file__).parent / "Resources" / name)


def install(settings_folder):
    """Put the stand-ins where ``import`` finds them, and give the QApplication."""
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["RadLoop"])
    app.setOrganizationName("radloop")
    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.IniFormat)
    QtCore.QSettings.setPath(QtCore.QSettings.IniFormat, QtCore.QSettings.UserScope, str(settings_folder))
    QtCore.QSettings().clear()
    qt, ctk = _QtModule("qt"), types.ModuleType("ctk")
    qt.QUiLoader = QUiLoader
    vars(ctk).update({name: cls for name, cls in STAND_INS.items() if name.startswith("ctk")})
    parts = types.ModuleType("slicer.ScriptedLoadableModule")
    for name in ("", "Widget", "Logic", "Test"):
        setattr(parts, f"ScriptedLoadableModule{name}", _ModulePart)
    i18n = types.ModuleType("slicer.i18n")
    i18n.tr = lambda text: text
    i18n.translate = lambda _context, text: text
    sys.modules.update({"qt": qt, "ctk": ctk, parts.__name__: parts, i18n.__name__: i18n})
    slicer.app = types.SimpleNamespace(
        applicationName="3D Slicer",
        layoutManager=lambda: None,
        testingEnabled=lambda: False,
        topLevelWidgets=app.topLevelWidgets,
        overrideCursor=lambda: None,
        processEvents=app.processEvents,
    )
    return app
