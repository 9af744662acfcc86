"""A dashboard's controls as a person without a mouse meets them, in JupyterLab."""

import re

from tests.lab import PATIENCE

ADD = "Add a stage: add (choice)"

SCRIPT = """() => {
    // what the page has asked the kernel, and what of it the kernel has not dealt with
    let asked = 0;
    const waiting = new Set();
    window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.anyMessage.connect(
        (_, { msg, direction }) => {
            if (direction === "send" && msg.channel === "shell") {
                asked += 1;
                waiting.add(msg.header.msg_id);
            } else if (msg.header.msg_type === "status" && msg.content.execution_state === "idle") {
                waiting.delete(msg.parent_header.msg_id);
            }
        });
    const frame = () => new Promise(requestAnimationFrame);
    const words = (text) => text.replace(/\\u200b/g, "").trim();
    const group = (element) => {
        for (let box = element; box; box = box.parentElement) {
            const title = box.querySelector(":scope > .widget-hbox > .workbench-group");
            if (title) return `${words(title.textContent)}: `;
        }
        return "";
    };
    const KINDS = { auto: ".workbench-auto input", slider: ".noUi-handle", choice: "select",
        number: "input[type=number]", switch: "input[type=checkbox]", text: "input[type=text]",
        upload: ".widget-upload", tool: ".workbench-tool" };
    const name = (element) => words(element.getAttribute("aria-label") || element.title
        || element.labels?.[0]?.textContent || element.textContent);
    /** Give every control that can be used a name, and list them. */
    window.controls = (root) => {
        const found = [];
        for (const element of root.querySelectorAll(".workbench-controls *")) {
            const kind = Object.keys(KINDS).find((each) => element.matches(KINDS[each]));
            const off = element.disabled || element.closest(".noUi-target[disabled]");
            if (!kind || off || !element.offsetParent) continue;
            element.dataset.control = `${group(element)}${name(element)} (${kind})`;
            found.push({ name: element.dataset.control, kind });
        }
        return found;
    };
    /** All that is seen of a dashboard but its controls: pixels and words. */
    const seen = (root) => {
        let sum = 0;
        const copy = document.createElement("canvas");
        const context = copy.getContext("2d", { willReadFrequently: true });
        for (const canvas of root.querySelectorAll(".workbench-axes, .workbench-data")) {
            const { width, height } = canvas;
            if (!width || !height) continue;
            Object.assign(copy, { width, height });
            context.drawImage(canvas, 0, 0);
            const data = context.getImageData(0, 0, width, height).data;
            for (const word of new Uint32Array(data.buffer)) sum = (Math.imul(sum, 31) + word) | 0;
        }
        const texts = root.querySelectorAll(".workbench-note, .workbench-group");
        return `${sum} ` + [...texts].map((text) => text.innerText).join("|")
            .replace(/[\\d.]+ ms/g, "");
    };
    const complaints = (root) => [...root.querySelectorAll("[role=alert], .workbench-status")]
        .map((each) => words(each.textContent)).filter(Boolean);
    const busy = ".workbench-computing, [aria-busy]";
    const resting = (root) => !waiting.size && !root.querySelector(busy);
    /** What is seen once it rests, learning aside; waits half a second for another question. */
    window.look = async (root, before) => {
        const end = performance.now() + 500;
        while (asked <= before && performance.now() < end) await frame();
        for (let calm = 0; calm < 3; await frame()) calm = resting(root) ? calm + 1 : 0;
        return { seen: seen(root), complaints: complaints(root), asked };
    };
}"""


