# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# bash completion for launcher(1).

# The options of each command, long form first.
_launcher_options()
{
	printf '%s\n' --verbose -v --help -h --version -V
	case $1 in
	run)
		printf '%s\n' --mem -m --cpus -c --initrd -i --cmdline -p \
			--boot -b --virtio --timeout --expect --fail-on --send --symbols --report --trace \
			--timeline --gdb --gdb-lost
		;;
	inspect)
		printf '%s\n' --boot -b --json --map --mem -m --initrd -i --virtio \
			--symbols
		;;
	extract)
		printf '%s\n' --output -o --keep-relocs --symbols
		;;
	pack)
		printf '%s\n' --output -o --format --level
		;;
	verify)
		printf '%s\n' --mem -m --timeout --json --flip
		;;
	test)
		printf '%s\n' --jobs -j --output -o --filter --list --retries \
			--tap
		;;
	esac
}

# One candidate per line into COMPREPLY, names with spaces in one piece.
_launcher_reply()
{
	local line

	COMPREPLY=()
	while IFS= read -r line; do
		COMPREPLY+=("$line")
	done
}

_launcher()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=run

	case ${COMP_WORDS[1]-} in
	run | inspect | extract | pack | verify | test)
		[[ $COMP_CWORD == 1 ]] || command=${COMP_WORDS[1]}
		;;
	esac
	# bash breaks --boot=pvh into three words.
	if [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $cur == = ]]; then
		cur=
	fi

	case $prev in
	-b | --boot)
		_launcher_reply < <(compgen -W \
			'auto pvh elf64 elf32 linux64 linux32 linux16' \
			-- "$cur")
		return
		;;
	-m | --mem)
		_launcher_reply < <(compgen -W \
			'64M 128M 256M 512M 1G 2G 4G 8G' -- "$cur")
		return
		;;
	--timeout)
		_launcher_reply < <(compgen -W '10s 30s 1m 5m' -- "$cur")
		return
		;;
	-c | --cpus | -p | --cmdline | --expect | --fail-on | --send | --flip | \
		-j | --jobs | --filter | --retries)
		COMPREPLY=()
		return
		;;
	--format)
		_launcher_reply < <(compgen -W \
			'gzip bzip2 lzma xz lzo lz4 zstd none' -- "$cur")
		return
		;;
	--level)
		_launcher_reply < <(compgen -W '1 2 3 4 5 6 7 8 9' -- "$cur")
		return
		;;
	--virtio)
		_launcher_reply < <(compgen -W 'auto pci mmio' -- "$cur")
		return
		;;
	--gdb-lost)
		_launcher_reply < <(compgen -W 'continue kill stop' -- "$cur")
		return
		;;
	--trace)
		_launcher_reply < <(compgen -W 'pio mmio exits irq pio,mmio' \
			-- "$cur")
		return
		;;
	-i | --initrd | -o | --output | --symbols | --report | --timeline | --map)
		_launcher_reply < <(compgen -f -- "$cur")
		return
		;;
	esac

	if [[ $cur == -* ]]; then
		_launcher_reply < <(compgen -W \
			"$(_launcher_options "$command")" -- "$cur")
	elif [[ $COMP_CWORD == 1 ]]; then
		_launcher_reply < <(compgen -W 'run inspect extract pack verify test' \
			-- "$cur"
			compgen -f -- "$cur")
	else
		_launcher_reply < <(compgen -f -- "$cur")
	fi
}

complete -o filenames -F _launcher launcher
