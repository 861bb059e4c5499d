#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Push an OCI layout to a registry that wants a password: push.py LAYOUT HOST NAME:TAG USER PASSWORD"""
import base64
import json
import sys
import urllib.request


def main(layout, host, name, user, password):
    path, tag = name.rsplit(":", 1)
    auth = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def send(method, url, data=b"", kind="application/octet-stream"):
        request = urllib.request.Request(url, data=data, method=method, headers={
            "Authorization": auth, "Content-Type": kind})
        with urllib.request.urlopen(request) as reply:
            return reply.headers

    def blob(digest):
        with open(f"{layout}/blobs/sha256/{digest[7:]}", "rb") as file:
            return file.read()

    with open(f"{layout}/index.json") as file:
        row = json.load(file)["manifests"][0]
    manifest = json.loads(blob(row["digest"]))
    for part in [manifest["config"], *manifest["layers"]]:
        place = send("POST", f"http://{host}/v2/{path}/blobs/uploads/")["Location"]
        send("PUT", place + ("&" if "?" in place else "?") + "digest=" + part["digest"],
             blob(part["digest"]))
    send("PUT", f"http://{host}/v2/{path}/manifests/{tag}", blob(row["digest"]), row["mediaType"])


if __name__ == "__main__":
    main(*sys.argv[1:])
