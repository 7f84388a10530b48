#!/bin/sh
# Make ./configure from configure.ac and Makefile.am. Run once after a fresh checkout.
set -eu
cd "$(dirname "$0")"
for tool in autoreconf automake pkg-config; do
	command -v $tool >/dev/null || {
		echo "autogen.sh: $tool is missing (Debian: apt-get install autoconf automake pkg-config)" >&2
		exit 1
	}
done
exec autoreconf --force --install "$@"
