"""The gradient dashboard without widgets: a scalar, its gradients, and descent along them."""
