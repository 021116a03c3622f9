"""Names of the variables and the versions that belong together."""

PLUGIN_VERSION = '0.1.0'

# Folder of an installed Limpid, the one that holds bin/limpid.
LIMPID_HOME = 'LIMPID_HOME'
# Where `installb` takes Limpid from: a source tree or an installed tree.
LIMPID_SOURCE = 'LIMPID_SOURCE'

PROGRAM_VERSION = '0.1.0'
# Programs whose version starts like this understand what the protocols say.
COMPATIBLE_VERSION = '0.1.'

DEFAULT_MODEL = 'default'
