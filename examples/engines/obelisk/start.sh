# Starts what does not run of Obelisk and of a server for the files, on this machine only, and waits until both answer. State is in state/.
# `sh start.sh again`: an Obelisk that runs finishes its calls and is started anew. `sh start.sh stop`: both end.
mkdir -p logs
runs() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>>logs/start; }
stop() {
  kill "$(cat "$1")"
  for _ in $(seq 120); do
    runs "$1" || break
    sleep 1
  done
  rm "$1"
}
answers() { curl -s -f -o logs/answer --max-time 5 "$1"; }
server() {
  tool/bin/obelisk server run --server-config server.toml --deployment "${DEPLOYMENT:-deployment.toml}" >>logs/server 2>&1 &
  echo $! >server.pid
}
files() {
  env -u KNOSC_PASSWORD python3 -m http.server 9082 --bind 127.0.0.1 --directory exports >>logs/files 2>&1 &
  echo $! >files.pid
}
case "${1:-}" in
again) stop server.pid ;;
stop) stop server.pid && stop files.pid && exit ;;
esac
# One that was killed holds its port for a moment, and the next one ends at once: started until it answers.
for _ in $(seq 120); do
  runs server.pid || server
  runs files.pid || files
  if answers http://127.0.0.1:5005/v1/functions && answers http://127.0.0.1:9082/; then
    exit 0
  fi
  sleep 1
done
echo "no answer; see logs/" >&2
exit 1
