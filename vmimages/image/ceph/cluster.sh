# Makes the cluster inside the root $1, in a network of its own, and stops it in order, so
# that a guest only has to start its daemons.
unshare --net --mount --pid --fork --kill-child sh -eu -s "$1" <<'INSIDE'
root=$1
ip link set lo up
ip addr add 10.9.9.1/32 dev lo
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
mkdir -p "$root/run/ceph"
# What runs in the background is started without this function: $! would be a shell.
within() { chroot "$root" "$@"; }

within mkdir -p /var/lib/ceph/mon /var/lib/ceph/osd/0 /var/lib/ceph/mds/a
fsid=$(sed -n 's/^fsid = //p' "$root/etc/ceph/ceph.conf")
within monmaptool --create --fsid "$fsid" --set-min-mon-release pacific \
  --addv a '[v2:10.9.9.1:3300,v1:10.9.9.1:6789]' /tmp/monmap
within ceph-mon --mkfs -i a --monmap /tmp/monmap
chroot "$root" ceph-mon -i a -f & mon=$!

osd=6c6f6f70-6661-756c-7463-65706800000d
command() { within python3 -c "$commands" "$@"; }
commands='
import json, rados, sys
with rados.Rados(conffile="/etc/ceph/ceph.conf", name="client.admin") as cluster:
    for text in sys.argv[1:]:
        code, out, message = cluster.mon_command(text, b"", timeout=120)
        if code:
            sys.exit(text + ": " + message)
        print(out.decode())
'
command '{"prefix": "osd new", "uuid": "'$osd'"}'
within ceph-osd -i 0 --mkfs --osd-uuid $osd
chroot "$root" ceph-osd -i 0 -f & store=$!
command '{"prefix": "osd pool create", "pool": "meta", "pg_num": 4}' \
  '{"prefix": "osd pool create", "pool": "data", "pg_num": 4}' \
  '{"prefix": "fs new", "fs_name": "loop", "metadata": "meta", "data": "data"}'
chroot "$root" ceph-mds -i a -f & mds=$!
until command '{"prefix": "mds stat"}' | grep up:active; do sleep 0.5; done

# A metadata server that is asked to stop would hand over its rank, and a guest's would
# wait for a new one.
kill -KILL $mds
kill $store; wait $store || true
kill $mon; wait $mon || true
if ! ls "$root/var/lib/ceph/osd/0" | grep -q _head; then
  echo "E: the object store did not save its objects" >&2
  exit 1
fi
INSIDE
sed -i 's/^\[osd\]$/&\nosd_crush_update_on_start = false/' "$1/etc/ceph/ceph.conf"
