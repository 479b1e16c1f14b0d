# Runs code given as lines of JSON on fd 4 and answers each with one on fd 3. Fds 1 and 2 are files, emptied before each run, so that
# whatever the code and its children print can be read at any time.
import ast, asyncio, builtins, inspect, json, linecache, os, signal, stat, threading, traceback, types, warnings

PRINTED = 8_000
TEXT = 4_000
CALL = 1 << 20
os.environ.setdefault("MPLBACKEND", "Agg")
warnings.filterwarnings("ignore", message=".*non-interactive.*")
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)

main = types.ModuleType("__main__")
sys.modules["__main__"] = main
sys.argv = [""]
sys.path.insert(0, "")
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
turn = threading.Lock()
current = 0
images = []
plots = 0


def cut(text):
    return text if len(text) <= TEXT else f"{text[:TEXT // 2]}\n[... {len(text) - TEXT} characters cut ...]\n{text[-TEXT // 2:]}"


def table(frame):
    """Rows as CSV, which costs a model a third of an aligned table."""
    rows, columns = frame.shape
    part = frame.iloc[:, :20]
    write = lambda some, header: some.to_csv(header=header, float_format="%.6g")
    text = write(part, True) if rows <= 20 else write(part.head(15), True) + "...\n" + write(part.tail(5), False)
    return cut(f"{rows} rows x {columns} columns{'' if columns <= 20 else ', the first 20 shown'}\n{text}")


def add_image(data, kind="image/png"):
    global plots
    plots = plots % 50 + 1
    path = f"/tmp/.moru/{os.getpid()}.plot{plots}.{kind[6:]}"
    with open(path, "wb") as file:
        file.write(data)
    if len(images) < 4:
        original = {"path": path, "media_type": kind, "size_bytes": len(data)}
        kind, data = shrink(data, kind)
        images.append({"type": kind, "data": base64.b64encode(data).decode(), "original": original})


def show(value):
    """What there is to see of a value as text; pictures go to the answer."""
    kind = type(value)
    root = kind.__module__.split(".")[0]
    if root == "pandas" and kind.__name__ in ("DataFrame", "Series"):
        return table(value if kind.__name__ == "DataFrame" else value.to_frame())
    if root == "PIL" and hasattr(value, "save"):
        out = io.BytesIO()
        value.save(out, "PNG")
        add_image(out.getvalue())
        return f"{kind.__name__} {value.size[0]}x{value.size[1]}"
    if root != "matplotlib" and callable(getattr(kind, "_repr_png_", None)):
        if data := value._repr_png_():
            add_image(data)
    return cut(repr(value))


def display(*values):
    for value in values:
        print(value if isinstance(value, str) else show(value))


builtins.display = display


def take_figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    for number in pyplot.get_fignums() if pyplot else []:
        out = io.BytesIO()
        pyplot.figure(number).savefig(out, format="png", bbox_inches="tight")
        add_image(out.getvalue())
    if pyplot:
        pyplot.close("all")


def call_tool(name, **arguments):
    """Calls a tool of the agent and returns its result."""
    call = json.dumps({"id": current, "call": {"tool": name, "arguments": arguments}}).encode()
    if len(call) > CALL:
        raise ValueError(f"The arguments of {name} are {len(call)} bytes of JSON; at most {CALL} may be sent")
    with turn:
        answers.write(call + b"\n")
        answers.flush()
        reply = json.loads(requests.readline())
    if reply.get("error") is not None:
        raise RuntimeError(reply["error"])
    return reply.get("value")


def files(folder):
    """Sizes and times of the files below a folder, at most 1,000."""
    found = {}
    for place, _, names in os.walk(folder or ""):
        for name in names:
            path = os.path.join(place, name)
            try:
                entry = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISREG(entry.st_mode):
                found[path] = (entry.st_mtime_ns, entry.st_size)
            if len(found) == 1_000:
                return found
    return found


def execute(code, name):
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    tree = ast.parse(code, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    value = None
    for part, mode in ((tree, "exec"), (last and ast.Expression(last.value), "eval")):
        if part is None or mode == "exec" and not part.body:
            continue
        result = eval(compile(part, name, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), main.__dict__)
        value = loop.run_until_complete(result) if inspect.iscoroutine(result) and mode == "exec" else result
        if mode == "eval" and inspect.iscoroutine(value) and any(isinstance(node, ast.Await) for node in ast.walk(part)):
            value = loop.run_until_complete(value)
    return value


def describe(error, name):
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != name:
        trace = trace.tb_next
    return cut("".join(traceback.format_exception(type(error), error, trace)).rstrip())


def run(number, code, folder=None, tools=False):
    global current
    current = number
    answer = {"id": number}
    before = files(folder)
    if tools:
        main.call_tool = call_tool
    name = f"<code {number}>"
    images.clear()
    for fd in (1, 2):
        os.ftruncate(fd, 0)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            value = execute(code, name)
            if value is not None:
                main._ = value
                answer["value"] = show(value)
            take_figures()
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except BaseException as error:
        answer["error"] = describe(error, name)
    sys.stdout.flush()
    sys.stderr.flush()
    answer["images"] = list(images)
    answer["files"] = [{"path": path, "size": entry[1]} for path, entry in sorted(files(folder).items()) if before.get(path) != entry]
    if sum(os.fstat(fd).st_size for fd in (1, 2)) <= PRINTED:
        answer["stdout"], answer["stderr"] = (printed(fd) for fd in (1, 2))
    return answer


def printed(fd):
    with open(f"/tmp/.moru/{os.getpid()}.{'out' if fd == 1 else 'err'}", "rb") as file:
        return file.read().decode("utf-8", "replace")


signal.signal(signal.SIGINT, signal.SIG_IGN)
os.set_inheritable(3, False)
os.set_inheritable(4, False)
with os.fdopen(4, "rb") as requests, os.fdopen(3, "wb") as answers:
    for line in requests:
        request = json.loads(line)
        if "code" not in request:
            continue  # a tool's result that came after the run was interrupted
        answers.write(json.dumps(run(request["id"], request["code"], request.get("files"), request.get("tools"))).encode() + b"\n")
        answers.flush()
