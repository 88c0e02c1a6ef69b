#!/bin/sh
# Prints the licences of all libraries that are linked into programs:
#     licences.sh GO PACKAGE...
# They want to go along with the programs. Fails for a library without a licence file.
set -eu

go=$1
shift
line=----------------------------------------------------------------
modules=$("$go" list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' "$@" | sort -u)
echo "Licences of the libraries that are linked into loopfault."
echo "$modules" | while read -r path version dir; do
	files=$(find "$dir" -maxdepth 1 -type f \( -iname '*licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) | sort)
	if [ -z "$files" ]; then
		echo "licences: $path has no licence file" >&2
		exit 1
	fi
	for file in $files; do
		printf '\n%s\n%s %s, %s\n\n' "$line" "$path" "$version" "${file##*/}"
		cat "$file"
	done
done
printf '\n%s\nThe Go standard library\n\n' "$line"
cat "$("$go" env GOROOT)/LICENSE"
