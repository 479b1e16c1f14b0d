import base64, io, sys

LIMIT = 100_000


def shrink(data, kind):
    """The picture itself when it is small enough, else a copy that is: first with fewer pixels, then with less detail."""
    if len(data) <= LIMIT:
        return kind, data
    from PIL import Image
    picture = Image.open(io.BytesIO(data))
    picture.load()
    for side in (1568, 1024, 768, 512, 320):
        copy = picture.copy()
        copy.thumbnail((side, side))
        for form, options in (("PNG", {"optimize": True}), ("JPEG", {"quality": 80}), ("JPEG", {"quality": 55})):
            out = io.BytesIO()
            (copy.convert("RGB") if form == "JPEG" else copy).save(out, form, **options)
            if out.tell() <= LIMIT:
                return "image/" + form.lower(), out.getvalue()
    raise ValueError("it stays too large at 320 pixels")


def shrink_file(path):
    with open(path, "rb") as file:
        kind, data = shrink(file.read(), "")
    return kind, base64.b64encode(data).decode()
