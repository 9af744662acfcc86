const STOP = "workbench_stop"; // the type of the message, as `stopping.py` has it

/** The page's connection to its kernel, if it can say something while that computes. */
function connection({ widget_manager: manager }) {
  const { kernel } = manager ?? {};
  return kernel?.sendControlMessage ? kernel : null;
}

/** Whether this page can stop what its kernel computes: some front ends give it no connection. */
export function canInterject(model) {
  return connection(model) !== null;
}

/** Have the kernel stop a computation; a message of the widget would wait until that is over. */
export function interject(model, number) {
  const kernel = connection(model);
  const header = {
    msg_id: crypto.randomUUID?.() ?? `${Math.random()}`, msg_type: STOP, version: "5.3",
    session: kernel.clientId, username: kernel.username, date: new Date().toISOString(),
  };
  const message = { header, parent_header: {}, metadata: {}, content: { number }, buffers: [] };
  kernel.sendControlMessage({ ...message, channel: "control" }, false, true);
}
