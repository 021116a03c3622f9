"""What the denoise and the train protocol share: processor, model, the start of the program."""

from pyworkflow.protocol import params

import limpid
from limpid.constants import DEFAULT_MODEL
from limpid.follow import Follower, LogTail
from limpid.model_file import read_model, shipped_model_path
from limpid.program import LimpidError, processor_arguments, run_program

SHIPPED = 0
OF_PROJECT = 1
SECONDS_BETWEEN_LOOKS = 3

GPU_HELP = ('Yes: Limpid runs on the GPUs whose IDs are given, and fails when it cannot use them. '
            'No: it runs on the CPU, which gives the same results and takes longer.')
THREADS_HELP = 'CPU threads of each start of Limpid; 0: all. They matter most when no GPU is used.'


class ProgramSettings:
    """Mixed into protocols; has no state of its own."""

    # ------------------------------------------------------------------ form
    @staticmethod
    def _defineGpuParams(form):
        form.addHidden(params.USE_GPU, params.BooleanParam, default=True,
                       label='Use GPU?', help=GPU_HELP)
        form.addHidden(params.GPU_LIST, params.StringParam, default='0', label='GPU IDs',
                       help='GPUs to use, such as 0 or 0,1. With several GPUs and enough Scipion '
                            'threads (one more than GPUs and at least 3), each works on its own '
                            'share of the micrographs.')

    @staticmethod
    def _defineModelParams(section, condition=None):
        both = (lambda text: '(%s) and (%s)' % (condition, text)) if condition else (lambda t: t)
        section.addParam('modelSource', params.EnumParam, default=SHIPPED,
                         choices=['of Limpid', 'of this project'], label='Model', condition=condition,
                         display=params.EnumParam.DISPLAY_HLIST,
                         help='*of Limpid*: a general model that comes with the program. '
                              '*of this project*: one that was trained or imported here.')
        section.addParam('modelName', params.StringParam, default=DEFAULT_MODEL,
                         condition=both('modelSource == %d' % SHIPPED), label='Name',
                         help='Name of a model that comes with Limpid. The wand lists them.')
        section.addParam('inputModel', params.PointerParam, pointerClass='LimpidModel',
                         condition=both('modelSource == %d' % OF_PROJECT), allowsNull=True,
                         label='Trained or imported model',
                         help='Output of _train a model_ or of _import a model_.')

    @staticmethod
    def _defineExtraParam(section, command):
        section.addParam('extraParams', params.StringParam, default='',
                         expertLevel=params.LEVEL_ADVANCED, label='Further options',
                         help='Added to the command line as they are. "limpid %s --help" lists them, '
                              'for example --gpu_memory 8G.' % command)

    # ----------------------------------------------------------------- model
    def _modelArgument(self):
        """A name where there is one: descriptions of trained models then say what they started from."""
        self._modelPath()
        return self.modelName.get().strip() if self.modelSource.get() == SHIPPED else self._modelPath()

    def _modelPath(self):
        """Throws LimpidError when there is none."""
        if self.modelSource.get() == SHIPPED:
            return shipped_model_path(limpid.Plugin.getModelsFolder(), self.modelName.get().strip())
        model = self.inputModel.get()
        if model is None:
            raise LimpidError('Choose a model of this project, or one of Limpid.')
        return model.getPath()

    def _describeModel(self):
        return read_model(self._modelPath())

    # ------------------------------------------------------------------- run
    def _programThreads(self):
        """The host calls those of a program otherwise when its own steps have threads, too."""
        return (self.binThreads if self.modeParallel() else self.numberOfThreads).get()

    def _runLimpid(self, arguments, folder, look=lambda: None):
        """Shows what the program writes into its log, and calls `look` from time to time."""
        log = LogTail(folder + '/limpid.log')

        def follow():
            for line in log.new_lines():
                self.info(line)
            look()

        def warn(error):
            self.warning('Will be tried again: %s' % error)

        uses_gpu = self.usesGpu()
        arguments = arguments + processor_arguments(uses_gpu, self._programThreads()) + ['--quiet']
        with Follower(follow, SECONDS_BETWEEN_LOOKS, warn):
            return run_program(self, limpid.Plugin.getProgram(), arguments, self.extraParams.get(''),
                               uses_gpu, limpid.Plugin.getEnviron())

    # -------------------------------------------------------------- validate
    def _gpuErrors(self):
        if self.usesGpu() and not self.gpuList.get('').strip():
            return ['GPU IDs are missing: give some, such as 0 or 0,1, or choose not to use the GPU.']
        return []

    def _modelErrors(self):
        try:
            self._describeModel()
        except LimpidError as error:
            return [str(error)]
        return []

    def _pixelSizeWarnings(self, micrographs, consequence):
        try:
            model = self._describeModel()
        except LimpidError:
            return []  # an error of the form already
        pixel_size = micrographs.getSamplingRate() if micrographs is not None else None
        if model.fits_pixel_size(pixel_size):
            return []
        return ['The micrographs have %.3f A/px, while the model *%s* was trained on %s: %s'
                % (pixel_size, model.name, model.pixel_sizes(), consequence)]
