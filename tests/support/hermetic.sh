# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Sourced first by every script that runs tests, so that they run under the same
# conditions from a terminal, under nohup, from cron and with a full
# environment.
#
#   signals   have their defaults: a shell cannot reset a signal that it was
#             started with as ignored, so the script is started a second time
#   input     is empty
#   language  is C, in UTC; new files are readable for others
#   $TMPDIR   is unchanged; every test makes its own folder in it
#
# Also tells scripts/check which test is running, for its time limit.

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
	ZSHCOMPDIR SUDO_UID SUDO_GID
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
