"""Scipion plugin for Limpid, which removes noise from cryo-EM micrographs."""

import os

import pwem
import pyworkflow.utils as pwutils

from limpid.constants import LIMPID_HOME, LIMPID_SOURCE, PLUGIN_VERSION, PROGRAM_VERSION
from limpid.installation import installation_problems, install_command

try:  # of 2026; older hosts do without
    from pyworkflow import SPA
    _fields = [SPA]
except ImportError:
    _fields = []

__version__ = PLUGIN_VERSION
_logo = 'icon.png'
_references = ['Limpid']


class Plugin(pwem.Plugin):
    _homeVar = LIMPID_HOME
    _pathVars = [LIMPID_HOME]
    _supportedVersions = [PROGRAM_VERSION]
    _processingField = _fields
    _url = ''  # or the host names its own

    @classmethod
    def _defineVariables(cls):
        cls._defineEmVar(LIMPID_HOME, 'limpid-' + PROGRAM_VERSION,
                         description='Folder of the installed Limpid, which holds bin/limpid.')
        cls._defineVar(LIMPID_SOURCE, '',
                       description='Source tree or installed tree of Limpid that installb takes.')

    @classmethod
    def getProgram(cls):
        return cls.getHome('bin', 'limpid')

    @classmethod
    def getModelsFolder(cls):
        return cls.getHome('share', 'limpid', 'models')

    @classmethod
    def getActiveVersion(cls, home=None, versions=None):
        # The home need not carry the version in its name: the program itself is asked.
        problems = installation_problems(home and os.path.join(home, 'bin', 'limpid')
                                         or cls.getProgram())
        return '' if problems else PROGRAM_VERSION

    @classmethod
    def validateInstallation(cls):
        return installation_problems(cls.getProgram())

    @classmethod
    def getEnviron(cls):
        # The program finds its libraries by itself: nothing of CUDA or conda is needed.
        return pwutils.Environ(os.environ)

    @classmethod
    def defineBinaries(cls, env):
        env.addPackage('limpid', version=PROGRAM_VERSION, tar='void.tgz',
                       commands=[(install_command(cls.getVar(LIMPID_SOURCE)), 'bin/limpid')],
                       default=True)
