#!/usr/bin/env bash
# Builds the image and checks it in a running container, without a Docker engine: it uses Debian's
# mmdebstrap and buildah. Needs root on Debian or Ubuntu. Debian packages come from the mirror that
# apt uses; npm packages come from the registry of your npm configuration.
#
#   deploy/build-image.sh [image name, default mistd]
#
# $STORE (default ~/.cache/mistd-image) keeps the image and its base; delete it to start over.
set -euo pipefail
cd "$(dirname "$0")/.."

image=${1:-mistd}
STORE=${STORE:-${XDG_CACHE_HOME:-$HOME/.cache}/mistd-image}
base=$(sed -n 's/^FROM \([^ ]*\)$/\1/p' Dockerfile) # node:<major>-<Debian release>-slim
node_major=${base#node:} && node_major=${node_major%%-*}
release=${base%-slim} && release=${release##*-}
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
container='' server=''

main() {
  install_packages
  mkdir -p "$STORE"
  images inspect --type image "$base" >"$work/base.json" 2>&1 || make_base
  build
  check
}

# Runs buildah with its own storage.
images() {
  buildah --root "$STORE/root" --runroot "$STORE/run" --storage-driver vfs "$@"
}

install_packages() {
  local missing=()
  for package in buildah mmdebstrap curl; do
    dpkg-query --show "$package" >"$work/query" 2>&1 || missing+=("$package")
  done
  if ((${#missing[@]})); then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  fi
}

# Makes what the Dockerfile takes from a registry: a small Debian, Node with npm, and the user node.
make_base() {
  step "Base $base"
  local mirror npm_arch=${architecture/amd64/x64}
  # shellcheck disable=SC2016 # $(REPO_URI) is for apt-get
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/$' || true)
  mmdebstrap --quiet --variant=minbase --include=ca-certificates,libstdc++6 "$release" "$work/base.tar" \
    ${mirror:+"$mirror"}
  (cd "$work" && npm pack --silent "node-linux-$npm_arch@$node_major" npm@11 >packed)
  mkdir -p "$work/usr/bin" "$work/usr/lib/node_modules/npm"
  tar -xzf "$work/$(sed -n 1p "$work/packed")" -C "$work/usr" --strip-components=1 package/bin/node
  tar -xzf "$work/$(sed -n 2p "$work/packed")" -C "$work/usr/lib/node_modules/npm" --strip-components=1
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/usr/bin/npm"
  chmod 755 "$work/usr/bin/node" "$work/usr/lib/node_modules/npm/bin/npm-cli.js"

  container=$(images from scratch)
  images add --quiet "$container" "$work/base.tar" /
  images copy --quiet "$container" "$work/usr" /usr
  images run --isolation chroot "$container" -- useradd --create-home --uid 1000 node
  images config --cmd node "$container"
  images commit --quiet --format docker "$container" "$base"
  images rm "$container" >"$work/removed"
  container=''
}

build() {
  step "Image $image"
  # npm in the container uses your registry and the certificates that this machine trusts.
  # chroot isolation needs no namespaces from the machine.
  local certificates=/etc/ssl/certs/ca-certificates.crt
  {
    echo "registry=$(npm config get registry)"
    echo "cafile=$certificates"
    echo "update-notifier=false"
  } >"$work/npmrc"
  images bud --quiet --pull-never --isolation chroot --format docker \
    --volume "$certificates:$certificates:ro" --secret "id=npmrc,src=$work/npmrc" --tag "$image" .
}

# Runs the image's command as process 1 of a new process namespace, as an engine would.
check() {
  step "Running it"
  container=$(images from --pull-never "$image")
  local root port uid environment command health pid
  root=$(images mount "$container")
  port=$(node -e 's = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close(); })')
  uid=$(images inspect --format '{{.OCIv1.Config.User}}' "$container")
  uid=${uid%%:*}
  mapfile -t environment < <(images inspect --format '{{range .OCIv1.Config.Env}}{{println .}}{{end}}' "$container" | grep .)
  mapfile -t command < <(images inspect --format '{{range .OCIv1.Config.Cmd}}{{println .}}{{end}}' "$container" | grep .)
  mapfile -t health < <(images inspect --format '{{range .Docker.Config.Healthcheck.Test}}{{println .}}{{end}}' "$container" | grep .)
  [[ ${health[0]} == CMD ]] || fail "the health check is not in exec form"

  local inside=(env -i "${environment[@]}" "PORT=$port")
  "${inside[@]}" unshare --fork --pid --root="$root" --wd=/app --mount-proc --setgid "$uid" --setuid "$uid" \
    "${command[@]}" >"$work/log" 2>&1 &
  server=$!

  for ((i = 0; ; i++)); do
    "${inside[@]}" chroot --userspec="$uid:$uid" "$root" "${health[@]:1}" && break
    kill -0 "$server" 2>"$work/kill" || fail "the service ended: $(cat "$work/log")"
    ((i < 100)) || fail "the service is not healthy after $i tries: $(cat "$work/log")"
    sleep 0.3
  done
  say "its own health check passes"

  pid=$(pgrep -P "$server")
  [[ $(awk '/^NSpid/ { print $NF }' "/proc/$pid/status") == 1 ]] || fail "node is not process 1"
  [[ $uid != 0 && $(stat -c %u "/proc/$pid") == "$uid" ]] || fail "the service runs as user $(stat -c %u "/proc/$pid"), not $uid"
  "${inside[@]}" chroot --userspec="$uid:$uid" "$root" sh -c 'test ! -w /app && test ! -w /app/models' || fail "the service can change its files"
  say "node is process 1, runs as user $uid and cannot change its files"

  # shellcheck disable=SC2016 # the code is JavaScript's
  curl -sSf -H 'content-type: application/json' "http://127.0.0.1:$port/estimate" \
    -d "$(node -e 'const x = Array.from({ length: 200 }, (_, i) => Math.sin(i * i)); console.log(JSON.stringify({ x, y: x.map((v, i) => v + Math.sin(7 * i)) }))')" \
    >"$work/reply"
  # shellcheck disable=SC2016 # the code is JavaScript's
  node -e 'const { estimate, interval, model } = JSON.parse(fs.readFileSync(0)); console.log(`  estimate ${estimate.toFixed(3)} nats in ${interval.lower.toFixed(3)} … ${interval.upper.toFixed(3)}, model ${model.id} ${model.version}`); process.exit(interval.lower <= estimate && estimate <= interval.upper ? 0 : 1)' <"$work/reply" ||
    fail "the reply is wrong: $(cat "$work/reply")"

  kill -TERM "$pid"
  local status=0
  wait "$server" || status=$?
  server=''
  ((status == 0)) || fail "the service exited with $status on SIGTERM: $(cat "$work/log")"
  say "it exits with 0 on SIGTERM"

  step "Size"
  say "$(images images --format '{{.Size}}' "$image"), of which the base is $(images images --format '{{.Size}}' "$base")"
  (cd "$root/app" && du -sh -- * | sed 's/^/  /')
}

step() { echo "== $*"; }
say() { echo "  $*"; }
fail() {
  echo "failed: $*" >&2
  exit 1
}

clean() {
  [[ -z $server ]] || kill "$(pgrep -P "$server")" || true
  [[ -z $container ]] || images rm "$container" >"$work/removed" || true
  rm -rf "$work"
}
trap clean EXIT

main
