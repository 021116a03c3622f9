import os
import shutil
import time

from pwem.objects import Movie, SetOfMovies
from pyworkflow.object import CsvList
from pyworkflow.protocol import MODE_RESUME

import limpid
from limpid.model_file import shipped_model_path
from limpid.protocols import LimpidProtImportModel, LimpidProtTrain
from limpid.protocols.program_settings import OF_PROJECT
from limpid.protocols.protocol_train import MOVIES, NOTED_HALVES, SINGLE
from limpid.tests.project import LimpidTest, simulated, simulated_movies

SMALL = {'useGpu': False, 'numberOfThreads': 2, 'patchSize': 64, 'batchSize': 2, 'epochs': 0.5}


class TestLimpidTrain(LimpidTest):
    def train(self, launch=True, **settings):
        even, odd, full, movies = (settings.pop(name, None)
                                   for name in ('even', 'odd', 'full', 'movies'))
        protocol = self.newProtocol(LimpidProtTrain, **dict(SMALL, **settings))
        for pointer, source in ((protocol.inputEven, even), (protocol.inputOdd, odd),
                                (protocol.inputMicrographs, full), (protocol.inputMovies, movies)):
            if source is not None:
                self.connect(pointer, source, 'outputMicrographs')
        if launch:
            self.launchProtocol(protocol)
        return protocol

    def importHalves(self, count):
        return [self.importMicrographs('sim_????_%s.mrc' % half, simulated(count))
                for half in ('EVN', 'ODD')]

    def test_even_and_odd_sets_then_denoise(self):
        even, odd = self.importHalves(4)
        protocol = self.train(even=even, odd=odd, newName='mine')
        model = protocol.outputModel
        self.assertEqual('mine', model.getModelName())
        self.assertEqual('even/odd', model.getKind())
        self.assertAlmostEqual(1.0, model.getPixelSize(), 4)
        self.assertEqual(64, model.getPatchSize())
        self.assertGreater(model.getBestLoss(), 0)
        self.assertIn('from default', '\n'.join(protocol.summary()))
        self.assertIn('halves of 4', '\n'.join(protocol.summary()))

        imported = self.importSimulated(4)
        denoised = self.denoise(imported, launch=False, modelSource=OF_PROJECT)
        self.connect(denoised.inputModel, protocol, 'outputModel')
        self.launchProtocol(denoised)
        self.assertSetSize(denoised.outputMicrographs, 4)
        self.assertIn('*mine*', '\n'.join(denoised.summary()))

    def test_halves_that_the_micrographs_note(self):
        items = []
        for item in self.importSimulated(4).outputMicrographs:
            stem = os.path.join(simulated(4), os.path.splitext(item.getMicName())[0])
            copy = item.clone()
            copy._mcEvenOddMics = CsvList(pType=str)
            copy._mcEvenOddMics.set([stem + '_ODD.mrc', stem + '_EVN.mrc'])
            items.append(copy)
        protocol = self.train(full=self.madeByHand(items), trainingData=NOTED_HALVES,
                              doFineTune=False)
        self.assertEqual('even/odd', protocol.outputModel.getKind())
        self.assertIn('random weights', '\n'.join(protocol.summary()))

    def test_single_micrographs(self):
        protocol = self.train(full=self.importSimulated(4), trainingData=SINGLE)
        self.assertEqual('simulated noise', protocol.outputModel.getKind())

    def test_movies(self):
        movies = [Movie(location=path) for path in simulated_movies(3)]
        source = self.madeByHand(movies, kind=SetOfMovies)
        protocol = self.train(movies=source, trainingData=MOVIES)
        self.assertEqual('movies', protocol.outputModel.getKind())
        self.assertAlmostEqual(1.0, protocol.outputModel.getPixelSize(), 4)
        self.assertEqual([], protocol.warnings())

    def test_stop_then_continue(self):
        even, odd = self.importHalves(4)
        protocol = self.train(launch=False, even=even, odd=odd, epochs=8)
        self.proj.launchProtocol(protocol, wait=False)
        checkpoint = os.path.join('train', 'checkpoint.safetensors')
        end = time.time() + 100
        while not os.path.exists(self.proj.getPath(protocol._getExtraPath(checkpoint))):
            self.assertLess(time.time(), end, 'no checkpoint appears')
            time.sleep(0.2)
            self.proj._updateProtocol(protocol)
        self.stop(protocol)
        with open(protocol.getCurveFile()) as file:
            before = file.read()
        protocol = self.reloaded(protocol)
        protocol.runMode.set(MODE_RESUME)
        self.launchProtocol(protocol)
        with open(protocol.getCurveFile()) as file:
            self.assertTrue(file.read().startswith(before[:before.rfind('\n')][:200]))
        self.assertGreater(protocol.outputModel.getBestLoss(), 0)

    def test_validation(self):
        even, odd = self.importHalves(4)
        self.assertEqual([], self.train(launch=False, even=even, odd=odd).validate())
        self.assertIn('Choose what to train on', '\n'.join(
            self.train(launch=False, trainingData=SINGLE).validate()))
        self.assertIn('multiple of 32', '\n'.join(
            self.train(launch=False, even=even, odd=odd, patchSize=100).validate()))
        self.assertIn('paired by their names', '\n'.join(
            self.train(launch=False, even=even, odd=even).validate()))
        self.assertIn('do not count', '\n'.join(
            self.train(launch=False, full=even, trainingData=NOTED_HALVES).validate()))
        self.assertIn('There is no model "nix"', '\n'.join(
            self.train(launch=False, even=even, odd=odd, modelName='nix').validate()))


