import os
import time

from pyworkflow.object import Set
from pyworkflow.protocol import MODE_RESUME

from limpid.batch import Batch, batches_below, micrograph_rows
from limpid.program import command_line, processor_arguments
from limpid.tests.project import LimpidTest
from limpid.tests.recorder import Recorder, option

PATIENCE = 120  # seconds


def wait_for(what, condition):
    end = time.time() + PATIENCE
    while not condition():
        if time.time() > end:
            raise AssertionError('waited %d s in vain for %s' % (PATIENCE, what))
        time.sleep(0.5)


class GrowingSet:
    """An output that the test fills, as an import in progress does."""

    def __init__(self, test, imported):
        self._items = [item.clone() for item in imported.outputMicrographs]
        self.protocol = test.madeByHand([self._items.pop(0)], close=False)
        self._set = self.protocol.outputMicrographs
        self._set.setAcquisition(imported.outputMicrographs.getAcquisition())

    def grow(self, count):
        self._set.enableAppend()
        for item in self._items[:count]:
            self._set.append(item)
        del self._items[:count]
        self._set.write()
        self._set.close()

    def close(self):
        self._set.setStreamState(Set.STREAM_CLOSED)
        self._set.write()
        self._set.close()


class TestLimpidStreaming(LimpidTest):
    def output_size(self, protocol):
        output = getattr(self.reloaded(protocol), 'outputMicrographs', None)
        return 0 if output is None else output.getSize()

    def resume(self, protocol):
        protocol = self.reloaded(protocol)
        protocol.runMode.set(MODE_RESUME)
        self.launchProtocol(protocol)
        return protocol

    def ids_denoised(self, recorder):
        ids = []
        for call in recorder.calls():
            batch = Batch(option(call, '--o'))
            ids += list(batch.micrographs())
        return sorted(ids)

    def test_growing_input(self):
        imported = self.importSimulated(12)
        growing = GrowingSet(self, imported)
        protocol = self.denoise(growing.protocol, wait=False, streamingSleepOnWait=1)
        growing.grow(8)
        wait_for('output while the input is open', lambda: self.output_size(protocol) >= 8)
        self.assertTrue(protocol.outputMicrographs.isStreamOpen())
        growing.grow(3)  # fewer than a batch
        growing.close()
        wait_for('the end', lambda: self.reloaded(protocol).isFinished())
        self.assertSetSize(protocol.outputMicrographs, 12)
        self.assertFalse(protocol.outputMicrographs.isStreamOpen())
        self.assertSameMicrographs(imported.outputMicrographs, protocol.outputMicrographs)

    def test_failure_then_continue(self):
        imported = self.importSimulated(12)
        with Recorder('failing') as recorder:
            recorder.ask('fail_with_4')
            protocol = self.denoise(imported, launch=False, useGpu=True, gpuList='0,1')
            with self.assertRaises(Exception):
                self.launchProtocol(protocol)
            self.assertTrue(self.reloaded(protocol).isFailed())
            self.assertIn('the disk may be full', protocol.getErrorMessage())
            # The other start may still be at work, or not have begun.
            done = sum(len(batch.results()) for batch in batches_below(protocol._getExtraPath()))
            before = len(recorder.calls())
            protocol = self.resume(protocol)
            self.assertSetSize(protocol.outputMicrographs, 12)
            self.assertFalse(protocol.outputMicrographs.isStreamOpen())
            self.assertSameMicrographs(imported.outputMicrographs, protocol.outputMicrographs)
            redone = [row for call in recorder.calls()[before:]
                      for row in micrograph_rows(option(call, '--in_mics'))]
            self.assertEqual(12 - done, len(redone))

    def test_stop_then_continue_takes_what_is_done(self):
        imported = self.importSimulated(4)
        with Recorder('stopped') as recorder:
            recorder.ask('wait_at_the_end')
            protocol = self.denoise(imported, wait=False)
            wait_for('results', lambda: sum(
                len(batch.results())
                for batch in batches_below(self.reloaded(protocol)._getExtraPath())) == 4)
            self.stop(protocol)
            recorder.no_longer('wait_at_the_end')
            protocol = self.resume(protocol)
            self.assertSetSize(protocol.outputMicrographs, 4)
            self.assertFalse(protocol.outputMicrographs.isStreamOpen())
            self.assertEqual(1, len(recorder.calls()), 'nothing was left to do')

    def test_continue_tries_failed_micrographs_again(self):
        imported = self.importSimulated(4)
        lost = next(item.getFileName() for item in imported.outputMicrographs)
        target = os.readlink(lost)
        os.remove(lost)
        with Recorder('again') as recorder:
            protocol = self.denoise(imported)
            self.assertSetSize(protocol.outputMicrographs, 3)
            os.symlink(target, lost)
            protocol = self.resume(protocol)
            self.assertSetSize(protocol.outputMicrographs, 4)
            self.assertEqual(5, len(self.ids_denoised(recorder)))
        self.assertNotIn('could not', '\n'.join(protocol.summary()))


class TestLimpidProcessors(LimpidTest):
    def calls_with(self, name, slow=False, **settings):
        imported = self.importSimulated(4)
        with Recorder(name) as recorder:
            if slow:  # or the first start is over before the host looks for a second worker
                recorder.ask('take_a_while')
            protocol = self.denoise(imported, **settings)
            self.assertSetSize(protocol.outputMicrographs, 4)
            return recorder.calls()

    def test_cpu(self):
        call, = self.calls_with('cpu', binThreads=2)
        self.assertEqual('cpu', option(call, '--device'))
        self.assertEqual('2', option(call, '--j'))
        self.assertNotIn('--gpu', call)

    def test_one_gpu(self):
        call, = self.calls_with('one', useGpu=True, gpuList='0')
        self.assertEqual('cuda', option(call, '--device'))
        self.assertEqual('0', option(call, '--gpu'))

    def test_two_gpus_work_apart(self):
        calls = self.calls_with('two', slow=True, useGpu=True, gpuList='0,1')
        self.assertEqual(['0', '1'], sorted(option(call, '--gpu') for call in calls))
        sizes = [len(Batch(option(call, '--o')).micrographs()) for call in calls]
        self.assertEqual([2, 2], sizes)

    def test_more_gpus_than_threads(self):
        calls = self.calls_with('three', slow=True, useGpu=True, gpuList='0,1,2')
        self.assertEqual(['0 1', '2'], sorted(option(call, '--gpu') for call in calls))

    def test_further_options(self):
        call, = self.calls_with('further', useGpu=True, gpuList='1',
                                extraParams="--memory 2G --seed '7'")
        self.assertEqual('2G', option(call, '--memory'))
        self.assertEqual('7', option(call, '--seed'))
        self.assertEqual('1', option(call, '--gpu'))

    def test_command_lines_keep_percent_signs(self):
        arguments = ['--o', 'Runs/100% of it'] + processor_arguments(True, 4)
        line = command_line(arguments, uses_gpu=True)
        self.assertIn("--gpu '0 1'", line % {'GPU': '0 1'})
        self.assertIn("'Runs/100% of it'", line % {'GPU': '0 1'})

    def test_missing_gpu_is_an_error(self):
        if os.path.exists('/dev/nvidia0'):
            self.skipTest('there is a GPU')
        imported = self.importSimulated(4)
        protocol = self.denoise(imported, launch=False, useGpu=True)
        with self.assertRaises(Exception):
            self.launchProtocol(protocol)
        self.assertIn('could not use the GPU', self.reloaded(protocol).getErrorMessage())
