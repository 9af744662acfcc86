"""JupyterHub for a class: every learner has a server of their own, with cells and the notebooks.

jupyterhub --config docs/jupyterhub_config.py
"""

import os
import shutil
from pathlib import Path

IDLE = 3600  # seconds

c = get_config()  # noqa: F821  JupyterHub gives it

# Who comes in: any name with the class's password. With accounts of the machine leave these out.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["CLASS_PASSWORD"]
c.Authenticator.allow_all = True
c.JupyterHub.bind_url = os.environ.get("CLASS_URL", "http://127.0.0.1:8000")

# What they get: processes of the account that runs the hub, in a folder each. They can read one
# another's: with accounts of the machine, or in containers, they cannot.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = os.environ.get(
    "CLASS_HOMES", "/tmp/class/{username}"
)
c.Spawner.notebook_dir = "~"
c.Spawner.default_url = "/lab/tree/00_start.ipynb"
c.Spawner.args = [
    "--ServerApp.jpserver_extensions=workbench.server=True",
    # a place is free again some time after its learner has gone: first the kernels, then the server
    f"--MappingKernelManager.cull_idle_timeout={IDLE}",
    f"--ServerApp.shutdown_no_activity_timeout={IDLE}",
]
c.Spawner.environment = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",  # as `workbench lab` sets it
}
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.JupyterHub.active_server_limit = 8  # about 1 GiB each
c.JupyterHub.concurrent_spawn_limit = 2


def hand_out(spawner):
    """Put the notebooks into a learner's folder; what is there already is theirs, and stays."""
    home = Path(spawner.home_dir_template.format(username=spawner.user.name))
    home.mkdir(parents=True, exist_ok=True)
    for notebook in Path(os.environ.get("CLASS_NOTEBOOKS", "notebooks")).glob("*.ipynb"):
        if not (home / notebook.name).exists():
            shutil.copy(notebook, home)


c.Spawner.pre_spawn_hook = hand_out
