# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Media that boot loaders boot from, with one image, its initrd and its command
# line on each; and the QEMU words that boot from them. Sourced by
# tests/loaders/run.
#
#   medium_LOADER FOLDER IMAGE INITRD CMDLINE    make it in FOLDER
#   words_LOADER FOLDER                          what QEMU is to be told

syslinux_modules=/usr/lib/syslinux/modules/bios
isolinux_boot=/usr/lib/ISOLINUX/isolinux.bin

# iso_of FOLDER BOOT-FILE: an ISO of FOLDER/tree that boots by El Torito
iso_of()
{
	xorriso -as mkisofs -quiet -b "$2" -c boot.cat -no-emul-boot \
		-boot-load-size 4 -boot-info-table -o "$1/cd.iso" "$1/tree"
}

words_cd()
{
	echo "-drive file=$1/cd.iso,format=raw,if=ide,media=cdrom,readonly=on" \
		"-boot d"
}

# GRUB without its menu: one core image that reads one file of commands.
grub_cd()
{
	mkdir -p "$1/tree"
	cp "$2" "$1/tree/bzimage"
	cp "$3" "$1/tree/initrd"
	printf 'linux%s /bzimage %s\ninitrd%s /initrd\nboot\n' \
		"$5" "$4" "$5" >"$1/tree/commands"
	printf 'set root=cd\nconfigfile /commands\n' >"$1/embedded"
	grub-mkimage -O i386-pc-eltorito -p / -c "$1/embedded" \
		-o "$1/tree/core" \
		biosdisk iso9660 configfile normal linux linux16
	iso_of "$1" core
}

medium_grub()
{
	grub_cd "$1" "$2" "$3" "$4" ''
}

medium_grub16()
{
	grub_cd "$1" "$2" "$3" "$4" 16
}

words_grub()
{
	words_cd "$1"
}

words_grub16()
{
	words_cd "$1"
}

syslinux_config()
{
	printf 'DEFAULT it\nPROMPT 0\nLABEL it\nLINUX bzimage\n'
	printf 'INITRD initrd\nAPPEND %s\n' "$1"
}

medium_isolinux()
{
	mkdir -p "$1/tree"
	cp "$2" "$1/tree/bzimage"
	cp "$3" "$1/tree/initrd"
	cp $isolinux_boot $syslinux_modules/ldlinux.c32 "$1/tree"
	syslinux_config "$4" >"$1/tree/isolinux.cfg"
	iso_of "$1" isolinux.bin
}

words_isolinux()
{
	words_cd "$1"
}

medium_syslinux()
{
	mkdir -p "$1"
	truncate -s 1440K "$1/floppy"
	mformat -i "$1/floppy" -f 1440 ::
	mcopy -i "$1/floppy" "$2" ::/bzimage
	mcopy -i "$1/floppy" "$3" ::/initrd
	syslinux_config "$4" >"$1/config"
	mcopy -i "$1/floppy" "$1/config" ::/syslinux.cfg
	syslinux --install "$1/floppy"
}

words_syslinux()
{
	echo "-drive file=$1/floppy,format=raw,if=floppy -boot a"
}
