"""Nothing but controls: a page of `workbench serve` runs no code, and reads no file but its own."""

import http.client
import json
import urllib.request
import uuid
from urllib.parse import urlsplit

import pytest
import websocket

from benchmarks.kernel_socket import KernelSocket
from tests.lab import PATIENCE, Served, notebook

SECRET = "what nobody shall read"
CELLS = [
    "import sys\n"
    "import comm\n"
    "def _tell(channel, message):\n"
    "    channel.on_msg(lambda _: channel.send({'modules': sorted(sys.modules)}))\n"
    "comm.get_comm_manager().register_target('modules', _tell)"
]
CODE = {
    "execute_request": {"code": "open({path!r}, 'w')", "silent": False},
    "complete_request": {"code": "open({path!r}, 'w').", "cursor_pos": 12},
    "inspect_request": {"code": "open({path!r}, 'w')", "cursor_pos": 3, "detail_level": 0},
    "is_complete_request": {"code": "open({path!r}, 'w')"},
    "history_request": {"hist_access_type": "tail", "n": 9, "output": True, "raw": True},
    "debug_request": {"type": "request", "command": "evaluate", "arguments": {"expression": "1"}},
    "interrupt_request": {},
    "input_reply": {"value": "1"},
    "usage_request": {},
    "create_subshell_request": {},
}
CLOSED = (
    ("GET", "api"),
    ("GET", "api/contents"),
    ("GET", "api/contents/secret.png"),
    ("PUT", "api/contents/new.ipynb"),
    ("GET", "api/kernels"),
    ("POST", "api/kernels"),
    ("POST", "api/kernels/{kernel}/restart"),
    ("POST", "api/kernels/{kernel}/interrupt"),
    ("GET", "api/kernelspecs"),
    ("GET", "api/sessions"),
    ("POST", "api/sessions"),
    ("GET", "api/terminals"),
    ("POST", "api/terminals"),
    ("GET", "terminals/websocket/1"),
    ("GET", "api/config/notebook"),
    ("GET", "api/nbconvert/html/{name}"),
    ("GET", "lab"),
    ("GET", "tree"),
    ("GET", "files/secret.png"),
    ("GET", "files/../secret.png"),
    ("GET", "voila/files/secret.png"),
    ("GET", "voila/files/{name}"),
    ("GET", "voila/files/../../etc/passwd"),
    ("GET", "voila/static/../../../../../../../../../../../../etc/passwd"),
    ("GET", "voila/static/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd"),
    ("GET", "voila/static//etc/passwd"),
    ("GET", "voila/labextensions/../../../../../../../../../../../etc/passwd"),
    ("GET", "voila/labextensions//etc/passwd"),
    ("GET", "voila/api/themes/../../../../../../../../../../etc/passwd"),
    ("GET", "voila/api/themes//etc/passwd"),
    ("GET", "voila/tree/"),
    ("GET", "voila/render/{name}"),
    ("GET", "voila/api/contents/"),
    ("GET", "voila/query/{kernel}"),
    ("GET", "voila/execution/{kernel}"),
)
# these raise on a path that does not have their form, which tells as little
BROKEN = (("GET", "voila/templates/lab/static/../../../../../../../../../etc/passwd"),)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    (folder / "secret.png").write_text(SECRET)
    with Served(notebook(CELLS, folder), ["--visitors=1", "--Voila.log_level=WARN"]) as server:
        server.folder = folder
        with urllib.request.urlopen(server.address) as answer:
            page = answer.read().decode()
        config = page.partition('id="jupyter-config-data"')[2].partition(">")[2]
        server.kernel = json.loads(config.partition("</script>")[0])["kernelId"]
        yield server


