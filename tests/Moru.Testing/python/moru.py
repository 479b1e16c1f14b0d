"""Stands in for the official SDK where that cannot be installed: the same requests, on Python's own libraries alone."""
import base64, json, os, socket, ssl, struct, urllib.parse, urllib.request, uuid

resolve = socket.getaddrinfo

# Names below localhost are loopback (RFC 6761), which not every resolver knows.
socket.getaddrinfo = lambda host, *rest, **more: resolve("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **more)


def send(method, url, body=None, **headers):
    request = urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()}, method=method)
    with urllib.request.urlopen(request, context=ssl.create_default_context()) as response:
        return response.read()


class Result:
    def __init__(self):
        self.stdout, self.exit_code = "", None


class Sandbox:
    @classmethod
    def create(cls):
        body = json.dumps({"templateID": "base", "timeout": 300, "secure": True, "autoPause": False}).encode()
        made = json.loads(send("POST", os.environ["MORU_API_URL"] + "/sandboxes", body, Content_Type="application/json", X_API_KEY=os.environ["MORU_API_KEY"]))
        self = cls()
        self.sandbox_id, self.token = made["sandboxID"], made["envdAccessToken"]
        self.envd = f"https://49983-{self.sandbox_id}.{made.get('domain') or os.environ['MORU_DOMAIN']}"
        self.files = self.commands = self
        return self

    def write(self, path, text):
        boundary = uuid.uuid4().hex
        part = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{path}"\r\nContent-Type: application/octet-stream\r\n\r\n{text}\r\n--{boundary}--\r\n'
        query = urllib.parse.urlencode({"path": path, "username": "user"})
        send("POST", f"{self.envd}/files?{query}", part.encode(), Content_Type=f"multipart/form-data; boundary={boundary}", X_Access_Token=self.token)

    def run(self, command):
        body = json.dumps({"process": {"cmd": "/bin/bash", "args": ["-l", "-c", command], "envs": {}}, "stdin": False}, indent=1).encode()
        user = "Basic " + base64.b64encode(b"user:").decode()
        answer = send(
            "POST", self.envd + "/process.Process/Start", struct.pack(">BI", 0, len(body)) + body, Content_Type="application/connect+json",
            connect_protocol_version="1", connect_timeout_ms="60000.0", keepalive_ping_interval="50", Authorization=user, X_Access_Token=self.token)
        result = Result()
        while answer:
            flags, size = struct.unpack(">BI", answer[:5])
            message, answer = json.loads(answer[5:5 + size]), answer[5 + size:]
            if flags & 2:
                break
            event = message["event"]
            result.stdout += base64.b64decode(event.get("data", {}).get("stdout", "")).decode()
            if "end" in event:
                result.exit_code = event["end"].get("exitCode", 0)
        return result

    def kill(self):
        send("DELETE", f"{os.environ['MORU_API_URL']}/sandboxes/{self.sandbox_id}", X_API_KEY=os.environ["MORU_API_KEY"])