class DashboardPage:
    """One dashboard in a notebook that is open in JupyterLab."""

    def __init__(self, lab, number):
        self.lab = lab
        self.root = lab.page.locator(".workbench-dashboard").nth(number)
        self.root.locator("canvas").first.wait_for(timeout=1000 * PATIENCE)
        self.root.scroll_into_view_if_needed()
        lab.settle()
        self.look()

    @property
    def controls(self):
        """Kinds of the controls that can be used now, by name."""
        found = self.root.evaluate("root => window.controls(root)")
        return {control["name"]: control["kind"] for control in found}

    @property
    def complaints(self):
        """What was complained of when it was looked at last."""
        return self._now["complaints"]

    @property
    def refused(self):
        """Whether it was said what must be instead; an error that nobody expected says no such."""
        return any(" must " in said for said in self.complaints)

    def look(self, asked=-1):
        """Wait until it rests, and see all but the controls."""
        self._now = self.root.evaluate("(root, asked) => window.look(root, asked)", asked)

    def control(self, name):
        assert name in self.controls, f"there is no {name}"
        return self.root.locator(f'[data-control="{name}"]').first

    def unfold(self):
        folded = self.root.locator(".workbench-more", has_text="more")
        while folded.count():
            folded.first.press("Enter")
            self.look()

    def act(self, do, *arguments):
        """Do something; whether another picture or other words are seen, without complaint."""
        before = self._now
        do(*arguments)
        self.look(before["asked"])
        return self._now["seen"] != before["seen"] and not self.complaints

    def reset(self):
        button = self.root.get_by_role("button", name="Reset parameters")
        if button.get_attribute("aria-disabled") == "false":
            self.act(button.press, "Enter")

    def use(self, name, how):
        """Make a choice, or press a key on another control."""
        control = self.control(name)
        self.act(control.select_option if name.endswith("(choice)") else control.press, how)

    # each kind of control by the keyboard: whether it does something

    def try_slider(self, name):
        """Moved by keys; then what it came from is typed into the field beside it."""
        field = name.replace("(slider)", "(number)")
        typed = self.control(field).input_value()
        return self.slide(name) and self.act(self.type, field, typed)

    def try_number(self, name):
        """With its slider."""
        return name.replace("(number)", "(slider)") in self.controls

    def try_auto(self, name):
        """Switched off, moved, and switched on again: one of the two is seen, or refused."""
        box = self.control(name)
        was = box.is_checked()
        changed = self.act(box.press, "Space")
        slider = re.sub(r"(auto|mean|off): (.*) \(auto\)", r"\2 (slider)", name)
        if not was or slider not in self.controls:
            return changed
        moved = self.slide(slider)
        return moved and (self.act(box.press, "Space") or self.refused or changed)

    def try_switch(self, name):
        return self.act(self.control(name).press, "Space")

    def try_tool(self, name):
        """Where a chain cannot take it, it says so."""
        return self.act(self.control(name).press, "Enter") or self.refused

    def try_choice(self, name):
        """Every choice; all have to be taken, and one at least makes a difference."""
        before, made, self.revealed = set(self.controls), [], {}
        for option in self.options(name):
            made.append(self.choose(name, option))
            self.revealed |= {new: (name, option) for new in set(self.controls) - before}
            if name == ADD:  # each to the chain of the beginning
                self.revealed = {}
                self.reset()
        return any(made)

    def slide(self, name):
        handle = self.control(name)
        last = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        keys = ("PageDown", "Home") if last else ("PageUp", "End", "Home")
        return any(self.act(self.control(name).press, key) for key in keys)

    def options(self, name):
        """The other options of a choice; of the many sources a recording and a test signal."""
        control = self.control(name)
        chosen = control.input_value()
        words = [word.replace("\xa0", " ") for word in control.locator("option").all_inner_texts()]
        if name.startswith("source"):
            words = ["Siren", "Test signal: chirp"]
        return [word for word in words if word not in (chosen, "custom")]

    def choose(self, name, option):
        changed = self.act(self.control(name).select_option, option)
        if name != ADD:  # not every stage fits into every chain
            assert not self.complaints, f"{name}, {option}: {self.complaints}"
        return changed

    def type(self, name, text):
        self.control(name).fill(text)
        self.control(name).press("Enter")

    def take(self, path):
        """Upload a file."""
        with self.lab.page.expect_file_chooser() as chooser:
            self.root.locator(".widget-upload").press("Enter")
        chooser.value.set_files(path)

    def walk(self):
        """Press Tab through the dashboard: what has no sign of the focus, and all that had it."""
        self.root.evaluate(
            """root => {
                window.outline = (e) => {
                    const { outline, boxShadow, borderColor } = getComputedStyle(e);
                    return [outline, boxShadow, borderColor].join();
                };
                document.activeElement.blur();
                const all = "button, input, select, [tabindex]";
                const every = [...root.querySelectorAll(all)];
                window.rest = new Map(every.map((e) => [e, window.outline(e)]));
                root.querySelector(".workbench-controls select").focus();
            }"""
        )
        unseen, reached = [], []
        while True:
            name, seen = self.root.evaluate(
                """root => {
                    const e = document.activeElement;
                    if (!root.contains(e)) return ["", true];
                    return [e.dataset.control || e.classList[0] || e.outerHTML,
                        window.outline(e) !== window.rest.get(e)];
                }"""
            )
            if not name:
                return unseen, reached
            reached.append(name)
            if not seen:
                unseen.append(name)
            self.lab.page.keyboard.press("Tab")
