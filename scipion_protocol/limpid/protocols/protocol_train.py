"""Fits a model to the micrographs of a project."""

import os

from pwem.protocols import EMProtocol
from pyworkflow import BETA
from pyworkflow.protocol import STEPS_SERIAL, params

import limpid
from limpid.batch import write_list
from limpid.objects import LimpidModel
from limpid.program import LimpidError
from limpid.protocols.program_settings import ProgramSettings, THREADS_HELP
from limpid.training_data import (rows_of_movies, rows_of_noted_halves, rows_of_single,
                                  rows_of_two_sets)

OUTPUT = 'outputModel'
TWO_SETS, NOTED_HALVES, SINGLE, MOVIES = range(4)
PAIRS = {TWO_SETS: 'halves', NOTED_HALVES: 'halves', SINGLE: 'simulated', MOVIES: 'movies'}
LOADERS = ['auto', 'resident', 'stream']
PATCH_MULTIPLE = 32  # of the networks of Limpid
FEWEST_MICROGRAPHS = 2  # one of them to validate on


class LimpidProtTrain(ProgramSettings, EMProtocol):
    """ Fits a model of Limpid to micrographs. Even and odd half-micrographs of the motion correction
    are the best data: two images of the same area with independent noise. Without halves, noise is
    added to the micrographs, which works less well. By default a model that comes with Limpid is
    tuned, which takes less time than starting anew.
    """
    _label = 'train model'
    _devStatus = BETA
    _possibleOutputs = {OUTPUT: LimpidModel}
    stepsExecutionMode = STEPS_SERIAL

    # ------------------------------------------------------------------ form
    def _defineParams(self, form):
        form.addSection(label='Input')
        self._defineGpuParams(form)
        form.addParam('trainingData', params.EnumParam, default=TWO_SETS,
                      choices=['even set and odd set', 'set that notes its halves',
                               'micrographs alone', 'movies'],
                      label='Train on',
                      help='*even set and odd set*: the two outputs of a motion correction that sums '
                           'even and odd frames.\n*set that notes its halves*: the full micrographs of '
                           'such a motion correction, when they carry the names of their halves '
                           '(motioncorr, new streaming).\n*micrographs alone*: noise is added to them. '
                           'Prefer halves where there are movies.\n*movies*: their frames are summed to '
                           'halves as they are. They should be aligned: shifts that the set notes are '
                           'not applied.')
        two_sets = 'trainingData == %d' % TWO_SETS
        form.addParam('inputEven', params.PointerParam, pointerClass='SetOfMicrographs',
                      important=True, condition=two_sets, allowsNull=True, label='Even micrographs',
                      help='Sums over the even frames. They are paired with the odd ones by name.')
        form.addParam('inputOdd', params.PointerParam, pointerClass='SetOfMicrographs',
                      important=True, condition=two_sets, allowsNull=True, label='Odd micrographs',
                      help='Sums over the odd frames of the same movies.')
        form.addParam('inputMicrographs', params.PointerParam, pointerClass='SetOfMicrographs',
                      important=True, allowsNull=True, label='Micrographs',
                      condition='trainingData in (%d, %d)' % (NOTED_HALVES, SINGLE),
                      help='Micrographs to train on. They are not changed.')
        form.addParam('inputMovies', params.PointerParam, pointerClass='SetOfMovies',
                      important=True, allowsNull=True, label='Movies',
                      condition='trainingData == %d' % MOVIES,
                      help='Movies with aligned frames, such as a motion correction saves when asked '
                           'to. The gain reference of the set is applied.')
        self._defineStart(form)
        form.addSection(label='Training')
        self._defineTraining(form)
        form.addParallelSection(threads=4, mpi=0, binThreadsHelp=THREADS_HELP)

    def _defineStart(self, form):
        group = form.addGroup('Start')
        group.addParam('doFineTune', params.BooleanParam, default=True, label='Tune a model?',
                       help='Yes: the training goes on from a model that knows micrographs already. '
                            'No: from random weights, which needs more micrographs and time.')
        self._defineModelParams(group, condition='doFineTune')
        form.addParam('newName', params.StringParam, default='model', label='Name of the new model',
                      help='Stored in its file and shown where models are chosen.')

    def _defineTraining(self, form):
        form.addParam('epochs', params.FloatParam, default=20, validators=[params.Positive],
                      label='Epochs', help='How often all pixels are visited.')
        form.addParam('minutes', params.FloatParam, default=0, validators=[params.GE(0)],
                      label='Minutes', help='How long to train, instead of a number of epochs; 0: as '
                                            'the epochs ask.')
        form.addParam('patchSize', params.IntParam, default=0, validators=[params.GE(0)],
                      label='Patch size (px)',
                      help='Side of the crops to train on, a multiple of %d; 0: chosen to suit the '
                           'processor. The wand proposes one.' % PATCH_MULTIPLE)
        form.addParam('batchSize', params.IntParam, default=0, validators=[params.GE(0)],
                      expertLevel=params.LEVEL_ADVANCED, label='Batch size',
                      help='Crops in a step; 0: as many as suit the processor and its memory.')
        form.addParam('learningRate', params.FloatParam, default=0, validators=[params.GE(0)],
                      expertLevel=params.LEVEL_ADVANCED, label='Learning rate',
                      help='Of Adam, at its peak; 0: 0.001 from random weights, 0.0003 when a model '
                           'is tuned.')
        form.addParam('validationFraction', params.FloatParam, default=0.1,
                      validators=[params.Range(0.01, 0.9)], expertLevel=params.LEVEL_ADVANCED,
                      label='Fraction to validate on',
                      help='Share of the micrographs that is not trained on, but measures progress.')
        form.addParam('loaderMode', params.EnumParam, default=0, choices=LOADERS,
                      expertLevel=params.LEVEL_ADVANCED, label='Micrographs in memory',
                      help='*resident*: all stay in memory. *stream*: a few do, the others are read '
                           'again. *auto*: resident if a quarter of the memory suffices, or what '
                           '--memory among the further options says.')
        single = 'trainingData == %d' % SINGLE
        form.addParam('noiseElectrons', params.FloatParam, default=100, condition=single,
                      validators=[params.Positive], expertLevel=params.LEVEL_ADVANCED,
                      label='Electrons of the added noise',
                      help='The added shot noise is that of so many electrons for the whole range of '
                           'grey values; fewer electrons, more noise.')
        form.addParam('noiseSigma', params.FloatParam, default=0.05, condition=single,
                      validators=[params.GE(0)], expertLevel=params.LEVEL_ADVANCED,
                      label='Sigma of the added noise',
                      help='Standard deviation of the added Gaussian noise, as a fraction of the '
                           'range of grey values.')
        form.addParam('seed', params.IntParam, default=0, validators=[params.GE(0)],
                      expertLevel=params.LEVEL_ADVANCED, label='Seed',
                      help='Start of all random numbers: the same seed gives the same model.')
        self._defineExtraParam(form, 'train')

    # ----------------------------------------------------------------- steps
    def _insertAllSteps(self):
        self._insertFunctionStep(self.listStep, needsGPU=False)
        self._insertFunctionStep(self.trainStep, needsGPU=self.usesGpu())
        self._insertFunctionStep(self.createOutputStep, needsGPU=False)

    def listStep(self):
        rows = self._rows()
        if len(rows) < FEWEST_MICROGRAPHS:
            raise LimpidError(self._tooFew(len(rows)))
        os.makedirs(self._trainingFolder(), exist_ok=True)
        micrographs = self._micrographs()
        write_list(self._listFile(), rows, micrographs.getSamplingRate(),
                   micrographs.getAcquisition())
        self.info('%d to train on' % len(rows))

    def trainStep(self):
        # What an interrupted training has left in the folder is gone on from.
        kind = self.trainingData.get()
        arguments = ['train', '--in_movies' if kind == MOVIES else '--in_mics', self._listFile(),
                     '--o', self._trainingFolder(), '--pairs', PAIRS[kind],
                     '--name', self.newName.get().strip() or 'model', '--seed', str(self.seed.get()),
                     '--validation_fraction', str(self.validationFraction.get())]
        if self.doFineTune.get():
            arguments += ['--from', self._modelArgument()]
        if kind == MOVIES and self.inputMovies.get().getGain():
            arguments += ['--gain', self.inputMovies.get().getGain()]
        if kind == SINGLE:
            arguments += ['--noise_electrons', str(self.noiseElectrons.get()),
                          '--noise_sigma', str(self.noiseSigma.get())]
        if self.minutes.get():
            arguments += ['--minutes', str(self.minutes.get())]
        else:
            arguments += ['--epochs', str(self.epochs.get())]
        for option, value in (('--patch_size', self.patchSize.get()),
                              ('--batch_size', self.batchSize.get()),
                              ('--learning_rate', self.learningRate.get())):
            if value:
                arguments += [option, str(value)]
        if self.loaderMode.get():
            arguments += ['--loader', LOADERS[self.loaderMode.get()]]
        if self._runLimpid(arguments, self._trainingFolder()):
            raise LimpidError('The training failed. See %s/limpid.log' % self._trainingFolder())

    def createOutputStep(self):
        model = LimpidModel.fromFile(os.path.join(self._trainingFolder(), 'model.safetensors'))
        self._defineOutputs(**{OUTPUT: model})
        for pointer in self._inputPointers():
            self._defineSourceRelation(pointer, model)

    # ----------------------------------------------------------------- input
    def _inputPointers(self):
        if self.trainingData.get() == TWO_SETS:
            return [self.inputEven, self.inputOdd]
        return [self.inputMovies if self.trainingData.get() == MOVIES else self.inputMicrographs]

    def _micrographs(self):
        return self._inputPointers()[0].get()

    def _rows(self):
        kind = self.trainingData.get()
        if kind == TWO_SETS:
            return rows_of_two_sets(self.inputEven.get(), self.inputOdd.get())
        if kind == NOTED_HALVES:
            return rows_of_noted_halves(self.inputMicrographs.get())
        if kind == MOVIES:
            return rows_of_movies(self.inputMovies.get())
        return rows_of_single(self.inputMicrographs.get())

    def _trainingFolder(self):
        return self._getExtraPath('train')

    def _listFile(self):
        return os.path.join(self._trainingFolder(), 'micrographs.star')

    def getCurveFile(self):
        """Losses so far; grows while the training runs."""
        return os.path.join(self._trainingFolder(), 'training.csv')

    # ------------------------------------------------------------------ info
    def _tooFew(self, count):
        text = 'There are %d images to train on; at least %d are needed.' \
               % (count, FEWEST_MICROGRAPHS)
        if self.trainingData.get() == TWO_SETS:
            text += ' Those of the even and the odd set are paired by their names: are both of the ' \
                    'same movies?'
        elif self.trainingData.get() == NOTED_HALVES:
            text += ' Those without a note of their halves do not count: choose the even and the odd ' \
                    'set instead, or train on micrographs alone.'
        return text

    def _validate(self):
        errors = self._gpuErrors()
        if self.doFineTune.get():
            errors += self._modelErrors()
        if any(pointer.get() is None for pointer in self._inputPointers()):
            return errors + ['Choose what to train on.']
        count = len(self._rows())
        if count < FEWEST_MICROGRAPHS:
            errors.append(self._tooFew(count))
        return errors + self._patchErrors()

    def _patchErrors(self):
        patch = self.patchSize.get()
        if not patch:
            return []
        size = self._micrographs().getDim()
        side = min(size[:2]) if size else patch
        if patch % PATCH_MULTIPLE or patch > side:
            return ['Patch size %d: it has to be a multiple of %d up to %d, the smaller side of the '
                    'micrographs.' % (patch, PATCH_MULTIPLE, side)]
        return []

    def _warnings(self):
        warnings = []
        if self.doFineTune.get():
            warnings += self._pixelSizeWarnings(self._micrographs(), 'particles have other sizes than those it knows. '
                                                'Train long enough, and look closely at the results.')
        sets = [pointer.get() for pointer in self._inputPointers()]
        if any(item is not None and item.isStreamOpen() for item in sets):
            warnings.append('More are to come: only those that are there now are trained on.')
        movies = self.inputMovies.get() if self.trainingData.get() == MOVIES else None
        if movies is not None and movies.getFirstItem().hasAlignment():
            warnings.append('The movies note shifts of their frames, which are not applied. If their '
                            'frames are not aligned, train on even and odd micrographs instead.')
        return warnings

    def _summary(self):
        model = getattr(self, OUTPUT, None)
        if model is None:
            return ['The model is not trained yet. The viewer shows the training curve so far.']
        try:
            return model.describe().lines()
        except LimpidError as error:
            return [str(error)]

    def _methods(self):
        model = getattr(self, OUTPUT, None)
        if model is None:
            return []
        return ['A model was trained with the program [Limpid], version %s, by predicting one noisy '
                'image from another of the same area [Lehtinen2018]: %s.'
                % (limpid.constants.PROGRAM_VERSION, model.describe().training)]

    def _citations(self):
        return ['Limpid', 'Lehtinen2018']
