#!/bin/sh
# Runs every fuzz target of the module, one after the other, for FUZZTIME each.
# With words as arguments: those whose names hold one of them.
set -eu
fuzztime=${FUZZTIME:-1m}

failed=
ran=0
for dir in $(go list -f '{{.Dir}}' ./...); do
	grep -qs '^func Fuzz' "$dir"/*_test.go || continue # building the others takes its time
	package=$(go list "$dir")
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		if [ $# -gt 0 ]; then
			wanted=
			for word in "$@"; do
				case "$package.$target" in *"$word"*) wanted=yes ;; esac
			done
			[ -n "$wanted" ] || continue
		fi
		ran=$((ran + 1))
		echo "== $package.$target, $fuzztime"
		# Without a bound, go test shrinks each input that reaches new code for
		# up to a minute, and does nothing else meanwhile.
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" -fuzzminimizetime 5x "$package" ||
			failed="$failed $package.$target"
	done
done
if [ -n "$failed" ]; then
	echo "fuzz: FAILED:$failed" >&2
	echo "fuzz: the inputs are under testdata/fuzz/: keep them as tests" >&2
	exit 1
fi
if [ "$ran" -eq 0 ]; then
	echo "fuzz: there is no such target" >&2
	exit 1
fi
echo "fuzz: $ran targets passed"
