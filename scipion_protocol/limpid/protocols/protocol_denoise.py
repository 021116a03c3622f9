"""Removes the noise of micrographs, while they come in."""

import os
import time

from pwem.objects import Micrograph, SetOfMicrographs
from pwem.protocols import ProtPreprocessMicrographs
from pyworkflow import BETA
from pyworkflow.object import Set
from pyworkflow.protocol import ProtStreamingBase, STEPS_PARALLEL, params

import limpid
from limpid.batch import Batch, batch_folder, batches_below, group_batches
from limpid.locking import patient
from limpid.program import LimpidError
from limpid.protocols.program_settings import ProgramSettings, THREADS_HELP
from limpid.training_data import halves_of

OUTPUT = 'outputMicrographs'
FEWEST_THREADS = 3  # the host itself, the step that watches the input, the step that denoises
VOID_GPU = 99  # of the host: a slot that is to stay empty
USE_ORIGINALS = ('Pick on the denoised micrographs, but extract particles from the originals (in '
                 'extraction protocols: micrograph source *other*): denoised particles bias what follows.')


class LimpidProtDenoise(ProgramSettings, ProtPreprocessMicrographs, ProtStreamingBase):
    """ Removes the noise of micrographs with a trained network, so that particles can be seen and
    picked at once. The output has the ids, names, pixel size and acquisition of the input, so that
    CTFs and coordinates fit both. It grows while micrographs come in. Pick on it, but extract
    particles from the original micrographs.
    """
    _label = 'denoise micrographs'
    _devStatus = BETA
    _possibleOutputs = {OUTPUT: SetOfMicrographs}
    stepsExecutionMode = STEPS_PARALLEL

    # ------------------------------------------------------------------ form
    def _defineParams(self, form):
        form.addSection(label='Input')
        self._defineGpuParams(form)
        form.addParam('inputMicrographs', params.PointerParam, pointerClass='SetOfMicrographs',
                      important=True, label='Micrographs',
                      help='Micrographs to denoise, complete or still growing. They are not changed. '
                           + USE_ORIGINALS)
        self._defineModelParams(form)
        form.addParam('measureQuality', params.BooleanParam, default=True,
                      label='Measure the quality on halves?',
                      help='Where even and odd half-micrographs are known (noted by motion correction, '
                           'or NAME_EVN and NAME_ODD beside the files), the signal-to-noise ratio '
                           'before and after is measured on them. It takes a little longer.')
        form.addParam('float16', params.BooleanParam, default=False,
                      expertLevel=params.LEVEL_ADVANCED, label='Write half precision?',
                      help='Halves the space on disk (MRC mode 12). Some programs cannot read it.')
        form.addParam('keepHighResolution', params.FloatParam, default=0,
                      validators=[params.GE(0)], expertLevel=params.LEVEL_ADVANCED,
                      label='Keep raw frequencies beyond (A)',
                      help='Finer than this resolution the micrographs stay as they are; the passage '
                           'is smooth. 0: denoise all. ' + USE_ORIGINALS)
        self._defineExtraParam(form, 'denoise')
        form.addSection(label='Streaming')
        form.addParam('streamingBatchSize', params.IntParam, default=8,
                      validators=[params.Positive], label='Batch size',
                      help='While the input grows, Limpid starts as soon as this many micrographs '
                           'wait, and takes at most twice as many at once. Each start loads the model '
                           'and costs a few seconds. All that are left when the input is complete are '
                           'done in one start for each GPU.')
        form.addParam('streamingSleepOnWait', params.IntParam, default=5,
                      validators=[params.Positive], label='Seconds between looks at the input',
                      help='How long to wait before looking for new micrographs again.')
        form.addParallelSection(threads=FEWEST_THREADS, mpi=0, binThreads=4,
                                binThreadsHelp=THREADS_HELP)

    # ----------------------------------------------------------------- steps
    def stepsGeneratorStep(self):
        self._reopenOutput()
        self._takeEarlierResults()
        planned = self._doneIds()
        number = len(batches_below(self._getExtraPath()))
        smallest = self.streamingBatchSize.get()
        steps = []
        while True:
            is_open, micrographs, halves = self._readInput()
            waiting = [identity for identity in micrographs if identity not in planned]
            for group in group_batches(waiting, is_open, smallest, 2 * smallest,
                                       self._slotCount()):
                number += 1
                self._batch(number).write(
                    {identity: micrographs[identity] for identity in group},
                    {identity: halves[identity] for identity in group if identity in halves},
                    *self._inputConditions())
                steps.append(self._insertDenoiseStep(number))
                planned.update(group)
            if not is_open:
                break
            time.sleep(self.streamingSleepOnWait.get())
        self._insertFunctionStep(self.finishStep, prerequisites=steps, needsGPU=False)

    def _insertDenoiseStep(self, number):
        index = self._insertFunctionStep(self.denoiseStep, number, prerequisites=[],
                                         needsGPU=self.usesGpu())
        # The host deals out GPUs by the ids of steps, and gives these, which are the indices, later
        # than it starts the steps. Without an id, all steps would get the first GPU.
        self._steps[index - 1].setObjId(index)
        return index

    def denoiseStep(self, number):
        batch = self._batch(number)
        sources = self._inputItems(batch.micrographs())
        arguments = ['denoise', '--in_mics', batch.input_list(), '--o', batch.folder,
                     '--model', self._modelArgument(), '--max_failed', '1',
                     '--halves', 'auto' if self.measureQuality.get() else 'off']
        if self.float16.get():
            arguments.append('--float16')
        if self.keepHighResolution.get():
            arguments += ['--keep_high_resolution', str(self.keepHighResolution.get())]
        failed = self._runLimpid(arguments, batch.folder, lambda: self._register(batch, sources))
        if failed and not batch.failures():
            raise LimpidError('Limpid denoised nothing. See %s/limpid.log' % batch.folder)
        for identity, reason in batch.failures().items():
            self.warning('Left out, micrograph %d: %s' % (identity, reason))

    def finishStep(self):
        failures = self._failures()
        with self._lock:
            output = getattr(self, OUTPUT, None)
            if output is None or output.getSize() == 0:
                reason = next(iter(failures.values()), 'the input holds none')
                raise LimpidError('No micrograph could be denoised. The first reason: %s' % reason)
            self._closeOutputSet()
        if failures:
            self.warning('%d micrographs could not be denoised and are left out. _Continue_ tries '
                         'them again.' % len(failures))

    # ----------------------------------------------------------------- input
    @patient
    def _readInput(self):
        """Whether more may come, id -> file name, and id -> halves where these are noted. Asked in
        this order: what arrives after the first question is seen at the next look."""
        with self._lock:
            micrographs = self.inputMicrographs.get()
            micrographs.loadAllProperties()
            is_open = micrographs.isStreamOpen()
            names, halves = {}, {}
            for item in micrographs:
                names[item.getObjId()] = item.getFileName()
                if halves_of(item):
                    halves[item.getObjId()] = halves_of(item)
            micrographs.close()
        return is_open, names, halves

    @patient
    def _inputItems(self, identities):
        with self._lock:
            micrographs = self.inputMicrographs.get()
            items = {item.getObjId(): item.clone() for item in micrographs
                     if item.getObjId() in identities}
            micrographs.close()
        return items

    def _inputConditions(self):
        micrographs = self.inputMicrographs.get()
        return micrographs.getSamplingRate(), micrographs.getAcquisition()

    def _slotCount(self):
        """How many starts of the program can work at a time; the host deals out the GPUs."""
        if not self.usesGpu():
            return 1
        gpus = [gpu for gpu in self.getGpuList() if int(gpu) != VOID_GPU]
        return max(1, min(len(gpus), self.numberOfThreads.get() - 1))

    def _batch(self, number):
        return Batch(batch_folder(self._getExtraPath(), number))

    # ---------------------------------------------------------------- output
    def _reopenOutput(self):
        """After a failure or a stop: the host has closed the output."""
        with self._lock:
            output = getattr(self, OUTPUT, None)
            if output is not None:
                output.enableAppend()
                self._updateOutputSet(OUTPUT, output, Set.STREAM_OPEN)

    def _takeEarlierResults(self):
        """Micrographs that were finished, but not put into the output when the run was stopped."""
        for batch in batches_below(self._getExtraPath()):
            missing = set(batch.results()) - self._doneIds()
            if missing:
                self._register(batch, self._inputItems(missing))

    @patient
    def _doneIds(self):
        with self._lock:
            output = getattr(self, OUTPUT, None)
            if output is None:
                return set()
            done = {item.getObjId() for item in output}
            output.close()
            return done

    @patient
    def _register(self, batch, sources):
        """Puts what is finished into the output."""
        with self._lock:
            done = self._doneIds()
            finished = {identity: path for identity, path in batch.results().items()
                        if identity in sources and identity not in done}
            if not finished:
                return
            output = getattr(self, OUTPUT, None)
            is_first = output is None
            if is_first:
                output = SetOfMicrographs.create(self._getPath())
                output.copyInfo(self.inputMicrographs.get())
            else:
                output.enableAppend()
            for identity in sorted(finished):
                output.append(self._denoisedItem(sources[identity], finished[identity]))
            self._updateOutputSet(OUTPUT, output, Set.STREAM_OPEN)
            if is_first:
                # A transform, so that CTFs of the originals reach the output as well.
                self._defineTransformRelation(self.inputMicrographs, output)

    @staticmethod
    def _denoisedItem(source, path):
        item = Micrograph()
        item.copyInfo(source)
        item.setObjId(source.getObjId())  # coordinates and CTFs refer to it
        item.setLocation(path)
        return item

    def _failures(self):
        """id -> reason of all that are not in the output."""
        failures = {}
        for batch in batches_below(self._getExtraPath()):
            failures.update(batch.failures())
        done = self._doneIds()
        return {identity: reason for identity, reason in failures.items() if identity not in done}

    # ------------------------------------------------------------------ info
    def _validateThreads(self, messages):
        if self.numberOfThreads.get() < FEWEST_THREADS:
            messages.append('At least %d Scipion threads are needed: the protocol itself, the step '
                            'that watches the input, and the one that denoises.' % FEWEST_THREADS)

    def _validate(self):
        errors = []
        self._validateThreads(errors)
        return errors + self._gpuErrors() + self._modelErrors()

    def _warnings(self):
        return self._pixelSizeWarnings(
            self.inputMicrographs.get(),
            'they are denoised at a pixel size that it knows and brought back. A model trained on '
            'these micrographs may do better.') + [USE_ORIGINALS]

    def _summary(self):
        output = getattr(self, OUTPUT, None)
        if output is None:
            return ['No micrograph is denoised yet.'] + self._failureLines()
        more = ', more are to come' if output.isStreamOpen() else ''
        return (['%d of %d micrographs are denoised%s.'
                 % (output.getSize(), self.inputMicrographs.get().getSize(), more)]
                + self._modelLines() + self._failureLines() + [USE_ORIGINALS])

    def _failureLines(self):
        failures = self._failures()
        if not failures:
            return []
        identity, reason = next(iter(failures.items()))
        return ['*%d could not be denoised* and are left out, such as micrograph %d: %s'
                % (len(failures), identity, reason)]

    def _modelLines(self):
        try:
            model = self._describeModel()
        except LimpidError as error:
            return [str(error)]
        return ['Model *%s*, trained on pixels of %s.' % (model.name, model.pixel_sizes())]

    def _methods(self):
        output = getattr(self, OUTPUT, None)
        if output is None:
            return []
        try:
            model = self._describeModel().name
        except LimpidError:
            model = os.path.basename(self.modelName.get(''))
        return ['%d micrographs were denoised with the program [Limpid], version %s, and its model "%s".'
                % (output.getSize(), limpid.constants.PROGRAM_VERSION, model)]

    def _citations(self):
        return ['Limpid', 'Lehtinen2018', 'Bepler2020']
