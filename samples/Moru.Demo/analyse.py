"""Describes a CSV file in a Markdown report: columns, numbers, and one grouping. Standard library only."""
import csv
import re
import statistics
import sys
from collections import Counter, defaultdict

DATE = re.compile(r"^(\d{4})[-/]\d{1,2}[-/]\d{1,2}")
MOST = 0.9  # a column has the type that at least this part of its values has


def read(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        sample = file.read(64 * 1024)
        file.seek(0)
        try:
            dialect = csv.Sniffer().sniff(sample, delimiters=",;\t|")
        except csv.Error:
            dialect = csv.excel
        rows = []
        for number, row in enumerate(csv.reader(file, dialect)):
            if any(row):
                rows.append(row)
            if number and number % 20_000 == 0:
                print(f"read {number} lines", flush=True)
    if len(rows) < 2:
        sys.exit(f"{path} needs a line of column names and at least one line of values")
    header = [name.strip() or f"column {i + 1}" for i, name in enumerate(rows[0])]
    return header, [row + [""] * (len(header) - len(row)) for row in rows[1:]]


def number(text):
    try:
        value = float(text)
        return value if value == value and abs(value) != float("inf") else None
    except ValueError:
        return None


def kind(values):
    if not values:
        return "empty"
    if sum(number(value) is not None for value in values) >= MOST * len(values):
        return "number"
    if sum(DATE.match(value) is not None for value in values) >= MOST * len(values):
        return "date"
    return "text"


def show(value):
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def table(header, rows):
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"


def group_key(header, columns, kinds, rows):
    for name in header:
        distinct = len(set(columns[name]))
        if kinds[name] == "text" and 2 <= distinct <= max(2, min(30, len(rows) // 2)):
            return name, columns[name]
    for name in header:
        if kinds[name] == "date":
            return f"year of {name}", [match.group(1) if (match := DATE.match(value)) else "?" for value in columns[name]]
    return None, []


def report(path, header, rows):
    columns = {name: [row[i].strip() for row in rows] for i, name in enumerate(header)}
    filled = {name: [value for value in values if value] for name, values in columns.items()}
    kinds = {name: kind(values) for name, values in filled.items()}
    numbers = {name: [n for value in values if (n := number(value)) is not None] for name, values in filled.items() if kinds[name] == "number"}
    print(f"{len(rows)} rows, {len(header)} columns, {len(numbers)} of them numbers", flush=True)

    yield f"# {path}"
    yield f"\n{len(rows):,} rows, {len(header)} columns.\n"
    yield from table(["column", "type", "filled", "distinct", "most frequent"],
                     [[name, kinds[name], len(filled[name]), len(set(filled[name])), *(value for value, _ in Counter(filled[name]).most_common(1) or [("", 0)])] for name in header])
    if numbers:
        yield "\n## Numbers\n"
        yield from table(["column", "min", "median", "mean", "max", "deviation"],
                         [[name, *map(show, (min(n), statistics.median(n), statistics.fmean(n), max(n), statistics.pstdev(n)))] for name, n in numbers.items()])

    name, keys = group_key(header, columns, kinds, rows)
    if name:
        print(f"grouping by {name}", flush=True)
        groups = defaultdict(list)
        for key, row in zip(keys, rows):
            groups[key or "(empty)"].append(row)
        shown = [column for column in header if kinds[column] == "number"][:4]
        yield f"\n## By {name}\n"
        body = []
        for key, members in sorted(groups.items(), key=lambda item: -len(item[1])):
            means = []
            for column in shown:
                values = [n for row in members if (n := number(row[header.index(column)])) is not None]
                means.append(show(statistics.fmean(values)) if values else "")
            body.append([key, len(members), *means])
        yield from table([name, "rows", *(f"mean {column}" for column in shown)], body)


def main():
    source, target = sys.argv[1], sys.argv[2]
    print(f"reading {source}", flush=True)
    header, rows = read(source)
    lines = list(report(source, header, rows))
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print(f"wrote {target}", flush=True)


main()
