# sh load.sh NAME TRIGGER=FILE…: a load of files in exports/, and what became of it. The same name is the same load: it is waited for, not
# started again.
mkdir -p loads
[ -s "loads/$1" ] || tool/bin/obelisk generate execution-id >"loads/$1"
id=$(cat "loads/$1")
shift
files=
for word; do
  name=${word#*=}
  sha256=$(sha256sum "exports/$name" | cut -c 1-64)
  content="{\"url\": \"http://127.0.0.1:9082/$name\"}"
  files="$files${files:+, }{\"trigger\": \"${word%%=*}\", \"name\": \"$name\", \"content\": $content, \"sha256\": \"$sha256\"}"
done
tool/bin/obelisk execution submit --execution-id "$id" example:knosc-load/load@0.1.0.run "[\"$KNOSC_URL\", [$files]]"
exec tool/bin/obelisk execution result --follow "$id"
