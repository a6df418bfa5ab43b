# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What the scripts share: messages, --help, the cache folder, and the list of
# kernel modules that are worth keeping. Sourced, never run.

prog=${0##*/}

say()
{
	printf '%s: %s\n' "$prog" "$*" >&2
}

die()
{
	say "$@"
	exit 1
}

# The head comment of every script is its manual: --help prints it.
usage()
{
	sed -n '4,${/^#/!q;s/^# \{0,1\}//;p;}' "$0"
}

have()
{
	command -v "$1" >/dev/null 2>&1
}

# Things fetched from elsewhere live outside the tree, so that `make clean`
# and a second checkout cost no download.
cache_dir()
{
	printf '%s\n' \
		"${LAUNCHER_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/launcher}"
}

# In the order in which they can be loaded. Which of them are modules at all
# depends on the kernel; the missing ones are built in.
# shellcheck disable=SC2034
kernel_modules="virtio_ring virtio
	virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_mmio
	virtio_console rng-core virtio-rng virtio_blk
	failover net_failover virtio_net virtio_balloon
	vsock vmw_vsock_virtio_transport_common vmw_vsock_virtio_transport
	fuse virtiofs overlay
	pvpanic pvpanic-mmio msr
	ccp irqbypass kvm kvm-amd kvm-intel"

# For what this program is measured against; see fetch-kernels --peers.
# shellcheck disable=SC2034
peer_modules="netfs fscache 9pnet 9pnet_virtio 9p"

# What a guest under test loads to test devices: virtio, pvpanic, and access to
# a CPU's registers.
# shellcheck disable=SC2034
guest_modules=virtio_ring,virtio,virtio_pci_modern_dev,virtio_pci_legacy_dev\
,virtio_pci,virtio_mmio,rng-core,virtio-rng,virtio_blk,pvpanic\
,pvpanic-mmio,msr

# In addition, for a network card.
# shellcheck disable=SC2034
net_modules=failover,net_failover,virtio_net

# What the box boots, and the modules it loads: KVM, and the devices for
# results.
# shellcheck disable=SC2034
box_kernel=6.1-cloud
# shellcheck disable=SC2034
box_modules=virtio_ring,virtio,virtio_pci_modern_dev,virtio_pci_legacy_dev\
,virtio_pci,virtio_console,virtio_blk,irqbypass,kvm,kvm-amd

# Kept of that kernel alone, for tests in which the box has TAP interfaces.
# shellcheck disable=SC2034
box_tap_modules=tun

# modules_folder KERNEL FOLDER MODULE...: FOLDER/lib/modules/VERSION, as
# depmod(8) leaves it, with those of the modules that the kernel has not built
# in.
modules_folder()
{
	from=$(cache_dir)/kernels/$1
	version=$(sed 's/^linux-image-//; s/ .*//' "$from/VERSION")
	to=$2/lib/modules/$version
	mkdir -p "$to/kernel"
	shift 2
	for m; do
		if [ -e "$from/modules/$m.ko" ]; then
			cp "$from/modules/$m.ko" "$to/kernel"
		else
			echo "kernel/$m.ko"
		fi
	done >"$to/modules.builtin"
	PATH=$PATH:/usr/sbin:/sbin depmod -b "${to%/lib/modules/*}" "$version" \
		2>/dev/null
}
