"""The model as an object of a project."""

from pwem.objects import EMObject
from pyworkflow.object import Float, Integer, String

from limpid.model_file import read_model


class LimpidModel(EMObject):
    """A trained network: one file, which needs nothing beside it."""

    def __init__(self, path=None, **kwargs):
        super().__init__(**kwargs)
        self._path = String(path)
        self._name = String()
        self._summary = String()
        self._training = String()
        self._kind = String()
        self._smallestPixelSize = Float()
        self._largestPixelSize = Float()
        self._patchSize = Integer()
        self._bestLoss = Float()

    @classmethod
    def fromFile(cls, path):
        """Throws LimpidError when the file is no model."""
        description = read_model(path)
        model = cls(path)
        model._name.set(description.name)
        model._summary.set(description.summary)
        model._training.set(description.training)
        model._kind.set(description.kind)
        model._smallestPixelSize.set(description.smallest_pixel_size)
        model._largestPixelSize.set(description.largest_pixel_size)
        model._patchSize.set(description.patch_px)
        model._bestLoss.set(description.best_loss)
        return model

    def getPath(self):
        return self._path.get()

    def setPath(self, path):
        self._path.set(path)

    def getModelName(self):
        return self._name.get()

    def getKind(self):
        return self._kind.get()

    def getPixelSize(self):
        """Smallest pixel size of the training data in angstrom, None when unknown."""
        return self._smallestPixelSize.get()

    def getLargestPixelSize(self):
        return self._largestPixelSize.get()

    def getPatchSize(self):
        return self._patchSize.get()

    def getBestLoss(self):
        """Best validation loss of its training, None when unknown."""
        return self._bestLoss.get()

    def describe(self):
        """ModelDescription of the file, which is read anew."""
        return read_model(self.getPath())

    def __str__(self):
        size = self.getPixelSize()
        return '%s (%s%s)' % (self.getModelName(), self.getKind(),
                              ', %.2f A/px' % size if size else '')
