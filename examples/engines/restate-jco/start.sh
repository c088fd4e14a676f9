# Starts what does not run of Restate's server and the service, on this machine only, and waits until both answer. State is in state/.
export RESTATE_BIND_IP=127.0.0.1 RESTATE_DISABLE_TELEMETRY=true DO_NOT_TRACK=1
mkdir -p logs
runs() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>>logs/start; }
answers() { curl -s -f -o logs/answer --max-time 5 "$@"; }
# The program itself, since npm's wrapper would be what a signal ends; and without Knosc's password, which it does not need.
server() {
  env -u KNOSC_PASSWORD node_modules/@restatedev/restate-server-*/bin/restate-server --base-dir state >>logs/server 2>&1 &
  echo $! >server.pid
}
service() {
  node service.js >>logs/service 2>&1 &
  echo $! >service.pid
}
# One that was killed holds its port for a moment, and the next one ends at once: started until it answers.
for _ in $(seq 120); do
  runs server.pid || server
  runs service.pid || service
  if answers http://127.0.0.1:8080/restate/health && answers http://127.0.0.1:9070/health \
    && answers http://127.0.0.1:9070/deployments --json '{"uri": "http://127.0.0.1:9080", "force": true}'; then
    exit 0
  fi
  sleep 1
done
echo "no answer; see logs/" >&2
exit 1
