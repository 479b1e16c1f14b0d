using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>Data analysis.</summary>
internal static class DataTasks
{
    private const string Sales = "region,month,amount\nnorth,1,10\nsouth,1,30\nnorth,2,25\nsouth,2,5\nnorth,3,40\nsouth,3,15\n";
    private const string Log = "10.0.0.1 GET / 200\n10.0.0.2 GET /a 404\n10.0.0.1 GET /b 200\n10.0.0.3 POST /c 500\n10.0.0.2 GET /d 404\n10.0.0.2 GET /e 404\n";

    public static IEnumerable<EvalTask> All =>
    [
        new()
        {
            Id = "data/median",
            Fast = true,
            Prompt = "What is the median of the column `amount` in ~/sales.csv? Answer with the number.",
            Files = new Dictionary<string, string> { ["sales.csv"] = Sales },
            CheckAsync = done => done.AnswerHasAsync("20"),
            Solution = [Run("python3 -c \"import csv, statistics; print(statistics.median(float(r['amount']) for r in csv.DictReader(open('sales.csv'))))\""), Say(result => $"The median is {FirstLine(result)}.")],
        },
        new()
        {
            Id = "data/join",
            Prompt = "Join ~/people.csv and ~/cities.csv by city id into ~/joined.json: a list of {name, city}, sorted by name.",
            Files = new Dictionary<string, string> { ["people.csv"] = "name,city_id\nBo,2\nAda,1\nCy,2\n", ["cities.csv"] = "id,city\n1,Paris\n2,Rome\n" },
            CheckAsync = done => done.CommandSaysAsync("python3 -c \"import json; print([(p['name'], p['city']) for p in json.load(open('joined.json'))])\"", "[('Ada', 'Paris'), ('Bo', 'Rome'), ('Cy', 'Rome')]"),
            Solution =
            [
                Write("join.py", "import csv, json\ncities = {c['id']: c['city'] for c in csv.DictReader(open('cities.csv'))}\npeople = [{'name': p['name'], 'city': cities[p['city_id']]} for p in csv.DictReader(open('people.csv'))]\njson.dump(sorted(people, key=lambda p: p['name']), open('joined.json', 'w'))\n"),
                Run("python3 join.py"),
                Say("Joined."),
            ],
        },
        new()
        {
            Id = "data/duplicates",
            Prompt = "Remove duplicate addresses from ~/mails.txt, ignoring case, keep the first of each and the order, and write ~/unique.txt.",
            Files = new Dictionary<string, string> { ["mails.txt"] = "b@x.org\nA@x.org\nB@X.org\na@x.org\nc@x.org\n" },
            CheckAsync = done => done.FileIsAsync("unique.txt", "b@x.org\nA@x.org\nc@x.org"),
            Solution = [Run("awk '!seen[tolower($0)]++' mails.txt > unique.txt"), Say("Done.")],
        },
        new()
        {
            Id = "data/log-top",
            Prompt = "Which address in ~/access.log caused the most 404s, and how many? Answer as ADDRESS: COUNT.",
            Files = new Dictionary<string, string> { ["access.log"] = Log },
            CheckAsync = done => done.AnswerHasAsync("10.0.0.2: 3"),
            Solution = [Run("awk '$4 == 404 {n[$1]++} END {for (a in n) print n[a], a}' access.log | sort -rn | head -1"), Say(result => $"{FirstLine(result).Split(' ')[1]}: {FirstLine(result).Split(' ')[0]}")],
        },
        new()
        {
            Id = "data/sqlite",
            Prompt = "~/shop.db is an SQLite database. Which customer spent the most in total? Answer with the name.",
            Setup = "python3 -c \"import sqlite3; d = sqlite3.connect('shop.db'); d.executescript('create table c(id, name); create table o(c, total); insert into c values (1, \\\"Ada\\\"), (2, \\\"Bo\\\"); insert into o values (1, 5), (2, 7), (1, 4);')\"",
            CheckAsync = done => done.AnswerHasAsync("Ada"),
            Solution =
            [
                Run("python3 -c \"import sqlite3; print(sqlite3.connect('file:shop.db?mode=ro', uri=True).execute('select sql from sqlite_master').fetchall())\""),
                Run("python3 -c \"import sqlite3; print(sqlite3.connect('file:shop.db?mode=ro', uri=True).execute('select name from c join o on o.c = c.id group by name order by sum(total) desc').fetchone()[0])\""),
                Say(FirstLine),
            ],
        },
        new()
        {
            Id = "data/pivot",
            Fast = true,
            Prompt = "Make ~/pivot.csv of ~/sales.csv: one row a month, columns month, north, south.",
            Files = new Dictionary<string, string> { ["sales.csv"] = Sales },
            CheckAsync = done => done.FileIsAsync("pivot.csv", "month,north,south\n1,10,30\n2,25,5\n3,40,15"),
            Solution =
            [
                Write("pivot.py", "import csv\nrows = {}\nfor r in csv.DictReader(open('sales.csv')):\n    rows.setdefault(r['month'], {})[r['region']] = r['amount']\nwith open('pivot.csv', 'w') as out:\n    print('month,north,south', file=out)\n    for month in sorted(rows, key=int):\n        print(month, rows[month]['north'], rows[month]['south'], sep=',', file=out)\n"),
                Run("python3 pivot.py && cat pivot.csv"),
                Say("Written."),
            ],
        },
        new()
        {
            Id = "data/outlier",
            Prompt = "One line of ~/temperatures.txt is a measuring error. Which line number? Answer with the number.",
            Files = new Dictionary<string, string> { ["temperatures.txt"] = "20.1\n19.8\n20.4\n20.0\n-273.0\n19.9\n20.2\n" },
            CheckAsync = done => done.AnswerHasAsync("5"),
            Solution = [Read("temperatures.txt"), Say("Line 5.")],
        },
        new()
        {
            Id = "data/flatten",
            Prompt = "Flatten ~/tree.json into ~/flat.txt: one line `path=value` a leaf, path parts joined by dots, sorted.",
            Files = new Dictionary<string, string> { ["tree.json"] = """{"b": {"x": 1, "y": {"z": "deep"}}, "a": true}""" },
            CheckAsync = done => done.FileIsAsync("flat.txt", "a=True\nb.x=1\nb.y.z=deep"),
            Solution =
            [
                Write("flatten.py", "import json\ndef walk(node, path):\n    if isinstance(node, dict):\n        for key, child in node.items():\n            yield from walk(child, path + [key])\n    else:\n        yield '.'.join(path) + '=' + str(node)\nopen('flat.txt', 'w').write('\\n'.join(sorted(walk(json.load(open('tree.json')), []))) + '\\n')\n"),
                Run("python3 flatten.py"),
                Say("Written."),
            ],
        },
    ];
}
