"""A model file becomes an object of the project."""

import os

from pwem.protocols import EMProtocol
from pyworkflow import BETA
from pyworkflow.protocol import params
from pyworkflow.utils import copyFile

import limpid
from limpid.model_file import read_model
from limpid.objects import LimpidModel
from limpid.program import LimpidError, run_program

OUTPUT = 'outputModel'


class LimpidProtImportModel(EMProtocol):
    """ Imports a model file of Limpid (.safetensors): one that was trained in another project, or by
    limpid train. Its description is shown in the summary.
    """
    _label = 'import model'
    _devStatus = BETA
    _possibleOutputs = {OUTPUT: LimpidModel}

    def _defineParams(self, form):
        form.addSection(label='Input')
        form.addParam('modelFile', params.PathParam, important=True, label='Model file',
                      help='A model that Limpid wrote, such as extra/train/model.safetensors of a training. '
                           'It is copied into the project. Reading it executes nothing.')

    def _insertAllSteps(self):
        self._insertFunctionStep(self.importStep)

    def importStep(self):
        source = os.path.expanduser(self.modelFile.get().strip())
        path = self._getExtraPath(os.path.basename(source))
        copyFile(source, path)
        # The program reads every number of the file; the description goes to the log.
        if run_program(self, limpid.Plugin.getProgram(), ['models', 'info', path],
                       environment=limpid.Plugin.getEnviron()):
            raise LimpidError('Limpid cannot use %s. See run.stderr.' % source)
        self._defineOutputs(**{OUTPUT: LimpidModel.fromFile(path)})

    # ------------------------------------------------------------------ info
    def _validate(self):
        path = os.path.expanduser((self.modelFile.get() or '').strip())
        if not path:
            return ['Choose a model file.']
        try:
            read_model(path)
        except LimpidError as error:
            return [str(error)]
        return []

    def _summary(self):
        model = getattr(self, OUTPUT, None)
        if model is None:
            return ['The model is not imported yet.']
        try:
            return model.describe().lines()
        except LimpidError as error:
            return [str(error)]

    def _citations(self):
        return ['Limpid']
