import os

import matplotlib.image

from pyworkflow.viewer import MessageView

import limpid
from limpid.pictures import choose_evenly
from limpid.protocols import LimpidProtImportModel, LimpidProtTrain
from limpid.model_file import shipped_model_path
from limpid.protocols.protocol_train import SINGLE
from limpid.tests.project import LimpidTest
from limpid.tests.test_train import SMALL
from limpid.viewers import LimpidDenoiseViewer, LimpidModelViewer, LimpidTrainViewer
from limpid.viewers.viewer_model import read_curve
from limpid.wizards import LimpidPatchWizard, proposed_patch_size


class TestLimpidViewers(LimpidTest):
    def saved(self, plotter, name):
        path = os.path.abspath(name)
        plotter.savefig(path)
        image = matplotlib.image.imread(path)
        self.assertGreater(image[..., :3].std(), 0.05, 'the picture is empty')
        return image

    def test_before_and_after(self):
        protocol = self.denoise(self.importSimulated(4))
        viewer = LimpidDenoiseViewer(project=self.proj, protocol=protocol)
        viewer.setProtocol(protocol)  # makes its form
        viewer.pictureCount.set(2)
        plots = viewer._getVisualizeDict()['showPictures']('showPictures')
        self.assertEqual(2, len(plots))
        for number, plot in enumerate(plots):
            self.assertGreater(self.saved(plot, 'before_after_%d.png' % number).shape[1], 900)
        numbers, = viewer._getVisualizeDict()['showNumbers']('showNumbers')
        self.assertEqual(4, len(numbers.getFigure().axes[0].lines[0].get_xdata()))
        self.saved(numbers, 'numbers.png')
        viewer.micrographIds.set('2,3')
        self.assertEqual(2, len(viewer._showPictures()))
        viewer.micrographIds.set('two')
        self.assertIsInstance(viewer._showPictures()[0], MessageView)
        pictures = os.listdir(protocol._getExtraPath('pictures'))
        self.assertEqual(['000001.png', '000002.png', '000003.png', '000004.png'],
                         sorted(pictures))

    def test_training_curve(self):
        protocol = self.newProtocol(LimpidProtTrain, trainingData=SINGLE, **dict(SMALL, epochs=2))
        self.connect(protocol.inputMicrographs, self.importSimulated(4), 'outputMicrographs')
        viewer = LimpidTrainViewer(project=self.proj, protocol=protocol)
        self.launchProtocol(protocol)
        plot, = viewer._visualize(protocol)
        self.saved(plot, 'curve.png')

    def test_curve_of_a_running_training(self):
        with open('growing.csv', 'w') as file:
            file.write('step,epoch,training_loss,validation_loss,learning_rate,seconds\n'
                       '8,0.333,0.98,0.99,0.0003,1.4\n10,0.4,0.9')
        self.assertEqual([8], read_curve('growing.csv')['step'])

    def test_description_of_a_model(self):
        path = shipped_model_path(limpid.Plugin.getModelsFolder(), 'default')
        protocol = self.newProtocol(LimpidProtImportModel, modelFile=path)
        self.launchProtocol(protocol)
        viewer = LimpidModelViewer(project=self.proj, protocol=protocol)
        self.assertEqual(1, len(viewer._visualize(protocol)))
        self.assertEqual(1, len(viewer._visualize(protocol.outputModel)))

    def test_guesses(self):
        self.assertEqual([1, 5, 9], choose_evenly(list(range(1, 10)), 3))
        self.assertEqual([5], choose_evenly(list(range(1, 10)), 1))
        self.assertEqual([1, 2], choose_evenly([1, 2], 5))
        self.assertEqual(512, proposed_patch_size(4096, 4096, True))
        self.assertEqual(192, proposed_patch_size(4096, 4096, False))
        self.assertEqual(128, proposed_patch_size(300, 256, True))

    def test_patch_wizard(self):
        class Form:
            protocol = self.newProtocol(LimpidProtTrain, trainingData=SINGLE, useGpu=False)
            error, values = '', {}

            def setVar(self, name, value):
                self.values[name] = value

            def showError(self, text):
                self.error = text

        form = Form()
        LimpidPatchWizard().show(form)
        self.assertIn('Choose the micrographs', form.error)
        self.connect(form.protocol.inputMicrographs, self.importSimulated(4), 'outputMicrographs')
        LimpidPatchWizard().show(form)
        self.assertEqual({'patchSize': 128}, form.values)
