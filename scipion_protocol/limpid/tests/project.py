"""Micrographs that the program simulates, in a project of their own."""

import os
import shutil
import subprocess

import psutil

from pwem.objects import SetOfMicrographs
from pwem.protocols import ProtImportMicrographs
from pyworkflow.object import Set
from pyworkflow.plugin import Domain
from pyworkflow.tests import BaseTest, setupTestProject
from pyworkflow.utils.process import killWithChilds

import limpid
from limpid.protocols import LimpidProtDenoise

PIXEL_SIZE = 1.0
SIZE = 256
_projects = {}


def simulated(count):
    """Folder of micrographs NAME.mrc with their halves NAME_EVN.mrc and NAME_ODD.mrc."""
    if count not in _projects:
        folder = os.path.abspath(os.path.join(os.environ['SCIPION_USER_DATA'], 'Simulated%d' % count))
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([limpid.Plugin.getProgram(), 'simulate', '--count', str(count), '--size',
                        str(SIZE), '--pixel_size', str(PIXEL_SIZE), '--no_movie', '--o', folder,
                        '--device', 'cpu', '--quiet'], check=True)
        _projects[count] = os.path.join(folder, 'Micrographs')
    return _projects[count]


def simulated_movies(count):
    """Paths of movies."""
    root = os.path.abspath(os.path.join(os.environ['SCIPION_USER_DATA'], 'SimulatedMovies'))
    shutil.rmtree(root, ignore_errors=True)
    for number in range(count):
        subprocess.run([limpid.Plugin.getProgram(), 'simulate', '--count', '1', '--size', str(SIZE),
                        '--frames', '6', '--pixel_size', str(PIXEL_SIZE), '--seed', str(number),
                        '--o', os.path.join(root, str(number)), '--device', 'cpu', '--quiet'],
                       check=True)
    return [os.path.join(root, str(number), 'Movies', 'sim_0001.mrcs') for number in range(count)]


class LimpidTest(BaseTest):
    """A project for each class."""

    @classmethod
    def setUpClass(cls):
        Domain.getProtocols()  # or protocols do not know their plugins
        Domain.getObjects()
        setupTestProject(cls)

    def importMicrographs(self, pattern, folder, **more):
        protocol = self.newProtocol(ProtImportMicrographs, filesPath=folder, filesPattern=pattern,
                                    samplingRate=more.pop('samplingRate', PIXEL_SIZE), voltage=300,
                                    sphericalAberration=2.7, amplitudeContrast=0.1,
                                    magnification=50000, **more)
        self.launchProtocol(protocol)
        return protocol

    def importSimulated(self, count):
        return self.importMicrographs('sim_????.mrc', simulated(count))

    def denoise(self, source, launch=True, wait=True, **settings):
        """A run on the CPU, whose input is the output of `source`."""
        settings = dict({'useGpu': False, 'binThreads': 1}, **settings)
        protocol = self.newProtocol(LimpidProtDenoise, **settings)
        self.connect(protocol.inputMicrographs, source, 'outputMicrographs')
        if launch and wait:
            self.launchProtocol(protocol)
        elif launch:
            self.proj.launchProtocol(protocol, wait=False)
        return protocol

    def madeByHand(self, items, close=True, kind=SetOfMicrographs):
        """A protocol that was not run, with these items in its output, which is called
        outputMicrographs whatever it holds."""
        protocol = self.newProtocol(ProtImportMicrographs, filesPath='/', samplingRate=PIXEL_SIZE)
        self.proj.saveProtocol(protocol)
        protocol.makePathsAndClean()
        output = kind.create(protocol._getPath())
        output.setSamplingRate(PIXEL_SIZE)
        output.setStreamState(Set.STREAM_CLOSED if close else Set.STREAM_OPEN)
        for item in items:
            output.append(item)
        protocol._defineOutputs(outputMicrographs=output)
        self.proj._storeProtocol(protocol)
        output.close()
        return protocol

    @staticmethod
    def connect(pointer, source, output):
        pointer.set(source)
        pointer.setExtended(output)

    def stop(self, protocol):
        """As a user does. The way of the host gives up when a child ends by itself meanwhile."""
        pid = self.reloaded(protocol).getPid()
        try:
            self.proj.stopProtocol(protocol)
        except psutil.NoSuchProcess:
            if psutil.pid_exists(pid):
                killWithChilds(pid)

    def reloaded(self, protocol):
        self.proj._updateProtocol(protocol)
        return protocol

    def assertSameMicrographs(self, originals, denoised):
        """Ids, names, pixel sizes and acquisition are kept; the files are others of that size."""
        after = {item.getObjId(): item.clone() for item in denoised}
        self.assertEqual({item.getObjId() for item in originals}, set(after))
        self.assertAlmostEqual(originals.getSamplingRate(), denoised.getSamplingRate(), 5)
        self.assertEqual(originals.getAcquisition().getVoltage(),
                         denoised.getAcquisition().getVoltage())
        for item in originals:
            other = after[item.getObjId()]
            self.assertEqual(item.getMicName(), other.getMicName())
            self.assertEqual(item.getDim()[:2], other.getDim()[:2])
            self.assertAlmostEqual(item.getSamplingRate(), other.getSamplingRate(), 5)
            self.assertEqual(item.getAcquisition().getVoltage(),
                             other.getAcquisition().getVoltage())
            self.assertNotEqual(os.path.realpath(item.getFileName()),
                                os.path.realpath(other.getFileName()))
