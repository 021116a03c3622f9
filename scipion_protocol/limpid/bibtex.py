"""
@article{Limpid,
  title = {Limpid: noise removal for cryo-EM micrographs},
  author = {Limpid authors},
  journal = {Computer program, version 0.1},
  year = {2026}
}

@inproceedings{Lehtinen2018,
  title = {{Noise2Noise}: Learning Image Restoration without Clean Data},
  author = {Lehtinen, Jaakko and Munkberg, Jacob and Hasselgren, Jon and Laine, Samuli and Karras, Tero and Aittala, Miika and Aila, Timo},
  booktitle = {Proceedings of the 35th International Conference on Machine Learning},
  volume = {80},
  pages = {2965--2974},
  year = {2018},
  url = {https://proceedings.mlr.press/v80/lehtinen18a.html}
}

@article{Bepler2020,
  title = {Topaz-Denoise: general deep denoising models for cryoEM and cryoET},
  author = {Bepler, Tristan and Kelley, Kotaro and Noble, Alex J. and Berger, Bonnie},
  journal = {Nature Communications},
  volume = {11},
  pages = {5208},
  year = {2020},
  doi = {https://doi.org/10.1038/s41467-020-18952-1}
}
"""
