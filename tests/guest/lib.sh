# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Functions that the suites here share: they run the launcher, check its status,
# its console and its one line on stderr, and count. Sourced by the suites;
# tests/guest/run sets $LAUNCHER, $guests, $helpers and $work.

# shellcheck source=tests/support/hermetic.sh
. "$(dirname "$0")/../support/hermetic.sh"

set -u

: "${LAUNCHER:?run me through tests/guest/run}" "${guests:?}" "${work:?}"
: "${helpers:?}"

# Longer than any run takes on a slow KVM of a busy machine.
patience=${GUEST_PATIENCE:-300}

passed=0 failed=0 skipped=0
out=$work/out err=$work/err

# start NAME: the following checks are about the run of that name.
start()
{
	name=$1
	now "$name"
	out=$work/$1.out err=$work/$1.err
	ran='' complaint=''
}

# complain TEXT: the run is wrong; only the first text counts.
complain()
{
	[ -n "$complaint" ] || complaint=$1
}

# finish: count the run, and show what helps to understand a failure.
finish()
{
	if [ -z "$complaint" ]; then
		passed=$((passed + 1))
		echo "ok $name"
		return
	fi
	failed=$((failed + 1))
	echo "FAILED $name: $complaint"
	{
		echo "\$ $ran"
		[ ! -s "$err" ] || tail -n 5 "$err"
		[ ! -s "$out" ] || tail -n 12 "$out"
	} | awk '{ print "    " $0 }'
}

# skip NAME REASON
skip()
{
	skipped=$((skipped + 1))
	echo "skip $1: $2"
}

done_testing()
{
	now
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
	exit
}

# launch ARGUMENT...: run to the end; stdin is the caller's. Sets $status.
launch()
{
	ran="$LAUNCHER $*"
	status=0
	timeout -k 5 "$patience" "$LAUNCHER" "$@" >"$out" 2>"$err" || status=$?
}

want_status()
{
	[ "$status" = "$1" ] || complain "status $status, wanted $1"
}

# want_console PATTERNS: separated by " & ", matched by lines in order; `!`
# means that no line may match.
want_console()
{
	why=$(PATTERNS=$1 tests/support/lines_match "$out") || :
	[ -z "$why" ] || complain "$why"
}

# want_stderr [REGEX]: exactly one line, which matches; without REGEX, no
# output.
want_stderr()
{
	if [ -z "${1-}" ]; then
		[ ! -s "$err" ] || complain "stderr is not empty"
	elif [ "$(wc -l <"$err")" != 1 ]; then
		complain "stderr is not one line"
	elif ! grep -qE -e "$1" "$err"; then
		complain "stderr does not match: $1"
	fi
}

# background ARGUMENT...: the same, without waiting; $pid is the launcher.
background()
{
	ran="$LAUNCHER $* &"
	# Before the other process gets that far: an earlier run's files must
	# not be mistaken for this one's.
	: >"$out"
	: >"$err"
	# A shell lets its background jobs ignore these.
	env --default-signal=INT,QUIT "$LAUNCHER" "$@" </dev/null \
		>"$out" 2>"$err" &
	pid=$!
}

# await_line REGEX: wait for this line on the console; false if it never comes.
await_line()
{
	n=0
	until grep -qsE -e "$1" "$out"; do
		n=$((n + 1))
		if [ $n -gt $((patience * 10)) ] || ! kill -0 "$pid"; then
			complain "never said: $1"
			return 1
		fi
		sleep 0.1
	done
}

# await_handler: wait until the background run handles SIGINT; from then on, a
# signal does not kill it.
await_handler()
{
	n=0
	# Not while it is still the shell or env, which have their own handlers.
	until grep -qs '^launcher' "/proc/$pid/comm" &&
		grep -qsE '^Sig(Blk|Cgt):.*[2367abef]$' "/proc/$pid/status"; do
		n=$((n + 1))
		if [ $n -gt $((patience * 10)) ]; then
			complain "it takes no signals"
			return 1
		fi
		sleep 0.1
	done
}

# await COMMAND...: wait until it succeeds; complain if it never does.
await()
{
	n=0
	until "$@"; do
		n=$((n + 1))
		if [ $n -gt $((patience * 50)) ]; then
			complain "never: $*"
			return 1
		fi
		sleep 0.02
	done
}

# is_stopped: whether the background run is stopped, as by SIGSTOP
is_stopped()
{
	grep -qs '^State:[[:space:]]*T' "/proc/$pid/status"
}

# is_going: the opposite
is_going()
{
	! is_stopped
}

# is_decoding: whether the background run has reached the payload of slow_image,
# which makes its memory grow
is_decoding()
{
	[ "$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status" 2>/dev/null)" \
		-gt 16384 ] 2>/dev/null
}

# slack: nanoseconds that a busy machine may add to an instant operation.
slack()
{
	from=$(date +%s%N)
	"$LAUNCHER" --version >/dev/null
	echo $((10 * ($(date +%s%N) - from)))
}

# ours: the launchers of these suites that still run
ours()
{
	grep -lzxF "work=$work" /proc/[0-9]*/environ 2>/dev/null |
		while read -r process; do
			process=${process%/environ}
			[ "$(readlink "$process/exe")" != \
				"$(readlink -f "$LAUNCHER")" ] ||
				echo "${process##*/}"
		done
}

# await_end: set $status from the background run; kill it if it never ends.
await_end()
{
	n=0
	while kill -0 "$pid" 2>/dev/null; do
		n=$((n + 1))
		if [ $n -gt $((patience * 10)) ]; then
			complain "it did not end"
			kill -KILL "$pid"
		fi
		sleep 0.1
	done
	status=0
	wait "$pid" || status=$?
}

# slow_image KERNEL FILE: pack the kernel's ELF so that decoding takes a second
# or two: random bytes follow it, which lzma cannot compress.
slow_image()
{
	{
		cat "$1"
		head -c 48M /dev/urandom
	} | xz --format=lzma -0 >"$2"
}

# crc32 FILE: as eight hexadecimal digits, from the end of gzip's output.
crc32()
{
	gzip -c "$1" | tail -c 8 | od -An -tx4 -N4 | tr -d ' '
}

# repeated TEXT COUNT
repeated()
{
	awk -v text="$1" -v count="$2" 'BEGIN {
		while (count-- > 0)
			printf "%s", text
	}'
}
