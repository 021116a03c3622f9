"""Models and how they were trained."""

import csv
import os

from pwem.viewers import EmPlotter
from pyworkflow.viewer import DESKTOP_TKINTER, Viewer

from limpid.objects import LimpidModel
from limpid.program import LimpidError
from limpid.protocols import LimpidProtImportModel, LimpidProtTrain


def read_curve(path):
    """Columns of the record of a training, which may be growing: name -> numbers."""
    columns = {}
    with open(path, newline='') as file:
        text = file.read()
    for row in csv.DictReader(text[:text.rfind('\n') + 1].splitlines()):
        for name, value in row.items():
            columns.setdefault(name, []).append(float(value) if value else float('nan'))
    return columns


class LimpidTrainViewer(Viewer):
    """ Shows the losses of a training, finished or running. """
    _label = 'training curve'
    _targets = [LimpidProtTrain]
    _environments = [DESKTOP_TKINTER]

    def _visualize(self, protocol, **kwargs):
        path = protocol.getCurveFile()
        curve = read_curve(path) if os.path.exists(path) else {}
        if not curve.get('step'):
            return [self.errorMessage('The training has not recorded a loss yet.',
                                      'Nothing to show')]
        return [self._plot(curve)]

    @staticmethod
    def _plot(curve):
        plotter = EmPlotter(x=1, y=1, windowTitle='Training', figsize=(8, 5))
        axes = plotter.createSubPlot('Mean squared error while training', 'step', 'loss')
        axes.plot(curve['step'], curve['training_loss'], color='0.65', label='training')
        axes.plot(curve['step'], curve['validation_loss'], color='C0', marker='.',
                  label='validation (micrographs that are not trained on)')
        best = min(range(len(curve['step'])), key=lambda i: curve['validation_loss'][i])
        axes.plot([curve['step'][best]], [curve['validation_loss'][best]], 'o', color='C3',
                  label='best: %.5g at step %d'
                        % (curve['validation_loss'][best], curve['step'][best]))
        axes.ticklabel_format(axis='y', style='plain', useOffset=False)
        axes.grid(alpha=0.3)
        axes.legend()
        return plotter


class LimpidModelViewer(Viewer):
    """ Shows what a model says of itself. """
    _label = 'description'
    _targets = [LimpidModel, LimpidProtImportModel]
    _environments = [DESKTOP_TKINTER]

    def _visualize(self, obj, **kwargs):
        model = obj if isinstance(obj, LimpidModel) else getattr(obj, 'outputModel', None)
        if model is None:
            return [self.errorMessage('The model is not imported yet.', 'Nothing to show')]
        try:
            return [self.infoMessage('\n'.join(model.describe().lines()), 'Model')]
        except LimpidError as error:
            return [self.errorMessage(str(error), 'Model')]
