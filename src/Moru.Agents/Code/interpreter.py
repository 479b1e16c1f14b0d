"""Runs the Python code that comes as JSON, line by line, on stdin, and answers on stdout. Variables stay from one run to the next."""
import ast, base64, io, json, linecache, os, stat, sys, tempfile, threading, traceback, types

DATA = "/mnt/data"
TEXT_LIMIT = 16_000
IMAGE_LIMIT = 1 << 20
MAX_IMAGES = 8
MAX_FILES = 1_000

# The code runs with the standard streams of its own: what it prints must not mix with the answers.
requests = os.fdopen(os.dup(0), encoding="utf-8")
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.environ.setdefault("MPLBACKEND", "Agg")
main = types.ModuleType("__main__")
sys.modules["__main__"] = main
sys.argv = [""]
turn = threading.Lock()
runs = 0


def answer(**message):
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def call_tool(name, **arguments):
    """Calls a tool of the agent and returns its result."""
    with turn:
        answer(call={"tool": name, "arguments": arguments})
        reply = json.loads(requests.readline())
    if reply.get("error") is not None:
        raise RuntimeError(reply["error"])
    return reply.get("value")


def cut(text):
    if len(text) <= TEXT_LIMIT:
        return text
    half = TEXT_LIMIT // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters cut ...]\n{text[-half:]}"


def read(file):
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size <= 4 * TEXT_LIMIT:
        return cut(file.read().decode("utf-8", "replace"))
    head = file.read(2 * TEXT_LIMIT).decode("utf-8", "replace")[: TEXT_LIMIT // 2]
    file.seek(-2 * TEXT_LIMIT, io.SEEK_END)
    tail = file.read().decode("utf-8", "replace")[-TEXT_LIMIT // 2 :]
    return f"{head}\n[... about {size - TEXT_LIMIT} bytes cut ...]\n{tail}"


def files():
    found = {}
    for folder, _, names in os.walk(DATA):
        for name in names:
            path = os.path.join(folder, name)
            try:
                entry = os.lstat(path)
            except OSError:
                continue
            if stat.S_ISREG(entry.st_mode):
                found[path] = (entry.st_mtime_ns, entry.st_size)
            if len(found) >= MAX_FILES:
                return found
    return found


def run(code):
    global runs
    runs += 1
    name = f"<run {runs}>"
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    tree = ast.parse(code, name)
    last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), main.__dict__)
    return None if last is None else eval(compile(last, name, "eval"), main.__dict__)


def images(value):
    shown = []
    try:
        png = value._repr_png_()
        if isinstance(png, bytes):
            shown.append(png)
    except Exception:
        pass
    plots = sys.modules.get("matplotlib.pyplot")
    for number in plots.get_fignums() if plots else ():
        target = io.BytesIO()
        plots.figure(number).savefig(target, format="png")
        shown.append(target.getvalue())
    if plots:
        plots.close("all")
    return [base64.b64encode(png).decode() for png in shown[:MAX_IMAGES] if len(png) <= IMAGE_LIMIT]


def describe(error):
    # The first frame is this program's.
    place = error.__traceback__.tb_next if error.__traceback__ else None
    while place and not place.tb_frame.f_code.co_filename.startswith("<run "):
        place = place.tb_next
    return cut("".join(traceback.format_exception(type(error), error, place)))


def serve(code):
    before = files()
    value, error, shown = None, None, []
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False)
        sys.stderr = open(2, "w", encoding="utf-8", errors="replace", closefd=False)
        try:
            result = run(code)
            shown = images(result)
            value = None if result is None else cut(repr(result))
        except SystemExit as end:
            error = None if end.code in (None, 0) else f"SystemExit: {end.code}"
        except BaseException as failure:
            error = describe(failure)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        written = [{"path": path, "size": entry[1]} for path, entry in sorted(files().items()) if before.get(path) != entry]
        answer(done={"stdout": read(out), "stderr": read(err), "value": value, "error": error, "images": shown, "files": written})


main.call_tool = call_tool
answer(ready=True)
while True:
    try:
        line = requests.readline()
        if not line:
            break
        serve(json.loads(line)["code"])
    except KeyboardInterrupt:
        continue  # the interrupt came after the run it was meant for
