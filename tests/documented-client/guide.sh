#!/bin/sh
# The guide's three steps with curl. Ours are the base URL, the sign-in, the poll interval and the list of files (arguments:
# trigger and file in turn). Runs in a folder of its own for cookies.txt. The password comes by environment.
set -eu

printf '{"username":"%s","password":"%s"}' "$GUIDE_USERNAME" "$GUIDE_PASSWORD" |
  curl -sS --fail --noproxy '*' -o /dev/null -c cookies.txt -X POST "$GUIDE_BASE_URL/api/authenticate" \
    -H "Content-Type: application/json" -d @-

while [ $# -gt 0 ]; do
  CSRF=$(grep csrf_access_token cookies.txt | awk '{print $NF}')
  answer=$(curl -sS --fail --noproxy '*' -b cookies.txt -X POST \
    "$GUIDE_BASE_URL/api/job/$1" \
    -H "X-XSRF-TOKEN: $CSRF" \
    -F "file=@$2")
  job=$(printf '%s' "$answer" | sed 's/.*"job_id" *: *"\([^"]*\)".*/\1/')
  until
    answer=$(curl -sS --fail --noproxy '*' -b cookies.txt \
      "$GUIDE_BASE_URL/api/job?jobs=%5B%7B%22trigger%22%3A%22$1%22%2C%22job_id%22%3A%22$job%22%7D%5D")
    printf '%s' "$answer" | grep -q '"status" *: *"completed"'
  do
    if printf '%s' "$answer" | grep -q '"status" *: *"failed"'; then
      printf '%s\n' "$answer" >&2
      exit 1
    fi
    sleep 0.02
  done
  shift 2
done
