# Runs code given as lines of JSON on fd 4 and answers each with one on fd 3. Fds 1 and 2 are files, so that whatever the code and its
# children print can be read at any time; a run begins by taking out of them what an answer has shown.
import ast, asyncio, inspect, json, linecache, os, signal, stat, threading, traceback, types, warnings

PRINTED = 8_000
CALL = 1 << 20
os.environ.setdefault("MPLBACKEND", "Agg")
warnings.filterwarnings("ignore", message=".*non-interactive.*")
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)

main = types.ModuleType("__main__")
sys.modules["__main__"] = main
sys.argv = [""]
sys.path.insert(0, "")
printed = [open(f"/proc/self/fd/{fd}", "r+b", 0) for fd in (1, 2)]
seen = [0, 0]
turn = threading.Lock()
loop = asyncio.new_event_loop()
current = 0


def call_tool(name, **arguments):
    """Calls a tool of the agent and returns its result."""
    call = json.dumps({"id": current, "call": {"tool": name, "arguments": arguments}}).encode()
    if len(call) > CALL:
        raise ValueError(f"The arguments of {name} are {len(call)} bytes of JSON; at most {CALL} may be sent")
    with turn:
        reply = {"repeat": 1}
        while "repeat" in reply:
            answers.write(call + b"\n")
            answers.flush()
            reply = json.loads(requests.read())
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


plain_create_task = asyncio.create_task


def create_task(coroutine, **options):
    """As asyncio's, but also where no loop runs: the task goes on while code awaits and between calls."""
    if asyncio._get_running_loop() or threading.current_thread() is not threading.main_thread():
        return plain_create_task(coroutine, **options)
    return loop.create_task(coroutine, **options)


asyncio.create_task = create_task


def renew_loop():
    """Code may have closed the loop, or set another."""
    global loop
    if loop.is_closed():
        loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)


def wait_for(coroutine):
    task = loop.create_task(coroutine)
    try:
        return loop.run_until_complete(task)
    except BaseException:
        task.cancel()  # what was interrupted must not go on when the loop runs next
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        raise


async def in_turn(parts):
    for part in parts:
        value = eval(part, main.__dict__)
        if part.co_flags & inspect.CO_COROUTINE:
            value = await value
    return value


def execute(code, name):
    linecache.cache[name] = (len(code), None, [line + "\n" for line in code.split("\n")], name)
    tree = ast.parse(code, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    parts = [compile(tree, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)]
    if last:
        parts.append(compile(ast.Expression(last.value), name, "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
    if any(part.co_flags & inspect.CO_COROUTINE for part in parts):
        return wait_for(in_turn(parts))
    for part in parts:
        value = eval(part, main.__dict__)
    return value


def describe(error, name):
    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != name:
        trace = trace.tb_next
    return cut("".join(traceback.format_exception(type(error), error, trace)).rstrip())


def drop(file, count):
    """Takes the first bytes out of a file to which others append."""
    at = 0
    while part := os.pread(file.fileno(), 1 << 20, count + at):
        at += os.pwrite(file.fileno(), part, at)
    file.truncate(at)


def attempt(code, name, answer):
    """Runs code that may be interrupted; returns what went wrong."""
    errors = []
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            value = execute(code, name)
            if value is not None:
                main._ = value
                answer["value"] = show(value)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            errors.append(describe(error, name))
        errors += take_figures(name)
    except KeyboardInterrupt as error:
        errors.append(describe(error, name))
    return errors


def run(number, code, folder=None, tools=False, keep=False):
    global current
    current = number
    answer = {"id": number}
    before = files(folder)
    if tools:
        main.call_tool = call_tool
    images.clear()
    for file, count in zip(printed, seen):
        if count and not keep:
            drop(file, count)
    errors = attempt(code, f"<code {number}>", answer)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    close_figures()
    sys.stdout.flush()
    sys.stderr.flush()
    if errors:
        answer["error"] = cut("\n".join(errors))
    answer["images"] = list(images)
    answer["files"] = [{"path": path, "size": entry[1]} for path, entry in sorted(files(folder).items()) if before.get(path) != entry]
    seen[:] = [os.fstat(file.fileno()).st_size for file in printed]
    if sum(seen) <= PRINTED:
        answer["stdout"], answer["stderr"] = (os.pread(file.fileno(), count, 0).decode("utf-8", "replace") for file, count in zip(printed, seen))
    return answer


class Requests:
    """Lines of fd 4. While none is there, tasks of the code go on."""

    def __init__(self):
        self.rest = b""

    def read(self):
        while b"\n" not in self.rest:
            part = os.read(4, 1 << 16)
            if not part:
                return b""
            self.rest += part
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def wait(self):
        renew_loop()
        if b"\n" in self.rest:
            return
        ready = asyncio.Event()
        loop.add_reader(4, ready.set)
        try:
            loop.run_until_complete(ready.wait())
        except BaseException:  # a task wanted to exit, or stopped the loop
            traceback.print_exc()
        finally:
            loop.remove_reader(4)


signal.signal(signal.SIGINT, signal.SIG_IGN)
os.set_inheritable(3, False)
os.set_inheritable(4, False)
requests = Requests()
answer = {"id": 0}
with os.fdopen(3, "wb") as answers:
    while True:
        requests.wait()
        line = requests.read()
        if not line:
            break
        request = json.loads(line)
        if "code" in request:
            answer = run(request["id"], request["code"], request.get("files"), request.get("tools"), request.get("keep"))
        elif "repeat" in request:  # the connection was lost, and perhaps an answer with it
            answer["repeat"] = request["repeat"]
        else:
            continue  # a tool's result that came after the run was interrupted
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()