class TestLimpidModels(LimpidTest):
    def shipped(self):
        return shipped_model_path(limpid.Plugin.getModelsFolder(), 'default')

    def importModel(self, path, launch=True):
        protocol = self.newProtocol(LimpidProtImportModel, modelFile=path)
        if launch:
            self.launchProtocol(protocol)
        return protocol

    def test_import(self):
        protocol = self.importModel(self.shipped())
        model = protocol.outputModel
        self.assertEqual('default', model.getModelName())
        self.assertTrue(os.path.exists(model.getPath()))
        self.assertFalse(os.path.islink(model.getPath()))
        summary = '\n'.join(protocol.summary())
        self.assertIn('Pixel size of its training data: 0.50 to 2.50 A/px', summary)

    def test_damaged_models_are_refused(self):
        with open(self.shipped(), 'rb') as file:
            content = file.read()
        other = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
        for name, damaged, reason in (
                ('short', content[:-100], 'its header promises'),
                ('empty', b'', 'does not begin like'),
                ('text', b'not a model of anything', 'does not begin like'),
                ('broken', content[:8] + b'x' + content[9:], 'no usable model'),
                ('other', len(other).to_bytes(8, 'little') + other + b'0000', 'not a model of')):
            path = os.path.abspath(name + '.safetensors')
            with open(path, 'wb') as file:
                file.write(damaged)
            errors = '\n'.join(self.importModel(path, launch=False).validate())
            self.assertIn(reason, errors)
            self.assertIn(path, errors)
        self.assertIn('No such file', '\n'.join(
            self.importModel('/no/such/file', launch=False).validate()))

    def test_foreign_pixel_size_warns(self):
        folder = os.path.abspath('coarse')
        shutil.copytree(simulated(4), folder)
        imported = self.importMicrographs('sim_????.mrc', folder, samplingRate=7.0)
        protocol = self.denoise(imported, launch=False)
        warnings = '\n'.join(protocol.warnings())
        self.assertIn('7.000 A/px', warnings)
        self.assertIn('0.50 to 2.50', warnings)
        fitting = self.denoise(self.importSimulated(4), launch=False)
        self.assertNotIn('A/px', '\n'.join(fitting.warnings()))

    def test_a_missing_model_is_named_by_the_form(self):
        protocol = self.denoise(self.importSimulated(4), launch=False, modelSource=OF_PROJECT)
        self.assertIn('Choose a model', '\n'.join(protocol.validate()))
