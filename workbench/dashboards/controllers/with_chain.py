"""A controller of a chain."""

from __future__ import annotations

from workbench.chain import Chain
from workbench.dashboards.controllers.controller import Controller, Result


class WithChain(Controller[Result]):
    """A controller of a chain, which is what can be taken away.

    Attributes:
        chain: What is done to the source.
    """

    chain: Chain

    @property
    def layer(self) -> Chain:
        """The chain."""
        return self.chain
