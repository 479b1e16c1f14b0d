# What there is to see of values.
import builtins, os

TEXT = 4_000
PICTURES = 50
SHOWN = 4
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
    if len(images) == PICTURES:
        raise ValueError(f"of one call, {PICTURES} pictures are kept at most")
    plots = plots % PICTURES + 1
    path = f"/tmp/.moru/{os.getpid()}.plot{plots}.{kind[6:]}"
    with open(path, "wb") as file:
        file.write(data)
    original = {"path": path, "media_type": kind, "size_bytes": len(data)}
    kind, data = shrink(data, kind) if len(images) < SHOWN else (kind, b"")
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


def take_figures(name):
    """Shows the figures; returns what went wrong with them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    failures = []
    for number in pyplot.get_fignums() if hasattr(pyplot, "get_fignums") else []:
        try:
            out = io.BytesIO()
            pyplot.figure(number).savefig(out, format="png", bbox_inches="tight")
            add_image(out.getvalue())
        except Exception as error:
            failures.append(f"Figure {number} could not be drawn: {describe(error, name)}")
    return failures


def close_figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    if hasattr(pyplot, "close"):
        pyplot.close("all")


