# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# bash completion for launcher(1).
# Made by `make completions`: change launcher.bash.in or the option table.

_launcher_commands='run exec inspect extract pack verify test'

# _launcher_options COMMAND: long forms first.
_launcher_options()
{
	case $1 in
	run) printf '%s\n' \
		--mem -m \
		--keep-free \
		--cpus -c \
		--expose \
		--initrd -i \
		--cmdline -p \
		--boot -b \
		--kaslr \
		--disk -d \
		--share \
		--console \
		--port \
		--net -n \
		--name \
		--vsock \
		--balloon \
		--virtio \
		--sandbox \
		--run-as \
		--timeout \
		--limit-output \
		--expect \
		--fail-on \
		--send \
		--symbols \
		--report \
		--timeline \
		--dmesg \
		--core \
		--trace \
		--gdb \
		--gdb-lost \
		--verbose -v \
		--help -h \
		--version -V ;;
	exec) printf '%s\n' \
		--mem -m \
		--keep-free \
		--cpus -c \
		--expose \
		--initrd -i \
		--cmdline -p \
		--boot -b \
		--kaslr \
		--disk -d \
		--share \
		--port \
		--net -n \
		--name \
		--vsock \
		--balloon \
		--virtio \
		--sandbox \
		--run-as \
		--timeout \
		--limit-output \
		--fail-on \
		--symbols \
		--report \
		--timeline \
		--dmesg \
		--core \
		--trace \
		--gdb \
		--gdb-lost \
		--kernel -k \
		--modules \
		--root \
		--rw \
		--user \
		--verbose -v \
		--help -h \
		--version -V ;;
	inspect) printf '%s\n' \
		--mem -m \
		--initrd -i \
		--boot -b \
		--kaslr \
		--disk -d \
		--share \
		--console \
		--port \
		--net -n \
		--vsock \
		--balloon \
		--virtio \
		--sandbox \
		--map \
		--json \
		--drivers \
		--symbols \
		--verbose -v \
		--help -h \
		--version -V ;;
	extract) printf '%s\n' \
		--sandbox \
		--symbols \
		--output -o \
		--keep-relocs \
		--verbose -v \
		--help -h \
		--version -V ;;
	pack) printf '%s\n' \
		--sandbox \
		--output -o \
		--format \
		--level \
		--verbose -v \
		--help -h \
		--version -V ;;
	verify) printf '%s\n' \
		--mem -m \
		--kaslr \
		--sandbox \
		--timeout \
		--json \
		--flip \
		--verbose -v \
		--help -h \
		--version -V ;;
	test) printf '%s\n' \
		--sandbox \
		--output -o \
		--jobs -j \
		--filter \
		--list \
		--retries \
		--tap \
		--verbose -v \
		--help -h \
		--version -V ;;
	esac
}

# _launcher_offer ARGUMENT...: what compgen makes of $cur, names with spaces in
# one piece.
_launcher_offer()
{
	local line

	while IFS= read -r line; do
		COMPREPLY+=("$line")
	done < <(compgen "$@" -- "$cur")
}

# _launcher_argument COMMAND OPTION: offer its argument; fails if there is none.
_launcher_argument()
{
	case "$1 $2" in
	*' -m' | *' --mem')
		_launcher_offer -W '64M 128M 256M 512M 1G 2G 4G 8G' ;;
	*' --keep-free')
		_launcher_offer -W '0 512M 1G' ;;
	*' -c' | *' --cpus')
		: ;;
	*' --expose')
		_launcher_offer -W 'nested pmu nested pmu' ;;
	*' -i' | *' --initrd')
		_launcher_offer -f ;;
	*' -p' | *' --cmdline')
		: ;;
	*' -b' | *' --boot')
		_launcher_offer -W 'auto pvh elf64 elf32 linux64 linux32 linux16' ;;
	*' -d' | *' --disk')
		_launcher_offer -f ;;
	*' --share')
		_launcher_offer -f ;;
	*' --console')
		_launcher_offer -W 'serial virtio' ;;
	*' --port')
		: ;;
	*' -n' | *' --net')
		: ;;
	*' --name')
		: ;;
	*' --vsock')
		: ;;
	*' --balloon')
		_launcher_offer -W '0 64M 256M 1G' ;;
	*' --virtio')
		_launcher_offer -W 'auto pci mmio' ;;
	*' --sandbox')
		_launcher_offer -W 'on log off' ;;
	*' --run-as')
		_launcher_offer -W 'daemon' ;;
	*' --timeout')
		_launcher_offer -W '10s 30s 1m 5m' ;;
	*' --limit-output')
		_launcher_offer -W '1M 16M 100M' ;;
	*' --expect')
		: ;;
	*' --fail-on')
		: ;;
	*' --send')
		: ;;
	'run --symbols' | 'exec --symbols')
		_launcher_offer -f ;;
	*' --report')
		_launcher_offer -f ;;
	*' --timeline')
		_launcher_offer -f ;;
	*' --dmesg')
		_launcher_offer -f ;;
	*' --core')
		_launcher_offer -f ;;
	*' --trace')
		_launcher_offer -W 'pio mmio exits irq' ;;
	*' --gdb-lost')
		_launcher_offer -W 'continue kill stop' ;;
	*' -k' | *' --kernel')
		_launcher_offer -f ;;
	*' --modules')
		: ;;
	*' --root')
		: ;;
	*' --rw')
		: ;;
	*' --user')
		_launcher_offer -W 'root' ;;
	*' --map')
		_launcher_offer -f ;;
	*' -o' | *' --output')
		_launcher_offer -f ;;
	*' --format')
		_launcher_offer -W 'gzip bzip2 lzma xz lzo lz4 zstd none' ;;
	*' --level')
		_launcher_offer -W '1 2 3 4 5 6 7 8 9' ;;
	*' --flip')
		: ;;
	*' -j' | *' --jobs')
		: ;;
	*' --filter')
		: ;;
	*' --retries')
		_launcher_offer -W '0 1 2 3' ;;
	*) return 1 ;;
	esac
}

_launcher()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=run

	if [[ $COMP_CWORD != 1 &&
		" $_launcher_commands " == *" ${COMP_WORDS[1]} "* ]]; then
		command=${COMP_WORDS[1]}
	fi
	# bash breaks --boot=pvh into three words.
	if [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $cur == = ]]; then
		cur=
	fi

	COMPREPLY=()
	if _launcher_argument "$command" "$prev"; then
		return
	elif [[ $cur == -* ]]; then
		_launcher_offer -W "$(_launcher_options "$command")"
	else
		[[ $COMP_CWORD != 1 ]] || _launcher_offer -W "$_launcher_commands"
		_launcher_offer -f
	fi
}

complete -o filenames -F _launcher launcher
