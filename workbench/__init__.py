"""Signal Workbench: signal-processing ops with gradients, and live dashboards on top.

The public names stand in `__init__.pyi`; each is loaded on first use, TensorFlow with it.
"""

import lazy_loader

from workbench.device import quiet_tensorflow

quiet_tensorflow()
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
