using static Moru.Evals.Moves;

namespace Moru.Evals;

/// <summary>Servers that must run when the agent has finished.</summary>
internal static class ServiceTasks
{
    private const string Api = "import http.server, json\n\nclass Api(http.server.BaseHTTPRequestHandler):\n    def do_GET(self):\n        body = json.dumps({'status': 'ok', 'path': self.path}).encode()\n        self.send_response(200)\n        self.end_headers()\n        self.wfile.write(body)\n\nhttp.server.HTTPServer(('0.0.0.0', 8080), Api).serve_forever()\n";

    public static IEnumerable<EvalTask> All =>
    [
        new()
        {
            Id = "service/static",
            Fast = true,
            Prompt = "Serve ~/site on port 8000 in the background, and leave it running.",
            Files = new Dictionary<string, string> { ["site/index.html"] = "<h1>hello</h1>\n" },
            CheckAsync = done => done.CommandSaysAsync("curl -s http://127.0.0.1:8000/", "<h1>hello</h1>"),
            Solution = [Run("(cd site && python3 -m http.server 8000) > /tmp/out.txt 2>&1 &"), Run(Waiting("http://127.0.0.1:8000/")), Say("It runs.")],
        },
        new()
        {
            Id = "service/json-api",
            Prompt = "Write and leave running a server on port 8080 that answers every GET with JSON: status is ok, path is the path asked for.",
            CheckAsync = done => done.CommandSaysAsync("curl -s http://127.0.0.1:8080/abc | python3 -c \"import json,sys; d=json.load(sys.stdin); print(d['status'], d['path'])\"", "ok /abc"),
            Solution = [Write("api.py", Api), Run("(python3 api.py) > /tmp/out.txt 2>&1 &"), Run(Waiting("http://127.0.0.1:8080/x")), Say("It runs.")],
        },
        new()
        {
            Id = "service/wrong-port",
            Prompt = "~/server.py should serve on port 7000 and does not. Repair it and leave it running.",
            Files = new Dictionary<string, string> { ["server.py"] = "import http.server, json\nport = json.load(open('config.json'))['port']\nhttp.server.test(http.server.SimpleHTTPRequestHandler, port=port)\n", ["config.json"] = "{\"port\": \"7000\"}\n" },
            CheckAsync = done => done.CommandSaysAsync("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:7000/", "200"),
            Deterministic = false, // the traceback of the server names addresses
            Solution = [Run("timeout 2 python3 server.py 2>&1 | tail -1; cat config.json"), Write("config.json", "{\"port\": 7000}\n"), Run("(python3 server.py) > /tmp/out.txt 2>&1 &"), Run(Waiting("http://127.0.0.1:7000/")), Say("It runs.")],
        },
        new()
        {
            Id = "service/node",
            Prompt = "With Node, leave a server running on port 9000 that answers a POST with its body in upper case.",
            CheckAsync = done => done.CommandSaysAsync("curl -s -d quiet http://127.0.0.1:9000/", "QUIET"),
            Solution =
            [
                Write("upper.js", "require('http').createServer((q, r) => { let s = ''; q.on('data', d => s += d).on('end', () => r.end(s.toUpperCase())); }).listen(9000);\n"),
                Run("(node upper.js) > /tmp/out.txt 2>&1 &"),
                Run(Waiting("http://127.0.0.1:9000/")),
                Say("It runs."),
            ],
        },
        new()
        {
            Id = "service/stop",
            Prompt = "Something listens on port 6000. Stop it, and say its program file.",
            Files = new Dictionary<string, string> { ["old/legacy.py"] = "import socket, time\ns = socket.create_server(('127.0.0.1', 6000))\ntime.sleep(3600)\n" },
            Setup = "nohup setsid python3 /home/user/old/legacy.py > /dev/null 2>&1 & sleep 0; until ss -ltn | grep -q ':6000 '; do sleep 0.05; done",
            CheckAsync = async done => await done.AnswerHasAsync("legacy.py") ?? await done.CommandSaysAsync("ss -ltn | grep -c ':6000 '", "0"),
            Deterministic = false, // process ids
            Solution = [Run("sudo ss -ltnp | grep ':6000 '; pgrep -af legacy"), Run("sudo pkill -f legacy.py; ss -ltn | grep -c ':6000 '"), Say("It was ~/old/legacy.py; it is stopped.")],
        },
    ];

    private static string Waiting(string url) => $"curl -s --retry 50 --retry-delay 0 --retry-connrefused --retry-max-time 20 -o /dev/null -w '%{{http_code}}' {url}";
}