def ask(server, method, path, *, token=True):
    """Ask as a program would that tidies nothing up, following where it is sent; status, text."""
    headers = {"Authorization": f"token {server.token}"} if token else {}
    where = "/" + path.format(kernel=server.kernel, name=server.start.name)
    for _ in range(4):
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
        connection.request(method, where, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        if answer.status not in (301, 302):
            break
        where, method = answer.headers["Location"], "GET"
    return answer.status, text


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), [*CLOSED, *BROKEN])
def test_nothing_else_is_served(server, method, path):
    kernels = server.kernel_pids
    status, text = ask(server, method, path)
    assert status in ((500,) if (method, path) in BROKEN else (403, 404, 405)), text
    assert SECRET not in text
    assert "root:" not in text
    assert server.kernel_pids == kernels
    assert sorted(each.name for each in server.folder.iterdir()) == [
        server.start.name,
        "secret.png",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "api/kernels/{kernel}"),
        ("DELETE", "api/kernels/{kernel}"),
        ("POST", "voila/api/shutdown/{kernel}"),
        ("GET", "api/kernels/{kernel}/channels"),
    ],
)
def test_a_kernel_is_nobodys_without_the_token(server, method, path):
    assert ask(server, method, path, token=False)[0] in (403, 405)
    assert ask(server, "GET", "api/kernels/{kernel}")[0] == 200  # it lives, and answers its page


def packed(server, channel, kind, content):
    """A message as the newer protocol of the web socket has it, whose parts lie side by side."""
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": "s", "username": ""}
    header |= {"version": "5.3", "date": "2000-01-01T00:00:00Z"}
    parts = [channel.encode(), *(json.dumps(each).encode() for each in (header, {}, {}, content))]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    numbers = [len(offsets), *offsets]
    return b"".join([*(number.to_bytes(8, "little") for number in numbers), *parts])


def settled(server):
    """Wait until the kernel has dealt with all that was sent; return the modules that it has."""
    with KernelSocket(server.url, server.token, server.kernel) as kernel:
        name = {"comm_id": uuid.uuid4().hex}
        kernel.send("comm_open", {**name, "target_name": "modules", "data": {}})
        kernel.send("comm_msg", {**name, "data": {}})
        answer = kernel.receive(lambda m: m["msg_type"] == "comm_msg")
    return answer["content"]["data"]["modules"]


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["", "v1.kernel.websocket.jupyter.org"])
@pytest.mark.parametrize("channel", ["shell", "control", "stdin", "iopub"])
@pytest.mark.parametrize("kind", CODE)
def test_the_page_cannot_have_code_run(server, tmp_path, protocol, channel, kind):
    done = tmp_path / "done"
    content = json.loads(json.dumps(CODE[kind]).replace("{path!r}", repr(str(done))))
    socket = websocket.create_connection(
        f"{server.url}api/kernels/{server.kernel}/channels".replace("http", "ws", 1),
        header=[f"Authorization: token {server.token}"],
        subprotocols=[protocol] if protocol else None,
        timeout=PATIENCE,
    )
    if protocol:
        socket.send_binary(packed(server, channel, kind, content))
    else:
        header = {"msg_id": "1", "msg_type": kind, "session": "s", "username": "", "version": "5.3"}
        parts = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        socket.send(json.dumps({**parts, "channel": channel}))
    settled(server)
    socket.close()
    assert not done.exists()
    assert f'of type "{kind}", which is not allowed' in server.output


@pytest.mark.slow
def test_a_channel_to_nowhere_is_closed_and_loads_nothing(server):
    before = settled(server)
    assert "antigravity" not in before
    with KernelSocket(server.url, server.token, server.kernel) as kernel:
        for target in ("antigravity", "jupyter.widget", "os.system", ""):
            name = {"comm_id": uuid.uuid4().hex}
            data = {"state": {"_model_module": "antigravity", "_model_name": "Thing"}}
            request = {**name, "target_name": target, "target_module": "antigravity", "data": data}
            kernel.send("comm_open", request)
            closed = kernel.receive(lambda m: m["msg_type"] in ("comm_close", "comm_msg"))
            assert closed["msg_type"] == "comm_close"
            assert closed["content"]["comm_id"] == name["comm_id"]
    assert settled(server) == before
