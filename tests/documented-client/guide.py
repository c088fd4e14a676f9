"""The guide's "Full Upload + Poll Workflow". Ours are the base URL, the sign-in, the poll interval and the list of files
(arguments: trigger and file in turn); what is sent is the guide's. The password comes by environment."""

import json
import os
import sys
import time

import requests

BASE_URL = os.environ["GUIDE_BASE_URL"] + "/api"


def upload_and_wait(session, trigger: str, file_path: str, poll_interval: float = 0.02) -> dict:
    """Upload a file and block until the job completes or fails."""
    csrf = session.cookies.get("csrf_access_token")

    # Upload
    with open(file_path, "rb") as f:
        response = session.post(
            f"{BASE_URL}/job/{trigger}",
            headers={"X-XSRF-TOKEN": csrf},
            files={"file": (file_path, f)},
        )
    response.raise_for_status()
    job_id = response.json()["job_id"]
    print(f"[{trigger}] Uploaded. Job ID: {job_id}")

    # Poll
    while True:
        time.sleep(poll_interval)
        status_response = session.get(
            f"{BASE_URL}/job",
            params={"jobs": json.dumps([{"trigger": trigger, "job_id": job_id}])},
        )
        job = status_response.json()["jobs"][0]
        status = job["status"]
        print(f"[{trigger}] Status: {status} ({job.get('rows_processed', 0)} rows processed)")

        if status == "completed":
            print(f"[{trigger}] Done. {job['rows_processed']} rows imported.")
            return job
        elif status == "failed":
            print(f"[{trigger}] Failed. Errors:")
            for err in job.get("errors", []):
                print(f"  Row {err['row']}: {err['message']}")
            raise RuntimeError(f"Import failed for trigger '{trigger}'")


session = requests.Session()
session.trust_env = False  # no proxy between two programs of one machine
signed_in = session.post(
    f"{BASE_URL}/authenticate",
    json={"username": os.environ["GUIDE_USERNAME"], "password": os.environ["GUIDE_PASSWORD"]},
)
signed_in.raise_for_status()
for trigger, file_path in zip(sys.argv[1::2], sys.argv[2::2]):
    upload_and_wait(session, trigger, file_path)
