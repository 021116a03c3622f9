import os
import shutil
import time

import mrcfile
import numpy

from pyworkflow.object import CsvList, Pointer

from limpid.batch import batches_below
from limpid.tests.project import PIXEL_SIZE, LimpidTest, simulated


def read_pixels(path):
    with mrcfile.open(path, permissive=True) as file:
        return file.data.astype(float), float(file.voxel_size.x)


class TestLimpidDenoise(LimpidTest):
    def test_closed_set(self):
        imported = self.importSimulated(12)
        begin = time.time()
        protocol = self.denoise(imported)
        elapsed = time.time() - begin
        output = protocol.outputMicrographs
        self.assertSetSize(output, 12)
        self.assertSameMicrographs(imported.outputMicrographs, output)
        self.assertFalse(output.isStreamOpen())
        batches = batches_below(protocol._getExtraPath())
        self.assertEqual(1, len(batches), 'a closed set needs one start of the program')
        self.assertLess(elapsed, 60)
        print('12 micrographs: %.1f s from launch to end' % elapsed)
        self.assert_noise_is_removed(output)

    def assert_noise_is_removed(self, output):
        for item in output:
            pixels, pixel_size = read_pixels(item.getFileName())
            name = os.path.splitext(os.path.basename(item.getFileName()))[0]
            truth, _ = read_pixels(os.path.join(simulated(12), name + '_CLEAN.mrc'))
            raw, _ = read_pixels(os.path.join(simulated(12), name + '.mrc'))
            self.assertAlmostEqual(PIXEL_SIZE, pixel_size, 4)
            before = numpy.corrcoef(raw.ravel(), truth.ravel())[0, 1]
            after = numpy.corrcoef(pixels.ravel(), truth.ravel())[0, 1]
            self.assertGreater(after, before + 0.1)

    def test_transform_relation_leads_ctfs_to_the_output(self):
        imported = self.importSimulated(4)
        protocol = self.denoise(imported)
        # What Scipion asks for CTFs of the originals that fit the denoised micrographs.
        pointer = Pointer(protocol, extended='outputMicrographs')
        graph = self.proj.getTransformGraph(refresh=True)
        node = graph.getNode(pointer.getUniqueId())
        self.assertIsNotNone(node)
        parents = [parent.pointer.getUniqueId() for parent in node.getParents() if parent.pointer]
        self.assertIn(Pointer(imported, extended='outputMicrographs').getUniqueId(), parents)

    def test_failed_micrographs_are_left_out(self):
        folder = os.path.join(os.getcwd(), 'damaged')
        shutil.copytree(simulated(4), folder)
        with open(os.path.join(folder, 'sim_0002.mrc'), 'r+b') as file:
            file.truncate(5000)
        imported = self.importMicrographs('sim_????.mrc', folder)
        protocol = self.denoise(imported)
        names = {item.getMicName() for item in protocol.outputMicrographs}
        self.assertEqual({'sim_0001.mrc', 'sim_0003.mrc', 'sim_0004.mrc'}, names)
        summary = '\n'.join(protocol.summary())
        self.assertIn('3 of 4 micrographs are denoised', summary)
        self.assertIn('sim_0002.mrc', summary)

    def test_all_failing_fails_with_the_reason(self):
        folder = os.path.join(os.getcwd(), 'gone')
        shutil.copytree(simulated(4), folder)
        imported = self.importMicrographs('sim_????.mrc', folder)
        shutil.rmtree(folder)
        protocol = self.denoise(imported, launch=False)
        with self.assertRaises(Exception):
            self.launchProtocol(protocol)
        self.reloaded(protocol)
        self.assertTrue(protocol.isFailed())
        self.assertIn('No micrograph could be denoised', protocol.getErrorMessage())

    def test_tiff(self):
        import tifffile
        folder = os.path.join(os.getcwd(), 'tiff')
        os.makedirs(folder)
        for number in (1, 2):
            pixels, _ = read_pixels(os.path.join(simulated(4), 'sim_000%d.mrc' % number))
            tifffile.imwrite(os.path.join(folder, 'with space %d.tif' % number),
                             pixels.astype('float32'))
        imported = self.importMicrographs('*.tif', folder)
        protocol = self.denoise(imported)
        self.assertSameMicrographs(imported.outputMicrographs, protocol.outputMicrographs)
        for item in protocol.outputMicrographs:
            self.assertTrue(item.getFileName().endswith('.mrc'))
            self.assertAlmostEqual(PIXEL_SIZE, read_pixels(item.getFileName())[1], 4)

    def test_quality_is_measured_on_noted_halves(self):
        items = []
        for item in self.importSimulated(4).outputMicrographs:
            stem = os.path.join(simulated(4), os.path.splitext(item.getMicName())[0])
            copy = item.clone()
            copy._mcEvenOddMics = CsvList(pType=str)
            # Of the last, one half is gone.
            copy._mcEvenOddMics.set([stem + '_ODD.mrc', stem + ('_EVN.mrc' if len(items) < 3 else '_no')])
            items.append(copy)
        source = self.madeByHand(items)
        protocol = self.denoise(source)
        self.assertSetSize(protocol.outputMicrographs, 4)
        numbers = batches_below(protocol._getExtraPath())[0].numbers()
        for identity in sorted(numbers)[:3]:
            self.assertGreater(numbers[identity]['snr_after'], numbers[identity]['snr_before'])
        self.assertNotIn('snr_after', numbers[sorted(numbers)[3]])
        unmeasured = self.denoise(source, measureQuality=False)
        numbers = batches_below(unmeasured._getExtraPath())[0].numbers()
        self.assertFalse(any('snr_after' in values for values in numbers.values()))
