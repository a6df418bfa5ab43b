/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image/drivers.h"

#include "image/ikconfig.h"

const struct driver drivers[] = {
	{ "8250",
	  "CONFIG_SERIAL_8250",
	  "the serial console",
	  { "serial8250_register_8250_port" } },
	{ "i8042",
	  "CONFIG_SERIO_I8042",
	  "reset by the keyboard controller",
	  { "i8042_probe" } },
	{ "rtc_cmos", "CONFIG_RTC_DRV_CMOS", "the clock", { "cmos_do_probe" } },
	{ "pvpanic_mmio",
	  "CONFIG_PVPANIC_MMIO",
	  "pvpanic",
	  { "pvpanic_mmio_probe" } },
	{ "pci", "CONFIG_PCI", "the PCI bus", { "pci_scan_root_bus_bridge" } },
	{ "virtio_pci",
	  "CONFIG_VIRTIO_PCI",
	  "virtio devices on PCI",
	  { "virtio_pci_probe" } },
	{ "virtio_mmio",
	  "CONFIG_VIRTIO_MMIO",
	  "virtio devices in MMIO",
	  { "virtio_mmio_probe" } },
	{ "virtio_blk", "CONFIG_VIRTIO_BLK", "disks", { "virtblk_probe" } },
	{ "virtio_net", "CONFIG_VIRTIO_NET", "networks", { "virtnet_probe" } },
	{ "virtio_console",
	  "CONFIG_VIRTIO_CONSOLE",
	  "hvc0 and ports",
	  { "virtcons_probe" } },
	{ "virtio_rng",
	  "CONFIG_HW_RANDOM_VIRTIO",
	  "entropy",
	  { "virtrng_probe" } },
	{ "virtio_balloon",
	  "CONFIG_VIRTIO_BALLOON",
	  "balloons",
	  { "virtballoon_probe" } },
	{ "vmw_vsock_virtio_transport",
	  "CONFIG_VIRTIO_VSOCKETS",
	  "vsock",
	  { "virtio_vsock_probe" } },
	{ "fuse", "CONFIG_FUSE_FS", "FUSE", { "fuse_conn_put" } },
	{ "virtiofs",
	  "CONFIG_VIRTIO_FS",
	  "shared folders",
	  { "virtio_fs_probe" } },
	{ "overlay",
	  "CONFIG_OVERLAY_FS",
	  "overlays over shared folders",
	  { "ovl_fill_super" } },
	{ "ext4",
	  "CONFIG_EXT4_FS",
	  "ext4 file systems",
	  { "ext4_fill_super" } },
	{ "squashfs",
	  "CONFIG_SQUASHFS",
	  "squashfs file systems",
	  { "squashfs_fill_super" } },
	{ "erofs",
	  "CONFIG_EROFS_FS",
	  "erofs file systems",
	  { "erofs_fc_get_tree", "erofs_fill_super" } },
};

const size_t drivers_count = sizeof(drivers) / sizeof(drivers[0]);

_Static_assert(sizeof(drivers) / sizeof(drivers[0]) <= DRIVERS_MAX,
	       "DRIVERS_MAX is too small");

/* Whether @name is @symbol, or a part that a compiler has made of it:
 * "virtblk_probe.cold". */
static bool is_of(const char *name, const char *symbol)
{
	size_t len = strlen(symbol);

	return !strncmp(name, symbol, len) &&
	       (name[len] == '\0' || name[len] == '.');
}

static bool has_symbol(const struct kallsyms *k, const struct driver *d)
{
	for (uint32_t i = 0; i < k->count; i++)
		for (unsigned j = 0; j < 2 && d->symbols[j]; j++)
			if (is_of(kallsyms_name(k, i), d->symbols[j]))
				return true;
	return false;
}

static enum driver_state state_in(struct bytes config, const struct driver *d)
{
	switch (ikconfig_value(config, d->option)) {
	case 'y':
		return DRIVER_BUILT_IN;
	case 'm':
		return DRIVER_MODULE;
	}
	return DRIVER_ABSENT;
}

void drivers_find(enum driver_state states[DRIVERS_MAX],
		  const struct kallsyms *k, struct bytes config)
{
	for (size_t i = 0; i < drivers_count; i++) {
		if (config.len)
			states[i] = state_in(config, &drivers[i]);
		else
			states[i] = has_symbol(k, &drivers[i])
					    ? DRIVER_BUILT_IN
					    : DRIVER_MODULE_OR_ABSENT;
	}
}

const char *driver_state_name(enum driver_state state)
{
	static const char *const names[] = {
		[DRIVER_BUILT_IN] = "built in",
		[DRIVER_MODULE] = "module",
		[DRIVER_ABSENT] = "absent",
		[DRIVER_MODULE_OR_ABSENT] = "module or absent",
	};

	return names[state];
}
