// What a page says when its kernel is gone, or out of reach: nothing on it would answer any more.
const WORDS = {
  dead: ["This page has stopped",
    "What computes for it has crashed, or needed more memory than a page may have. Nobody else's "
    + "page is touched. Start anew, and a button on the page offers your settings again."],
  unused: ["This page has been closed",
    "Nobody had used it for a while, so its place was given to others. Start anew, and a button on "
    + "the page offers your settings again."],
  lost: ["The server cannot be reached",
    "The page goes on by itself when the connection is back. Should that not happen, start anew."],
};

/** Say it above the page, whose controls are taken away meanwhile; "" says that all is well. */
function tell(what) {
  document.getElementById("rendered_cells").inert = what !== "";
  const box = document.getElementById("workbench-ending");
  box.hidden = what === "";
  if (what === "") return;
  [box.querySelector("h1").textContent, box.querySelector("p").textContent] = WORDS[what];
  scrollTo(0, 0);
}

/** How long a kernel may go unused, in ms; it is dead alike, whatever it ended by. */
const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
const patience = 1000 * (config.extensionConfig?.workbench?.idleSeconds ?? Infinity);

function watch(manager) {
  const { kernel } = manager;
  let used = performance.now();
  kernel.anyMessage.connect((_, { msg }) => {
    if (msg.header.msg_type !== "status") used = performance.now(); // as the server counts
  });
  const end = () => {
    tell(performance.now() - used >= patience ? "unused" : "dead");
    manager.disconnect(); // the dashboards hear of it as well
  };
  kernel.statusChanged.connect((_, status) => { if (status === "dead") end(); });
  kernel.connectionStatusChanged.connect((_, status) => {
    if (kernel.status !== "dead") tell(status === "connected" ? "" : "lost");
  });
  if (kernel.status === "dead") end();
}

document.querySelector("#workbench-ending button")
  .addEventListener("click", () => location.reload());
/** Voila's application says nowhere that it is there: look for it with each frame. */
(function find() {
  const manager = window.jupyterapp?.widgetManager;
  if (manager?.kernel) watch(manager);
  else requestAnimationFrame(find);
})();
