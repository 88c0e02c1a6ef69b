# Takes the three daemons, and monmaptool, out of their Debian packages into the root $1.
# The packages themselves would bring the manager, Python, LVM and cryptsetup with them.
cd "$1/tmp"
for package in ceph-base ceph-mon ceph-osd ceph-mds; do
  APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -o APT::Sandbox::User=root download "$package"
  dpkg-deb --fsys-tarfile "$package"_*.deb |
    tar -x -C "$1" --wildcards './usr/bin/ceph-m[od][ns]' ./usr/bin/ceph-osd ./usr/bin/monmaptool 2>/dev/null || true
  echo "$package" "$(dpkg-deb -f "$package"_*.deb Version)" >>"$1/etc/ceph/packages"
  rm "$package"_*.deb
done
for program in ceph-mon ceph-osd ceph-mds monmaptool; do
  lacks=$(chroot "$1" ldd "/usr/bin/$program" | grep 'not found') || continue
  echo "E: $program lacks libraries: $lacks" >&2
  exit 1
done
