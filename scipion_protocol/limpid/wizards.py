"""Values that can be guessed or chosen from a list."""

import pyworkflow.object as pwobj
from pyworkflow.gui import dialog
from pyworkflow.gui.tree import ListTreeProviderString
from pyworkflow.wizard import Wizard

import limpid
from limpid.model_file import shipped_models
from limpid.protocols import LimpidProtDenoise, LimpidProtTrain
from limpid.protocols.protocol_train import PATCH_MULTIPLE


class LimpidModelWizard(Wizard):
    """The models that come with the program."""
    _targets = [(LimpidProtDenoise, ['modelName']), (LimpidProtTrain, ['modelName'])]

    def show(self, form, *params):
        names = [pwobj.String(name) for name in shipped_models(limpid.Plugin.getModelsFolder())]
        if not names:
            form.showError('There are no models in %s.' % limpid.Plugin.getModelsFolder())
            return
        chosen = dialog.ListDialog(form.root, 'Models of Limpid', ListTreeProviderString(names))
        if chosen.resultYes() and chosen.values:
            form.setVar('modelName', chosen.values[0].get())


def proposed_patch_size(width, height, uses_gpu):
    """As large as helps, and leaving room for many different crops in a micrograph."""
    largest = 512 if uses_gpu else 192
    side = min(largest, min(width, height) // 2)
    return max(PATCH_MULTIPLE, side // PATCH_MULTIPLE * PATCH_MULTIPLE)


class LimpidPatchWizard(Wizard):
    """A patch size for these micrographs."""
    _targets = [(LimpidProtTrain, ['patchSize'])]

    def show(self, form, *params):
        protocol = form.protocol
        micrographs = protocol._micrographs()
        if micrographs is None:
            form.showError('Choose the micrographs to train on first.')
            return
        width, height = micrographs.getDim()[:2]
        form.setVar('patchSize', proposed_patch_size(width, height, protocol.usesGpu()))
