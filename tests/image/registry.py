#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A registry on loopback that tells the truth or lies: registry.py LAYOUT PORT_FILE MODE LOG

Serves the images of an OCI layout as any repository; MODE is a row of the tables below, or "honest".
Each request is a line in LOG: method, path, and "auth=..." if it had an identification. The port is
written to PORT_FILE when the server is ready. It ends by itself after two minutes.
"""
import base64
import hashlib
import http.server
import json
import os
import sys
import threading
import urllib.parse

LAYOUT, PORT_FILE, MODE, LOG = sys.argv[1:5]
TOKEN = "token-of-the-test"
PASSWORD = "Basic " + base64.b64encode(b"ada:s3cret").decode()
failures = {}


def blob(digest):
    try:
        with open(f"{LAYOUT}/blobs/sha256/{digest[7:]}", "rb") as file:
            return file.read()
    except OSError:
        return None


def manifest(reference):
    if reference.startswith("sha256:"):
        return blob(reference)
    with open(f"{LAYOUT}/index.json") as file:
        for row in json.load(file)["manifests"]:
            if row["annotations"]["org.opencontainers.image.ref.name"] == reference:
                return blob(row["digest"])
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self):
        auth = self.headers.get("Authorization")
        span = self.headers.get("Range")
        with open(LOG, "a") as file:
            file.write(f"{self.command} {self.path}" + (f" auth={auth}" if auth else "")
                       + (f" range={span}" if span else "")
                       + f" host={self.headers.get('Host')}\n")

    def answer(self, status, body=b"", length=None, **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass
        if length is not None:
            self.close_connection = True

    def complain(self, status, code, message, **headers):
        self.answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(),
                    **headers)

    def here(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def is_allowed(self):
        auth = self.headers.get("Authorization", "")
        if MODE in ("token", "token-password", "token-empty", "token-evil", "token-away"):
            if auth == "Bearer " + TOKEN:
                return True
            realm = self.here() + "/token"
            if MODE == "token-evil":
                realm = "file:///etc/passwd"
            self.complain(401, "UNAUTHORIZED", "token wanted", WWW_Authenticate=
                          f'Bearer realm="{realm}",service="test \\"x\\" & y",'
                          f'scope="repository:some/image:pull"')
            return False
        if MODE == "basic" and auth != PASSWORD:
            self.complain(401, "UNAUTHORIZED", "password wanted",
                          WWW_Authenticate='Basic realm="test"')
            return False
        if MODE == "negotiate":
            self.complain(401, "UNAUTHORIZED", "ticket wanted", WWW_Authenticate="Negotiate")
            return False
        return True

    def give_token(self):
        asked = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        if asked.get("service") != ['test "x" & y'] or \
                asked.get("scope") != ["repository:some/image:pull"]:
            return self.answer(400, b"wrong service or scope")
        if MODE == "token-password" and self.headers.get("Authorization") != PASSWORD:
            return self.complain(401, "DENIED", "wrong password")
        if MODE == "token-empty":
            return self.answer(200, b'{"expires_in": 60}')
        return self.answer(200, json.dumps({"access_token" if MODE == "token" else "token": TOKEN})
                           .encode())

    def give_manifest(self, reference):
        data = manifest(reference)
        if data is None:
            return self.complain(404, "MANIFEST_UNKNOWN", "manifest unknown to registry")
        said = "sha256:" + hashlib.sha256(data).hexdigest()
        if MODE == "huge-manifest":
            self.send_response(200)
            self.send_header("Content-Length", str(1 << 40))
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b" " * 65536)
            except OSError:
                self.close_connection = True
            return None
        if MODE == "large-manifest":
            data += b" " * (5 << 20)
        if MODE == "other-manifest":
            data = data.replace(b"schemaVersion", b"schemaVersion ", 1)
        if MODE == "other-manifest-honest-header":
            data += b" "
            said = "sha256:" + hashlib.sha256(data).hexdigest()
        if MODE == "html":
            data = b"<html>welcome to the wifi of the hotel</html>"
            said = ""
        if MODE == "schema1":
            data = b'{"schemaVersion": 1, "fsLayers": []}'
            said = ""
        if MODE == "no-digest-header":
            return self.answer(200, data)
        return self.answer(200, data, Docker_Content_Digest=said)

    def give_blob(self, digest):
        data = blob(digest)
        if data is None:
            return self.complain(404, "BLOB_UNKNOWN", "blob unknown to registry")
        large = len(data) > 1000
        count = failures[digest] = failures.get(digest, 0) + 1
        if MODE == "redirect-loop":
            return self.answer(307, Location=self.path + "x")
        if MODE in ("redirect-away", "token-away") and "elsewhere" not in self.path:
            port = self.server.server_address[1]
            return self.answer(307, Location=f"http://localhost:{port}{self.path}?elsewhere")
        if MODE == "redirect-file":
            return self.answer(307, Location="file:///etc/passwd")
        if MODE == "wrong-blob" and large:
            data = data[:-1] + bytes([data[-1] ^ 1])
        if MODE == "short-blob" and large:
            data = data[:-7]
        if MODE == "long-blob" and large:
            data += b"x" * 1000
        if MODE == "endless-blob" and large:
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                return None
        if MODE == "empty-blob" and large:
            data = b""
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        ranges = MODE != "break-no-ranges"
        if MODE in ("break", "break-no-ranges") and large and count < 3:
            half = start + (len(data) - start) // 2 if ranges else len(data) // (4 - count)
            return self.answer(206 if start and ranges else 200,
                               data[start if ranges else 0:half],
                               length=len(data) - (start if ranges else 0))
        if MODE == "break-always" and large:
            return self.answer(200, data[:10], length=len(data))
        if MODE == "busy" and count < 3:
            return self.complain(503, "UNAVAILABLE", "come back later")
        if MODE == "always-busy":
            return self.complain(429, "TOOMANYREQUESTS", "slow\x1b[31m down")
        if start and ranges:
            return self.answer(206, data[start:])
        return self.answer(200, data)

    def do_GET(self):
        self.note()
        path = self.path.split("?")[0]
        parts = path.split("/")
        if path == "/token":
            return self.give_token()
        if "elsewhere" not in self.path and not self.is_allowed():
            return None
        if len(parts) > 3 and parts[1] == "v2" and parts[-2] == "manifests":
            return self.give_manifest(parts[-1])
        if len(parts) > 3 and parts[1] == "v2" and parts[-2] == "blobs":
            return self.give_blob(parts[-1].rstrip("x") if MODE == "redirect-loop" else parts[-1])
        return self.answer(404, b"no such thing")


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    timer = threading.Timer(120, os._exit, [0])
    timer.daemon = True
    timer.start()
    with open(PORT_FILE + ".new", "w") as file:
        file.write(str(server.server_address[1]))
    os.rename(PORT_FILE + ".new", PORT_FILE)
    server.serve_forever()


if __name__ == "__main__":
    main()
