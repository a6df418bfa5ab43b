# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Sourced first by everything that runs tests: the same conditions
# from a terminal, under nohup, by cron, with a full environment.
#
#   signals   at their defaults: what was ignored at the start cannot be reset
#             within a shell, so the script is started once more
#   input     empty
#   language  C, in UTC; files are made readable for others
#   $TMPDIR   as it came; every test makes a folder of its own in it
#
# Also says which test runs now, for the time limit of scripts/check.

if [ "${HERMETIC-}" != $$ ]; then
	# The number stays the same, but is another one in a child.
	HERMETIC=$$
	export HERMETIC
	exec env --default-signal "$0" "$@"
fi

exec </dev/null
umask 022
LC_ALL=C TZ=UTC
export LC_ALL TZ
unset LANG LANGUAGE TERM COLUMNS LINES CDPATH ENV BASH_ENV GREP_OPTIONS \
	GREP_COLORS POSIXLY_CORRECT JQ_COLORS NO_COLOR CLICOLOR_FORCE \
	HARNESS_ACTIVE HARNESS_VERSION HARNESS_OPTIONS PROVE_OPTIONS \
	MAKEFLAGS MFLAGS MAKELEVEL V DESTDIR PREFIX BINDIR MANDIR BASHCOMPDIR \
	ZSHCOMPDIR
# A core file for each crash that is provoked would fill the disk.
# shellcheck disable=SC3045 # every shell in use has it
ulimit -c 0 2>/dev/null || :

# now TEXT: what this script is at; without TEXT, nothing any more. Where
# TEXT is "@FILE", the last line of FILE tells.
now()
{
	[ -d "${TEST_NOW-}" ] || return 0
	if [ -n "${1-}" ]; then
		printf '%s\n' "$1" >"$TEST_NOW/${0##*/}"
	else
		rm -f "$TEST_NOW/${0##*/}"
	fi
}
