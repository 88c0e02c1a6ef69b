#!/bin/sh
# Installs the Debian packages of packages/host.txt that are missing, and only
# those: when nothing is missing it neither needs root nor touches the network.
# With the word "test" or "fleet", those of packages/test.txt or fleet.txt as well.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
lists=host.txt
case "${1:-}" in
test | fleet) lists="$lists $1.txt" ;;
esac
cd "$here/packages" || exit 1
# shellcheck disable=SC2086 # one word for each list
wanted=$(awk '{ sub(/#.*/, "") } NF { print $1 }' $lists)

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
	echo "setup: this machine has no apt-get; install what these Debian packages contain:" $wanted >&2
	exit 69
fi

# dpkg-query fails for packages it never heard of; those are missing as well.
# shellcheck disable=SC2086 # one word for each package
installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
	awk '$1 == "installed" { print $2 }')

missing=
for package in $wanted; do
	case "
$installed
" in
	*"
$package
"*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "setup: not root and no sudo; as root run: apt-get install$missing" >&2
		exit 69
	fi
	as_root=sudo
fi

apt() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes --option Dpkg::Use-Pty=0 "$@" >&2
}

echo "setup: installing$missing (up to three minutes)" >&2
# shellcheck disable=SC2086
if ! apt update || ! apt install --no-install-recommends $missing; then
	echo "setup: apt-get could not install:$missing" >&2
	exit 69
fi
