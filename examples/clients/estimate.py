"""How much do bmi and bp together tell about disease progression? Standard library alone."""

import csv
import json
import os
import pathlib
import urllib.request

url = os.environ.get("MISTD_URL", "http://127.0.0.1:3000")
with open(pathlib.Path(__file__).parent.parent / "diabetes.csv", newline="") as file:
    rows = list(csv.DictReader(file))

body = {
    "x": [[float(row["bmi"]), float(row["bp"])] for row in rows],
    "y": [float(row["target"]) for row in rows],
}
request = urllib.request.Request(f"{url}/estimate", json.dumps(body).encode(), {"content-type": "application/json"})
with urllib.request.urlopen(request) as response:
    reply = json.load(response)

interval = reply["interval"]
print(f"{reply['estimate']:.3f} {reply['unit']}, {interval['level']:.0%} between {interval['lower']:.3f} and {interval['upper']:.3f}")
for warning in reply["warnings"]:
    print(f"{warning['code']}: {warning['message']}")
