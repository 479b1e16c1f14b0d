"""A client in a process of its own: it starts the server that it is given, and passes on what it reads. Whoever kills it kills a client."""
import os
import subprocess
import sys
import threading

server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def copy(source, target):
    while data := os.read(source, 65536):
        os.write(target, data)


def send():
    copy(0, server.stdin.fileno())
    server.stdin.close()


threading.Thread(target=send, daemon=True).start()
copy(server.stdout.fileno(), 1)
sys.exit(server.wait())
