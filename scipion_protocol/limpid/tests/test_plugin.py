import importlib.metadata
import os
import re
import shutil
import stat
import subprocess
import sys
import unittest

from pwem.constants import RELATION_CTF
from pwem.objects import CTFModel, SetOfCTF
from pwem.protocols import ProtImportCTF
from pyworkflow.object import Pointer
from pyworkflow.plugin import Domain

import limpid
from limpid.constants import LIMPID_HOME, LIMPID_SOURCE
from limpid.installation import install_command, installation_problems
from limpid.protocols import LimpidProtDenoise, LimpidProtImportModel, LimpidProtTrain
from limpid.star import read_star, write_star
from limpid.tests.project import LimpidTest

PROTOCOLS = [LimpidProtDenoise, LimpidProtTrain, LimpidProtImportModel]


def fake_program(folder, script):
    path = os.path.join(folder, 'bin', 'limpid')
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w') as file:
        file.write('#!/bin/sh\n' + script)
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return path


class TestLimpidPlugin(LimpidTest):
    def test_scipion_finds_all_parts(self):
        points = importlib.metadata.entry_points().select(group='pyworkflow.plugin')
        self.assertIn('limpid', {point.name for point in points})
        protocols, objects = Domain.getProtocols(), Domain.getObjects()
        for protocol in PROTOCOLS:
            self.assertIn(protocol.__name__, protocols)
        self.assertIn('LimpidModel', objects)
        for viewer in ('LimpidDenoiseViewer', 'LimpidTrainViewer', 'LimpidModelViewer'):
            self.assertIn(viewer, Domain.getViewers())
        for wizard in ('LimpidModelWizard', 'LimpidPatchWizard'):
            self.assertIn(wizard, Domain.getWizards())

    def test_protocols_are_under_micrographs_denoise(self):
        from pyworkflow.gui.project.viewprotocols_extra import ProtocolTreeConfig
        view = ProtocolTreeConfig.load(Domain, os.devnull)['Protocols SPA']

        def path_of(node, name, path=()):
            if str(getattr(node, 'value', '')) == name:
                return path
            for child in getattr(node, 'childs', None) or node:
                found = path_of(child, name, path + (str(child.text),))
                if found:
                    return found
            return None

        for protocol in PROTOCOLS:
            self.assertEqual(('Micrographs', 'Denoise'),
                             path_of(view, protocol.__name__)[-3:-1])

    def test_every_parameter_has_help(self):
        for protocol in PROTOCOLS:
            definition = self.newProtocol(protocol)._definition
            for name in own_parameters(protocol):
                param = definition.getParam(name)
                if param is not None:
                    self.assertTrue(param.help.get(), '%s of %s' % (name, protocol.__name__))

    def test_citations_are_known(self):
        for protocol in PROTOCOLS:
            citations = self.newProtocol(protocol).citations()
            self.assertTrue(citations)
            for citation in citations:
                self.assertNotIn('not found', citation.lower())

    def test_ctfs_of_the_originals_fit_the_denoised_micrographs(self):
        imported = self.importSimulated(4)
        ctfs = self.newProtocol(ProtImportCTF)
        self.proj.saveProtocol(ctfs)
        ctfs.makePathsAndClean()
        output = SetOfCTF.create(ctfs._getPath())
        for item in imported.outputMicrographs:
            ctf = CTFModel()
            ctf.setStandardDefocus(10000, 9000, 30)
            ctf.setObjId(item.getObjId())
            ctf.setMicrograph(item)
            output.append(ctf)
        originals = Pointer(imported, extended='outputMicrographs')
        output.setMicrographs(originals)
        ctfs._defineOutputs(outputCTF=output)
        ctfs._defineCtfRelation(originals, output)
        self.proj._storeProtocol(ctfs)

        protocol = self.denoise(imported)
        found = self.proj.getRelatedObjects(RELATION_CTF, protocol.outputMicrographs,
                                            refresh=True)
        self.assertIn(ctfs.outputCTF.getObjId(),
                      [getattr(item, 'get', lambda: item)().getObjId() for item in found])


