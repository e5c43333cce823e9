#!/bin/sh
# Looks for what "make test" needs, and with the word browsers for what "make
# test-browsers" needs besides, and installs what Debian has. Go and
# Node.js are the developer's own choice: it only names them.
set -eu

have() { command -v "$1" >/dev/null 2>&1; }

missing=
have go || missing="$missing Go (see go.mod for the version),"
have node || missing="$missing Node.js 18 or later,"
have npm || missing="$missing npm,"
if [ -n "$missing" ]; then
	echo "make test needs:${missing%,}" >&2
	exit 1
fi

# The same choices as in internal/e2e/find.go.
packages=
if [ -n "${CHROME:-}" ]; then
	have "$CHROME" || { echo "make test needs a browser: \$CHROME is no program: $CHROME" >&2; exit 1; }
elif ! have chromium && ! have chromium-browser && ! have google-chrome; then
	packages="$packages chromium"
fi
if [ "${1:-}" = browsers ]; then
	have "${FIREFOX:-firefox-esr}" || have firefox || packages="$packages firefox-esr"
	have WebKitWebDriver || packages="$packages webkit2gtk-driver"
	have Xvfb || packages="$packages xvfb"
	have xauth || packages="$packages xauth"
fi
# The race detector needs cgo.
have "$(go env CC)" || packages="$packages gcc libc6-dev"
[ -n "$packages" ] || exit 0

root=
if [ "$(id -u)" -ne 0 ]; then
	root=sudo
fi
if ! have apt-get || { [ -n "$root" ] && ! have sudo; }; then
	echo "make test needs:$packages (Debian's names; install them as root)" >&2
	exit 1
fi
# shellcheck disable=SC2086 # packages are words
$root env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update && apt-get install -y --no-install-recommends "$@"' sh $packages || {
	echo "make test needs:$packages (apt-get failed to install them)" >&2
	exit 1
}
