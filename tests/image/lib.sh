# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2317 # functions are arguments
#
# Functions that the suites share: they count, and read bzImages with od, dd and
# the formats' own tools. Sourced by the suites; tests/image/run sets $LAUNCHER,
# $top and $work, a folder for files that suites share.

# shellcheck source=tests/support/hermetic.sh
. "$(dirname "$0")/../support/hermetic.sh"

set -u

: "${LAUNCHER:?run me through tests/image/run}" "${top:?}" "${work:?}"

passed=0 failed=0 skipped=0

pass()
{
	now "after ${claim-the first claim}"
	passed=$((passed + 1))
}

# fail CLAIM [DETAIL...]
fail()
{
	failed=$((failed + 1))
	echo "FAIL $1"
	shift
	[ $# = 0 ] || printf '%s\n' "$@" | sed 's/^/     /'
}

# skip COUNT REASON
skip()
{
	skipped=$((skipped + $1))
	echo "SKIP $2"
}

done_testing()
{
	now
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
	exit
}

# ok CLAIM COMMAND...: the command succeeds.
ok()
{
	claim=$1
	shift
	if log=$("$@" 2>&1); then
		pass
	else
		fail "$claim" "\$ $*" "$log"
	fi
}

# same CLAIM WANT GOT: the texts are equal, and there is one.
same()
{
	claim=$1
	if [ -z "$2" ]; then
		fail "$1" "the independent reading came out empty"
		return
	elif [ "$2" = "$3" ]; then
		pass
		return
	fi
	printf '%s\n' "$2" >"$work/want"
	printf '%s\n' "$3" >"$work/got"
	fail "$1" "$(diff "$work/want" "$work/got" | head -n 20)"
}

# none CLAIM LINES: nothing was found.
none()
{
	if [ -z "$2" ]; then
		pass
	else
		fail "$1" "$2"
	fi
}

# refused CLAIM STATUS PATTERN COMMAND...: exits with STATUS and one matching
# line on stderr; its stdout is passed on.
refused()
{
	claim=$1 want=$2 pattern=$3
	shift 3
	status=0
	"$@" 2>"$work/stderr" || status=$?
	if [ "$status" != "$want" ]; then
		fail "$claim" "exit status $status, not $want" \
			"$(cat "$work/stderr")"
	elif [ "$(wc -l <"$work/stderr")" != 1 ] ||
		! grep -q -e "$pattern" "$work/stderr"; then
		fail "$claim" "stderr is not one line with '$pattern':" \
			"$(cat "$work/stderr")"
	else
		pass
	fi
}

# extracts WANT ARGUMENT...: `extract` with these writes the bytes of WANT.
extracts()
{
	file=$1
	shift
	"$LAUNCHER" extract "$@" >"$work/out" && cmp "$file" "$work/out"
}

# kernel NAME: the path of a stock kernel; fails if it does not exist.
kernel()
{
	"$top/scripts/fetch-kernels" "$1" 2>"$work/fetch.log"
}

# field FILE OFFSET WIDTH: a little-endian number, in decimal
field()
{
	od -An -v -t "u$3" -j "$(($2))" -N "$3" "$1" | tr -d ' '
}

hex()
{
	printf '0x%x\n' "$1"
}

# payload_of FILE: "OFFSET LENGTH" of the payload, from the setup header
payload_of()
{
	sects=$(field "$1" 0x1f1 1)
	[ "$sects" != 0 ] || sects=4
	echo $(((sects + 1) * 512 + $(field "$1" 0x248 4))) \
		"$(field "$1" 0x24c 4)"
}

# cut FILE OFFSET LENGTH: those bytes
cut_bytes()
{
	tail -c +$(($2 + 1)) "$1" | head -c "$3"
}

# format_of FILE OFFSET: the format whose magic is there
format_of()
{
	case $(od -An -v -t x1 -j "$2" -N 6 "$1" | tr -d ' ') in
	1f8b*)		echo gzip ;;
	425a68*)	echo bzip2 ;;
	5d0000*)	echo lzma ;;
	fd377a585a00)	echo xz ;;
	894c5a4f000d)	echo lzo ;;
	02214c18*)	echo lz4 ;;
	28b52ffd*)	echo zstd ;;
	7f454c46*)	echo none ;;
	esac
}

# If the decoded size follows the stream, the tools must not see it.
tail_of()
{
	case $1 in
	gzip|none)	echo 0 ;;
	*)		echo 4 ;;
	esac
}

# decode FORMAT: stdin to stdout, with the format's own tool
decode()
{
	case $1 in
	gzip)	gzip -dc ;;
	bzip2)	bzip2 -dc ;;
	lzma)	xz --format=lzma -dc ;;
	xz)	xz --format=xz -dc ;;
	lzo)	lzop -dc ;;
	lz4)	lz4 -q -dc ;;
	zstd)	zstd -q --long=31 -dc ;;
	none)	cat ;;
	esac
}

# Hex numbers as decimal ones, and without leading zeros. For awk programs.
# shellcheck disable=SC2034
awk_hex='
function dec(h,  i, n) {
	n = 0
	sub(/^0x/, "", h)
	for (i = 1; i <= length(h); i++)
		n = n * 16 + index("0123456789abcdef", substr(h, i, 1)) - 1
	return n
}
function short(h) {
	sub(/^0x0*/, "", h)
	return "0x" (h == "" ? "0" : h)
}'

# elf_size FILE: the end of the last part that readelf shows
elf_size()
{
	readelf -hlSW "$1" | awk "$awk_hex"'
	function reach(end) { if (end > max) max = end }
	/Start of program headers:/	{ phoff = $5 }
	/Start of section headers:/	{ shoff = $5 }
	/Size of program headers:/	{ phsize = $5 }
	/Size of section headers:/	{ shsize = $5 }
	/Number of program headers:/	{ reach(phoff + phsize * $5) }
	/Number of section headers:/	{ reach(shoff + shsize * $5) }
	/^  \[ *[0-9]+\]/ {
		sub(/^  \[ *[0-9]+\] */, "")
		if ($1 != "NULL" && $2 != "NOBITS" && $2 != "NULL")
			reach(dec($4) + dec($5))
	}
	/^  [A-Z_]+ +0x[0-9a-f]+ 0x/	{ reach(dec($2) + dec($5)) }
	END { printf "%d\n", max }'
}

# decoded NAME: the stock kernel's payload as the tools decode it, with the
# relocations behind the ELF, and without them
decoded()
{
	dir=$work/$1
	if [ ! -d "$dir" ]; then
		mkdir "$dir"
		image=$(kernel "$1") || return 1
		# shellcheck disable=SC2046 # two words are meant
		set -- $(payload_of "$image")
		format=$(format_of "$image" "$1")
		cut_bytes "$image" "$1" $(($2 - $(tail_of "$format"))) |
			decode "$format" >"$dir/whole"
		head -c "$(elf_size "$dir/whole")" "$dir/whole" >"$dir/elf"
	fi
	[ -s "$dir/elf" ]
}