def own_parameters(protocol):
    """Those that this package defines, by its sources."""
    folder = os.path.dirname(sys.modules[protocol.__module__].__file__)
    names = set()
    for file in os.listdir(folder):
        if file.endswith('.py'):
            with open(os.path.join(folder, file)) as source:
                names |= set(re.findall(r"addParam\('(\w+)'", source.read()))
    return names


class TestLimpidInstallation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Domain.getProtocols()  # which defines the variables of plugins

    def setUp(self):
        self.folder = os.path.abspath('installation_test')
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)

    def tearDown(self):
        shutil.rmtree(self.folder)

    def test_the_real_program_is_accepted(self):
        self.assertEqual([], limpid.Plugin.validateInstallation())
        self.assertEqual('0.1.0', limpid.Plugin.getActiveVersion())

    def test_problems_say_what_to_do(self):
        for script, reason in (('echo 0.9.2', 'has version 0.9.2'),
                               ('echo no library >&2; exit 1', 'no library'),
                               ('exit 3', 'status 3')):
            problems = ' '.join(installation_problems(fake_program(self.folder, script)))
            self.assertIn(reason, problems)
            self.assertIn(LIMPID_HOME, problems)
            os.remove(os.path.join(self.folder, 'bin', 'limpid'))
        self.assertIn('is missing', installation_problems(self.folder + '/bin/limpid')[0])
        path = fake_program(self.folder, 'echo 0.1.0')
        os.chmod(path, 0o644)
        self.assertIn('not executable', installation_problems(path)[0])

    def test_install_builds_a_source_tree(self):
        script = os.path.join(self.folder, 'a source', 'scripts', 'build')
        os.makedirs(os.path.dirname(script))
        with open(script, 'w') as file:
            file.write('#!/bin/sh\nmkdir -p "$1/bin" && echo built > "$1/bin/limpid"\n')
        os.chmod(script, 0o755)
        self.assertEqual('built\n', self.installed(os.path.dirname(os.path.dirname(script))))

    def test_install_copies_an_installed_tree(self):
        fake_program(os.path.join(self.folder, 'dist'), 'echo 0.1.0')
        self.assertIn('echo 0.1.0', self.installed(os.path.join(self.folder, 'dist')))

    def installed(self, source):
        home = os.path.join(self.folder, 'limpid-0.1.0')
        os.makedirs(home)
        subprocess.run(install_command(source), shell=True, check=True, cwd=home)
        with open(os.path.join(home, 'bin', 'limpid')) as file:
            return file.read()

    def test_install_from_nowhere_is_refused(self):
        run = subprocess.run(install_command(self.folder), shell=True, cwd=self.folder,
                             stderr=subprocess.PIPE, universal_newlines=True)
        self.assertNotEqual(0, run.returncode)
        self.assertIn(LIMPID_SOURCE, run.stderr)

    def test_installb(self):
        """The command that users type, without a network."""
        fake_program(os.path.join(self.folder, 'dist'), 'echo 0.1.0')
        software = os.path.join(self.folder, 'em')
        environment = dict(os.environ, EM_ROOT=software)
        environment[LIMPID_SOURCE] = os.path.join(self.folder, 'dist')
        del environment[LIMPID_HOME]
        # As the console script does; version 3.8.3 of it forgets the first import.
        main = 'import importlib.util; from scipion.__main__ import main; main()'
        run = subprocess.run([sys.executable, '-c', main, 'installb', 'limpid-0.1.0'],
                             env=environment, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, universal_newlines=True)
        program = os.path.join(software, 'limpid-0.1.0', 'bin', 'limpid')
        self.assertTrue(os.path.exists(program), run.stdout)
        self.assertEqual([], installation_problems(program))


class TestLimpidStar(unittest.TestCase):
    def test_what_is_written_is_read(self):
        rows = [{'rlnMicrographName': 'a b.mrc', 'id': 1}, {'rlnMicrographName': '#c"d.mrc', 'id': 2},
                {'rlnMicrographName': 'data_e.mrc', 'id': 3}, {'rlnMicrographName': "it's", 'id': 4}]
        write_star('test.star', {'optics': [{'a': 1.5}], 'micrographs': rows})
        tables = read_star('test.star')
        self.assertEqual([{'a': '1.5'}], tables['optics'])
        self.assertEqual([dict(row, id=str(row['id'])) for row in rows], tables['micrographs'])
        os.remove('test.star')
