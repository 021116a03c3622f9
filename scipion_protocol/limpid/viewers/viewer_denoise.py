"""Micrographs before and after."""

import matplotlib.image
from matplotlib.ticker import MaxNLocator
from pwem.viewers import EmPlotter, EmProtocolViewer
from pyworkflow.protocol import params
from pyworkflow.utils import getListFromRangeString
from pyworkflow.viewer import DESKTOP_TKINTER

from limpid.batch import batches_below
from limpid.pictures import choose_evenly, draw_pictures
from limpid.program import LimpidError
from limpid.protocols.protocol_denoise import OUTPUT, LimpidProtDenoise

DOTS_PER_INCH = 100
# What tells most about a micrograph, of what the program measures; ratios of signal to noise only where
# halves are known.
NUMBERS = {'snr_before': 'SNR before', 'snr_after': 'SNR after',
           'bias_fraction': 'bias / signal', 'band_noise_left': 'noise left\n(300 to 20 A)',
           'removed_correlation': 'correlation of\nremoved, denoised',
           'input_sigma': 'sigma of\nthe original'}
LARGEST_WINDOW_PX = (1500, 950)  # fits on most screens; zooming shows every pixel


class LimpidDenoiseViewer(EmProtocolViewer):
    """ Shows micrographs before and after denoising, what was removed, and their power spectra. """
    _label = 'before and after'
    _targets = [LimpidProtDenoise]
    _environments = [DESKTOP_TKINTER]

    def _defineParams(self, form):
        form.addSection(label='Visualization')
        form.addParam('micrographIds', params.StringParam, default='', label='Ids of micrographs',
                      help='Such as 3, 7-9. Empty: some of all.')
        form.addParam('pictureCount', params.IntParam, default=3, validators=[params.Positive],
                      condition='not micrographIds', label='How many',
                      help='Taken evenly from the first to the last.')
        form.addParam('showPictures', params.LabelParam, label='Before, after, removed',
                      help='With power spectra, so that you can judge what was taken away: the '
                           'removed part should be noise without particles.')
        form.addParam('showNumbers', params.LabelParam, label='Numbers of all micrographs',
                      help='Signal-to-noise ratio before and after and the lost signal (bias), where '
                           'halves are known; what is left of noise, whether the removed part has to '
                           'do with the denoised one, and the noise of the original. Outliers are '
                           'worth a look.')
        form.addParam('showMicrographs', params.LabelParam, label='List of denoised micrographs',
                      help='The output set in the viewer of Scipion.')

    def _getVisualizeDict(self):
        return {'showPictures': self._showPictures, 'showNumbers': self._showNumbers,
                'showMicrographs': self._showMicrographs}

    def _showPictures(self, param=None):
        output = getattr(self.protocol, OUTPUT, None)
        if output is None:
            return [self.errorMessage('No micrograph is denoised yet.', 'Nothing to show')]
        try:
            chosen = self._chosen(output)
        except ValueError:
            return [self.errorMessage('Ids are numbers and ranges, such as 3, 7-9.', 'Ids')]
        try:
            pictures = draw_pictures(self.protocol._getExtraPath(), chosen,
                                     output.getSamplingRate(), output.getAcquisition())
        except LimpidError as error:
            return [self.errorMessage(str(error), 'Pictures')]
        if not pictures:
            return [self.errorMessage('None of these micrographs is denoised.', 'Nothing to show')]
        return [self._plot(path) for _, path in sorted(pictures.items())]

    def _chosen(self, output):
        wanted = self.micrographIds.get('').strip()
        if wanted:
            return getListFromRangeString(wanted)
        return choose_evenly(sorted(output.getIdSet()), self.pictureCount.get())

    @staticmethod
    def _plot(path):
        image = matplotlib.image.imread(path)
        height, width = image.shape[:2]
        scale = min(1, LARGEST_WINDOW_PX[0] / width, LARGEST_WINDOW_PX[1] / height) / DOTS_PER_INCH
        plotter = EmPlotter(windowTitle='Before and after', dpi=DOTS_PER_INCH,
                            figsize=(scale * width, scale * height))
        axes = plotter.getFigure().add_axes([0, 0, 1, 1])
        axes.imshow(image, interpolation='antialiased', aspect='equal')
        axes.set_axis_off()
        plotter.tightLayoutOn = False  # the picture fills the window
        return plotter

    def _showNumbers(self, param=None):
        numbers = {}
        for batch in batches_below(self.protocol._getExtraPath()):
            numbers.update(batch.numbers())
        names = [name for name in NUMBERS if any(name in values for values in numbers.values())]
        if not names:
            return [self.errorMessage('Nothing is measured yet: wait for the end of a batch.',
                                      'Nothing to show')]
        plotter = EmPlotter(x=len(names), y=1, windowTitle='Numbers of all micrographs',
                            figsize=(9, 1 + 1.5 * len(names)))
        for name in names:
            ids = sorted(identity for identity in numbers if name in numbers[identity])
            axes = plotter.createSubPlot('', 'id of the micrograph' if name == names[-1] else '',
                                         NUMBERS[name])
            axes.plot(ids, [numbers[identity][name] for identity in ids], '.')
            axes.ticklabel_format(useOffset=False)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(alpha=0.3)
        return [plotter]

    def _showMicrographs(self, param=None):
        output = getattr(self.protocol, OUTPUT, None)
        if output is None:
            return [self.errorMessage('No micrograph is denoised yet.', 'Nothing to show')]
        return [self.objectView(output)]
