"""Computes metrics of NOISY against TRUTH with numpy and scipy alone, prints "name value" lines.

reference_metrics.py NOISY TRUTH WIDTH HEIGHT PIXEL_SIZE    (raw float32 files, row after row)
"""
import sys

try:
    import numpy as np
    from scipy import ndimage
except ImportError:
    print('missing numpy')
    sys.exit(0)


def rings(shape):
    n = min(shape) // 2
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None])
    return np.minimum((frequency * 2 * n + 0.5).astype(int), n), n


def ring_sum(index, n, values):
    return np.bincount(index.ravel(), values.ravel(), minlength=n + 1)


def hann(shape):
    rows, columns = [np.sin(np.pi * (np.arange(k) + 0.5) / k) ** 2 for k in shape]
    return rows[:, None] * columns[None]


def ring_correlation(a, b):
    index, n = rings(a.shape)
    fa, fb = [np.fft.fft2((image - image.mean()) * hann(a.shape)) for image in (a, b)]
    cross = ring_sum(index, n, (fa * fb.conj()).real)
    power = ring_sum(index, n, abs(fa) ** 2) * ring_sum(index, n, abs(fb) ** 2)
    return (cross / np.sqrt(power))[:n], ring_sum(index, n, np.ones(a.shape))[:n]


def ssim(image, truth, value_range):
    def window(a):
        return ndimage.gaussian_filter(a, 1.5, truncate=3.5)
    d, x = image - truth.mean() + value_range / 2, truth - truth.mean() + value_range / 2
    c1, c2 = (0.01 * value_range) ** 2, (0.03 * value_range) ** 2
    md, mx = window(d), window(x)
    vd, vx, cov = window(d * d) - md * md, window(x * x) - mx * mx, window(d * x) - md * mx
    values = (2 * md * mx + c1) * (2 * cov + c2) / ((md * md + mx * mx + c1) * (vd + vx + c2))
    return values[5:-5, 5:-5].mean()


def radial_wiener(image, truth):
    index, n = rings(image.shape)
    fi, ft = np.fft.fft2(image - image.mean()), np.fft.fft2(truth - truth.mean())
    gain = ring_sum(index, n, (fi * ft.conj()).real) / ring_sum(index, n, abs(fi) ** 2)
    return np.fft.ifft2(fi * np.clip(gain, 0, None)[index]).real + truth.mean()


def gaussian_correlation(image, truth, sigma):
    padded = np.pad(image - image.mean(), 32, mode='reflect')
    squares = np.fft.fftfreq(padded.shape[0])[:, None] ** 2 + np.fft.fftfreq(padded.shape[1]) ** 2
    filtered = np.fft.ifft2(np.fft.fft2(padded) * np.exp(-2 * np.pi ** 2 * sigma ** 2 * squares)).real
    return np.corrcoef(filtered[32:-32, 32:-32].ravel(), truth.ravel())[0, 1]


def main():
    width, height, pixel_size = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
    noisy, truth = [np.fromfile(path, np.float32).reshape(height, width).astype(float)
                    for path in sys.argv[1:3]]
    value_range = truth.max() - truth.min()
    scale, offset = np.polyfit(noisy.ravel(), truth.ravel(), 1)
    mse = ((noisy - truth) ** 2).mean()
    fitted_mse = ((scale * noisy + offset - truth) ** 2).mean()
    correlation, modes = ring_correlation(noisy, truth)
    frequency = np.arange(len(modes)) / (2 * len(modes)) / pixel_size
    band = (frequency >= 1 / 15) & (frequency < 1 / 8)
    sigmas = np.exp(np.arange(np.log(0.4), np.log(60), 0.01))
    results = {
        'psnr': 10 * np.log10(value_range ** 2 / mse),
        'fitted_scale': scale,
        'fitted_offset': offset,
        'fitted_psnr': 10 * np.log10(value_range ** 2 / fitted_mse),
        'snr': 10 * np.log10(truth.var() / mse),
        'correlation': np.corrcoef(noisy.ravel(), truth.ravel())[0, 1],
        'ssim': ssim(noisy, truth, value_range),
        'band': (correlation[band] * modes[band]).sum() / modes[band].sum(),
        'wiener_mse': ((radial_wiener(noisy, truth) - truth) ** 2).mean(),
        'best_gaussian_correlation': max(gaussian_correlation(noisy, truth, s) for s in sigmas[::4]),
    }
    for k in range(1, len(modes), 7):
        results[f'frc{k}'] = correlation[k]
    for name, value in results.items():
        print(name, repr(float(value)))


main()
