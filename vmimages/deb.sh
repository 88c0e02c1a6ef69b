#!/bin/sh
# Makes the Debian package out of what `make install DESTDIR=TREE PREFIX=/usr` left:
#     deb.sh NFPM TREE VERSION DIRECTORY
# NFPM is the program that packs it. $MAINTAINER and the time $SOURCE_DATE_EPOCH go into the package. What it
# depends on and what it recommends comes from packages/host.txt, what it suggests from optional.txt.
set -eu

nfpm=$1 tree=$2 version=$3 out=$4
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
doc=$tree/usr/share/doc/loopfault

# packages lists those with that word in the third column, of host.txt or another list, as YAML.
packages() {
	awk -v word="$1" '{ sub(/#.*/, "") } NF && $3 == word { print "  - " $1 }' "$here/packages/${2:-host.txt}"
}

cat >"$doc/copyright" <<EOF
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: loopfault
Comment: Licences of the libraries that are linked into the programs are in
 licences-of-libraries.txt.gz beside this file.

Files: *
Copyright: 2026 The loopfault authors
License: Apache-2.0
 The full text is in /usr/share/common-licenses/Apache-2.0.

Files: vmimages/kernel/patches/* vmimages/kernel/instrumentation/*
Copyright: 2026 The loopfault authors and the authors of the Linux kernel
License: GPL-2.0-only
 These patches are carried in the program as data, and applied to kernel sources.
 The full text is in /usr/share/common-licenses/GPL-2.
EOF
rm "$doc/LICENSE" # Debian has it in common-licenses
gzip -9n "$tree/usr/share/man/man1/loopfault.1" "$doc/licences-of-libraries.txt"
gzip -9nc >"$doc/changelog.gz" <<EOF
loopfault ($version) unstable; urgency=medium

  * What changed is in CHANGELOG.md beside this file.

 -- $MAINTAINER  $(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")
EOF
mkdir -p "$tree/usr/share/lintian/overrides"
cat >"$tree/usr/share/lintian/overrides/loopfault" <<EOF
# The agent runs in guests of other Debian releases, and the program is one file to carry.
loopfault: statically-linked-binary
EOF
chmod -R u=rwX,go=rX "$tree"

cat >"$out/nfpm.yaml" <<EOF
name: loopfault
arch: amd64
version: $version
version_schema: none
section: kernel
priority: optional
maintainer: $MAINTAINER
description: |
  fault injection for loop-back NFS mounts
  loopfault boots QEMU guests in which one Linux kernel is NFS server and NFS
  client at once, injects faults where a reported bug lives, sees every task
  that hangs, and says with numbers whether one kernel hangs more often than
  another.
depends:
$(packages run)
recommends:
$(packages "")
suggests:
$(packages "" optional.txt)
contents:
  - src: $tree
    dst: /
    type: tree
EOF
"$nfpm" package --config "$out/nfpm.yaml" --packager deb --target "$out"
rm "$out/nfpm.yaml"
